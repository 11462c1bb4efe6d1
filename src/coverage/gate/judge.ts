import type { Gate } from "../../config/schema.ts";
import { type Count, mostMissedFirst } from "../../model/count.ts";
import { isAtLeast, reaches } from "../../model/percent.ts";
import type { CoverageSummary, FileBelow, FileCoverage, GateSummary, OwnTotal } from "../../model/summary.ts";
import { compareNames } from "../../shared/text.ts";
import { canonicalPath, nameWithin } from "../../shared/within.ts";
import type { ChangedLines } from "../diff/changed-lines.ts";
import { matchesAny } from "../files/file-kinds.ts";
import { type Coverage, countAll, type Metric, metrics, type SourceCoverage } from "../lcov/source-coverage.ts";
import type { RecordedFigure } from "./recorded-figures.ts";

/** The measured coverage that counts. */
export interface Counted {
  readonly all: Coverage;
  readonly bySuite: ReadonlyMap<string, Coverage>;
}

/** What the coverage is compared with. */
export interface Against {
  readonly gate: Gate;
  /** The absolute root of the checkout: files are named relative to it. */
  readonly root: string;
  /** Null where there is nothing to compare with. */
  readonly changes: ChangedLines | null;
  /** What is recorded of the base branch. */
  readonly base: RecordedFigure | null;
  /** The suites that pytest runs: coverage.py includes branches in its total. */
  readonly mixingSuites: readonly string[];
}

/** Applies every configured gate to the merged coverage, without rounding. No lines never pass. */
export function judge({ all, bySuite }: Counted, against: Against): CoverageSummary {
  const { gate, changes } = against;
  const lines = countAll(all, "lines");
  const branches = measuredCount(all, "branches");
  const functions = measuredCount(all, "functions");
  const files = filesOf(all, against.root);
  const gates: GateSummary[] = [
    held("lines", lines, gate.lines, lines.total > 0),
    ...(gate.branches === undefined ? [] : [heldBySuites("branches", branches, gate.branches, bySuite)]),
    ...(gate.functions === undefined ? [] : [heldBySuites("functions", functions, gate.functions, bySuite)]),
    ...(gate.changedLines === undefined ? [] : [changesGate(changes, gate.changedLines)]),
    ...(gate.files === undefined ? [] : [filesGate(files, gate.files)]),
    ...Object.entries(gate.suites).flatMap(([suite, own]) => suiteGates(suite, bySuite.get(suite), own)),
    ...(gate.ratchet ? [ratchetGate(lines, against.base)] : []),
  ];
  const ownTotals = against.mixingSuites.flatMap((suite) => mixedTotal(suite, bySuite.get(suite)));
  return {
    lines,
    ...(branches === null ? {} : { branches }),
    ...(functions === null ? {} : { functions }),
    ...(changes === null ? {} : { changedLines: changes.count }),
    threshold: gate.lines,
    passed: gates.every(({ passed }) => passed),
    files,
    gates,
    ...(changes === null
      ? {}
      : { uncoveredChanges: changes.uncovered, unloaded: changes.unloaded, exclusions: changes.exclusions }),
    ...(ownTotals.length === 0 ? {} : { ownTotals }),
  };
}

function filesOf(coverage: Coverage, root: string): FileCoverage[] {
  const canonicalRoot = canonicalPath(root);
  return [...coverage]
    .map(([path, source]): FileCoverage => ({ file: nameWithin(canonicalRoot, path) ?? path, ...source.lines.count() }))
    .sort((left, right) => compareNames(left.file, right.file));
}

/** Null where nothing was measured, which differs from zero. */
function measuredCount(coverage: Coverage, metric: Exclude<Metric, "lines">): Count | null {
  return isMeasured(coverage, metric) ? countAll(coverage, metric) : null;
}

function isMeasured(coverage: Coverage, metric: Metric): boolean {
  return [...coverage.values()].some((source: SourceCoverage) => metric === "lines" || source[metric].isMeasured);
}

function held(metric: GateSummary["metric"], count: Count, threshold: number, isKnown: boolean): GateSummary {
  return { metric, ...count, threshold, passed: isKnown && reaches(count, threshold) };
}

/** A suite without branch data must not be judged by another suite's. */
function heldBySuites(
  metric: "branches" | "functions",
  count: Count | null,
  threshold: number,
  bySuite: Counted["bySuite"],
): GateSummary {
  const unmeasured = [...bySuite].filter(([, own]) => own.size > 0 && !isMeasured(own, metric)).map(([suite]) => suite);
  const isKnown = count !== null && unmeasured.length === 0;
  const gate = held(metric, count ?? { covered: 0, total: 0 }, threshold, isKnown);
  return isKnown ? gate : { ...gate, unmeasured };
}

/** Without changed lines there is nothing to cover. */
function changesGate(changes: ChangedLines | null, threshold: number): GateSummary {
  return held("changedLines", changes?.count ?? { covered: 0, total: 0 }, threshold, changes !== null);
}

function filesGate(files: readonly FileCoverage[], floors: Readonly<Record<string, number>>): GateSummary {
  const globs = Object.entries(floors).map(([glob, threshold]) => ({ matches: matchesAny([glob]), threshold }));
  const held = files
    .filter(({ total }) => total > 0)
    .map((file): FileBelow => {
      return { ...file, threshold: globs.findLast(({ matches }) => matches(file.file))?.threshold ?? 0 };
    });
  const below = mostMissedFirst(held.filter((file) => !reaches(file, file.threshold)));
  const covered = held.length - below.length;
  return { metric: "files", covered, total: held.length, threshold: 100, passed: below.length === 0, below };
}

function suiteGates(suite: string, coverage: Coverage | undefined, own: Gate["suites"][string]): GateSummary[] {
  // A suite that did not run is reported elsewhere, as the run is partial.
  if (coverage === undefined) return [];
  return metrics.flatMap((metric) => {
    const threshold = own[metric];
    if (threshold === undefined) return [];
    const count = countAll(coverage, metric);
    const isKnown = metric === "lines" ? count.total > 0 : isMeasured(coverage, metric);
    return [{ ...held(metric, count, threshold, isKnown), suite, ...(isKnown ? {} : { unmeasured: [suite] }) }];
  });
}

/** Without a recorded base there is nothing to fall below; a note says so. */
function ratchetGate(lines: Count, base: RecordedFigure | null): GateSummary {
  const known = base === null ? null : { ...base.lines, commit: base.commit };
  return {
    metric: "ratchet",
    ...lines,
    threshold: null,
    passed: base === null || isAtLeast(lines, base.lines),
    base: known,
  };
}

/** With branches measured, coverage.py's total counts lines and branches together (coverage.py, "Branch coverage"). */
function mixedTotal(suite: string, coverage: Coverage | undefined): OwnTotal[] {
  if (coverage === undefined || !isMeasured(coverage, "branches")) return [];
  const lines = countAll(coverage, "lines");
  const branches = countAll(coverage, "branches");
  const covered = lines.covered + branches.covered;
  return [{ suite, tool: "coverage.py", covered, total: lines.total + branches.total }];
}
