import { rangeText } from "../coverage/gate-reasons.ts";
import type { Count } from "../coverage/lines.ts";
import { formatPercent } from "../coverage/percent.ts";
import { code, escapeMarkdown, joined, list, section, table } from "./markdown.ts";
import type { CoverageSummary, FileCoverage, GateSummary } from "./summary.ts";
import { clip, listed, plural, shortId } from "./text.ts";

const shownRanges = 30;
const shownFiles = 10;
const shownExclusions = 20;
const longestExclusion = 120;

/** What was covered, gate by gate, and where more would help most; null where there is no data, and for runs before 0.4. */
export function coverageSection(coverage: CoverageSummary | null): string | null {
  if (coverage?.gates === undefined) return null;
  return section(
    "Coverage",
    table(["What", "Covered", "Asked for", "Gate"], [...gateRows(coverage), ...openRows(coverage)], []),
    ownTotalsSentence(coverage),
    changesList(coverage),
    exclusionsList(coverage),
    mostMissed(coverage.files),
  );
}

function gateRows({ gates = [] }: CoverageSummary): string[][] {
  return gates.map((gate) => [
    escapeMarkdown(nameOf(gate)),
    shareText(gate, gate.threshold ?? 0),
    askedText(gate),
    gate.passed ? "open" : "**closed**",
  ]);
}

/** What was measured and nobody asks for. */
function openRows({ gates = [], branches, functions, changedLines }: CoverageSummary): string[][] {
  const isGated = (metric: GateSummary["metric"]): boolean =>
    gates.some((gate) => gate.metric === metric && gate.suite === undefined);
  const measured: readonly (readonly [GateSummary["metric"], string, Count | undefined])[] = [
    ["changedLines", "changed lines", changedLines],
    ["branches", "branches", branches],
    ["functions", "functions", functions],
  ];
  return measured.flatMap(([metric, name, count]) =>
    count === undefined || isGated(metric) ? [] : [[name, shareText(count, 0), "", ""]],
  );
}

const gateNames: Readonly<Record<GateSummary["metric"], string>> = {
  lines: "lines",
  branches: "branches",
  functions: "functions",
  changedLines: "changed lines",
  files: "files at their floor",
  ratchet: "lines, against the base",
};

function nameOf({ metric, suite }: GateSummary): string {
  return suite === undefined ? gateNames[metric] : `${gateNames[metric]} of ${suite}`;
}

function askedText({ metric, threshold, base }: GateSummary): string {
  if (metric === "files") return "all";
  if (metric !== "ratchet") return `${threshold} %`;
  return base ? `${shareText(base, 0)}, as ${code(shortId(base.commit))} has` : "nothing is recorded of the base";
}

/** "97.56 % (40 of 41)". */
function shareText(count: Count, threshold: number): string {
  if (count.total === 0) return "none";
  return `${formatPercent(count.covered, count.total, threshold)} (${count.covered} of ${count.total})`;
}

function ownTotalsSentence({ ownTotals = [] }: CoverageSummary): string | null {
  if (ownTotals.length === 0) return null;
  return ownTotals
    .map(
      ({ suite, tool, ...count }) =>
        `${tool} itself reports ${shareText(count, 0)} for ${escapeMarkdown(suite)}, as its total counts lines and branches together.`,
    )
    .join(" ");
}

function changesList({ uncoveredChanges = [], unloaded = [] }: CoverageSummary): string | null {
  if (uncoveredChanges.length === 0) return null;
  const ranges = listed(uncoveredChanges, shownRanges, (range) => code(rangeText(range)), "place");
  const absent =
    unloaded.length === 0 ? null : `No suite loads ${listed(unloaded, shownFiles, code, "file").join(", ")}.`;
  return joined(["Changed and not covered:", list(ranges), absent]);
}

function exclusionsList({ exclusions = [] }: CoverageSummary): string | null {
  if (exclusions.length === 0) return null;
  const write = ({ file, line, text }: (typeof exclusions)[number]): string =>
    `${code(`${file}:${line}`)} ${code(clip(text, longestExclusion))}`;
  return joined([
    `${plural(exclusions.length, "comment")} of these changes ${exclusions.length === 1 ? "excludes" : "exclude"} code from coverage:`,
    list(listed(exclusions, shownExclusions, write, "comment")),
  ]);
}

function mostMissed(files: readonly FileCoverage[]): string | null {
  const missed = ({ covered, total }: FileCoverage): number => total - covered;
  const sorted = files.filter((file) => missed(file) > 0).sort((left, right) => missed(right) - missed(left));
  if (sorted.length === 0) return null;
  const rows = sorted.slice(0, shownFiles).map((file) => [code(file.file), String(missed(file)), shareText(file, 0)]);
  const hidden = sorted.length - rows.length;
  return joined([
    "The files that miss the most:",
    table(["File", "Lines missed", "Covered"], rows, [1]),
    hidden > 0 ? `… and ${plural(hidden, "more file")}` : null,
  ]);
}
