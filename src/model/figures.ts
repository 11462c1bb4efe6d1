import { runnerFacts } from "../config/runner-facts.ts";
import { formatRatio, formatSeconds, plural } from "../shared/text.ts";
import { formatPercent } from "./percent.ts";
import { reuseText } from "./reuse.ts";
import { schemaUseText } from "./schema-use.ts";
import type {
  Changes,
  CoverageSummary,
  FileChange,
  ScheduleSummary,
  SuiteSummary,
  Summary,
  TestCounts,
} from "./summary.ts";

/** A labeled figure of a run, in plain text for all reports. */
export type Figure = readonly [label: string, value: string];

/** Tests, coverage, time and workers; unmeasured figures are left out. */
export function figures(summary: Summary): Figure[] {
  const all: [string, string | null][] = [
    ["Tests", testsFigure(summary)],
    ["Ran", reuseText(summary)],
    ["Coverage", summary.coverage && coverageFigure(summary.coverage)],
    ["Changed", summary.coverage && changedFigure(summary.coverage)],
    ["Time", timeFigure(summary)],
    ["Workers", workersFigure(summary)],
    ["Bound", boundFigure(summary)],
  ];
  return all.filter((figure): figure is [string, string] => figure[1] !== null);
}

/** The same for the terminal, in few lines: related figures are joined, details are in the reports. */
export function briefFigures(summary: Summary): Figure[] {
  const all: [string, string | null][] = [
    ["Tests", testsFigure(summary)],
    ["Ran", reuseText(summary)],
    ["Coverage", summary.coverage && joinFigures(coverageFigure(summary.coverage), changedFigure(summary.coverage))],
    ["Time", joinFigures(timeFigure(summary), splittingFigure(summary))],
    ["Workers", workersFigure(summary)],
  ];
  return all.filter((figure): figure is [string, string] => figure[1] !== null);
}

function joinFigures(...parts: readonly (string | null)[]): string | null {
  return parts.filter((part) => part !== null).join("; ") || null;
}

/** "804 passed (2 flaky), 1 failed, 1 skipped". */
export function countsText({ passed, failed, skipped, races = 0, unloaded = 0, flaky = 0 }: TestCounts): string {
  const parts = [flaky > 0 ? `${passed} passed (${flaky} flaky)` : `${passed} passed`];
  const tests = failed - races - unloaded;
  if (tests > 0) parts.push(`${tests} failed`);
  if (unloaded > 0) parts.push(`${plural(unloaded, "file")} not loaded`);
  if (races > 0) parts.push(`${races} flaky (${races === 1 ? "passes" : "pass"} alone)`);
  if (skipped > 0) parts.push(`${skipped} skipped`);
  return parts.join(", ");
}

/** The tests of all suites together. */
export function allTests({ suites }: Summary): TestCounts {
  const sum = (key: keyof TestCounts): number => suites.reduce((total, { tests }) => total + (tests[key] ?? 0), 0);
  return {
    total: sum("total"),
    passed: sum("passed"),
    failed: sum("failed"),
    skipped: sum("skipped"),
    races: sum("races"),
    unloaded: sum("unloaded"),
    flaky: sum("flaky"),
  };
}

/** "3 files, +57 −29". */
export function changesFigure(files: Changes["files"]): string {
  return `${plural(files.length, "file")}, ${linesAdded(files)} ${linesRemoved(files)}`;
}

export function linesAdded(files: readonly FileChange[]): string {
  return `+${files.reduce((sum, { added }) => sum + (added ?? 0), 0)}`;
}

export function linesRemoved(files: readonly FileChange[]): string {
  return `−${files.reduce((sum, { removed }) => sum + (removed ?? 0), 0)}`;
}

function testsFigure(summary: Summary): string | null {
  if (summary.suites.length === 0) return null;
  const files = summary.suites.reduce((sum, suite) => sum + suite.files, 0);
  return `${countsText(allTests(summary))}, in ${plural(files, "file")}`;
}

function coverageFigure({ lines, threshold }: CoverageSummary): string {
  const share = formatPercent(lines.covered, lines.total, threshold);
  if (lines.total === 0) return `${share}, gate ${threshold} %`;
  return `${share} of lines (${lines.covered} of ${lines.total}), gate ${threshold} %`;
}

