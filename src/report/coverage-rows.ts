import type { Count } from "../model/count.ts";
import { formatPercent } from "../model/percent.ts";
import type { CoverageSummary, GateSummary, OwnTotal } from "../model/summary.ts";
import { shortId } from "../shared/text.ts";

/** A measured figure and what is required, as text for all reports. */
export interface CoverageRow {
  /** Such as "branches of backend". */
  readonly name: string;
  readonly covered: string;
  /** Empty where nothing is required. */
  readonly asked: string;
  /** Null without a gate; empty where the gate did not apply. */
  readonly gate: "passed" | "failed" | "empty" | null;
}

/** Every gate, then figures without one; object ids are formatted by the function. */
export function coverageRows(
  coverage: CoverageSummary,
  writeId: (id: string) => string = (id) => id,
): readonly CoverageRow[] {
  const { gates = [] } = coverage;
  const gated = gates.map(
    (gate): CoverageRow => ({
      name: gate.suite === undefined ? metricNames[gate.metric] : `${metricNames[gate.metric]} of ${gate.suite}`,
      covered: shareText(gate, gate.threshold ?? 0),
      asked: askedText(gate, writeId),
      gate: stateOf(gate),
    }),
  );
  return [...gated, ...openRows(coverage)];
}

function stateOf({ passed, total }: GateSummary): NonNullable<CoverageRow["gate"]> {
  if (!passed) return "failed";
  return total === 0 ? "empty" : "passed";
}

function openRows({ gates = [], branches, functions, changedLines }: CoverageSummary): CoverageRow[] {
  const isGated = (metric: GateSummary["metric"]): boolean =>
    gates.some((gate) => gate.metric === metric && gate.suite === undefined);
  const measured: readonly (readonly [GateSummary["metric"], Count | undefined])[] = [
    ["changedLines", changedLines],
    ["branches", branches],
    ["functions", functions],
  ];
  return measured.flatMap(([metric, count]) =>
    count === undefined || isGated(metric)
      ? []
      : [{ name: metricNames[metric], covered: shareText(count, 0), asked: "", gate: null }],
  );
}

const metricNames: Readonly<Record<GateSummary["metric"], string>> = {
  lines: "lines",
  branches: "branches",
  functions: "functions",
  changedLines: "changed lines",
  files: "files at their floor",
  ratchet: "lines, against the base",
};

function askedText({ metric, threshold, base }: GateSummary, writeId: (id: string) => string): string {
  if (metric === "files") return "all";
  if (metric !== "ratchet") return `${threshold} %`;
  return base ? `${shareText(base, 0)}, as ${writeId(shortId(base.commit))} has` : "the base has no record";
}

/** "coverage.py itself reports 93.2 % (…) for backend, as …": the total of a tool that counts differently. */
export function ownTotalSentence({ suite, tool, ...count }: OwnTotal): string {
  return `${tool} itself reports ${shareText(count, 0)} for ${suite}, as its total counts lines and branches together.`;
}

/** "97.56 % (40 of 41)". */
export function shareText(count: Count, threshold: number): string {
  if (count.total === 0) return "none";
  return `${formatPercent(count.covered, count.total, threshold)} (${count.covered} of ${count.total})`;
}