/** The coverage of changed lines; null where there are none. */
function changedFigure({ changedLines, gates = [] }: CoverageSummary): string | null {
  if (changedLines === undefined || changedLines.total === 0) return null;
  const { covered, total } = changedLines;
  const threshold = gates.find(({ metric }) => metric === "changedLines")?.threshold;
  const asked = threshold === undefined ? "" : `, gate ${threshold} %`;
  return `${formatPercent(covered, total, threshold ?? 0)} of the changed lines (${covered} of ${total})${asked}`;
}

/** The total wall time; the sum of test durations is a lower limit for a serial run. */
function timeFigure({ seconds, suites, receipt }: Summary): string | null {
  if (receipt?.reused && suites.length === 0) return null;
  const work = suites.reduce((sum, { workSeconds, reuse }) => sum + workSeconds - (reuse?.workSeconds ?? 0), 0);
  if (work <= 0) return formatSeconds(seconds);
  const ratio = work > seconds ? ` (${formatRatio(work / seconds)})` : "";
  return `${formatSeconds(seconds)}; total test time ${formatSeconds(work)}${ratio}`;
}

/** Shorter bounds are not reported, in seconds. */
const leastBound = 1;
/** Splitting a file is suggested where it saves at least this, in seconds. */
const leastSaving = 1;

/**
 * The minimum possible time on the suite's workers, how close the run came, and what splitting the longest file would
 * save where it is the limit. Of several suites, the slowest.
 */
function boundFigure({ suites }: Summary): string | null {
  const slowest = slowestParallel(suites);
  if (slowest === null) return null;
  const { boundSeconds, ratio, longest, savedBySplitting } = slowest.schedule;
  const of = suites.length > 1 ? ` for ${slowest.name}` : "";
  const bound = `${formatSeconds(boundSeconds)}${of} at least; it took ${formatSeconds(slowest.seconds)}, ${ratio.toFixed(2)} times that`;
  if (savedBySplitting === null || longest === null || savedBySplitting < leastSaving) return bound;
  return `${bound}. ${longest.file} alone takes ${formatSeconds(longest.seconds)}: splitting it saves ${formatSeconds(savedBySplitting)}`;
}

/** Which file to split, and what that saves. */
function splittingFigure({ suites }: Summary): string | null {
  const slowest = slowestParallel(suites);
  if (slowest === null) return null;
  const { longest, savedBySplitting } = slowest.schedule;
  if (savedBySplitting === null || longest === null || savedBySplitting < leastSaving) return null;
  return `splitting ${longest.file} saves ${formatSeconds(savedBySplitting)}`;
}

/** The slowest suite whose bound is long enough to report. */
function slowestParallel(
  suites: readonly SuiteSummary[],
): (SuiteSummary & { readonly schedule: ScheduleSummary }) | null {
  const [slowest] = suites
    .filter(({ schedule, workers }) => schedule !== undefined && workers > 1)
    .toSorted((left, right) => right.seconds - left.seconds);
  if (slowest?.schedule === undefined || slowest.schedule.boundSeconds < leastBound) return null;
  return { ...slowest, schedule: slowest.schedule };
}

function workersFigure({ suites }: Summary): string | null {
  const [only] = suites;
  if (!only) return null;
  if (suites.length > 1) return suites.map(({ name, workers }) => `${name} ${workers}`).join(", ");
  if (only.databases.length === 0) return String(only.workers);
  if (only.isolation === "file") return `${only.workers}, ${freshDatabases(only)}`;
  const kept = only.schema === undefined || only.schema.kept === 0 ? "" : ", its schema kept between tests";
  const own = `${only.isolation === "server" ? "a server" : "a database"} of its own${kept}`;
  return only.workers === 1 ? `1, with ${own}` : `${only.workers}, each with ${own}`;
}

/** The databases of a suite's workers, with names formatted by the function; "none" where there are none. */
export function databasesText(suite: SuiteSummary, write: (name: string) => string = (name) => name): string {
  const names = [...new Set(suite.databases)].map(write).join(", ");
  if (names === "") return "none";
  const schema = suite.schema === undefined ? null : schemaUseText(suite.schema);
  const kept = schema === null ? "" : `; ${schema}`;
  if (suite.isolation === "server") return `${names}, on a server for each worker${kept}`;
  return `${suite.isolation === "file" ? `${freshDatabases(suite)}: ` : ""}${names}${kept}`;
}

/** "a fresh database for each file": for a suite whose processes lease databases. */
function freshDatabases({ runner }: SuiteSummary): string {
  return `a fresh database for each ${runnerFacts[runner].isAdapted ? "file" : "process"}`;
}
