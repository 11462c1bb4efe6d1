import { allTests, countsText } from "../../model/figures.ts";
import { formatPercent } from "../../model/percent.ts";
import type { PastRun, Summary, TestCounts } from "../../model/summary.ts";
import { clip, formatRatio, formatSeconds, shortId } from "../../shared/text.ts";
import { code, escapeMarkdown, table } from "./markdown.ts";

const longestBranch = 100;

/**
 * Compares this run with the last one of the base branch and with a serial run, or the sum of test durations where none
 * is recorded. Null where there is nothing to compare with, and for partial runs.
 */
export function performanceTable(summary: Summary): string | null {
  const { history, incomplete, suites } = summary;
  if (suites.length === 0 || incomplete.length > 0) return null;
  const { base = null, serial = null } = history ?? {};
  const rows = [
    ...(base === null ? [] : [pastRow(`Last run of ${branchName(base)}`, base, summary)]),
    ...(serial === null || isSame(serial, base) ? [] : [pastRow("Serial run", serial, summary)]),
    ...(serial === null ? sumRow(summary) : []),
  ];
  if (rows.length === 0) return null;
  return table(
    ["Run", "Workers", "Wall time", "Against this run", "Tests", "Coverage"],
    [thisRow(summary), ...rows],
    [1, 2, 3],
  );
}

function thisRow(summary: Summary): string[] {
  const { receipt, seconds, suites, coverage } = summary;
  return [
    receipt?.reused ? "**The run that proved this tree**" : "**This run**",
    String(Math.max(...suites.map(({ workers }) => workers))),
    formatSeconds(seconds),
    "",
    testsText(allTests(summary)),
    coverage === null ? "" : formatPercent(coverage.lines.covered, coverage.lines.total, coverage.threshold),
  ];
}

function pastRow(name: string, run: PastRun, { seconds, coverage }: Summary): string[] {
  const { lines } = run;
  return [
    `${name}: ${code(shortId(run.commit))}, ${escapeMarkdown(run.at.slice(0, 10))}`,
    String(run.workers),
    formatSeconds(run.seconds),
    comparison(run.seconds, seconds),
    testsText(run.tests),
    lines === null ? "" : formatPercent(lines.covered, lines.total, coverage?.threshold ?? 0),
  ];
}

/** The minimum serial time; omitted where it is less than the wall time. */
function sumRow({ seconds, suites }: Summary): string[][] {
  const sum = suites.reduce((total, { workSeconds }) => total + workSeconds, 0);
  if (sum <= seconds || suites.every(({ workers }) => workers === 1)) return [];
  return [["Total test time", "", formatSeconds(sum), comparison(sum, seconds), "", ""]];
}

function testsText(tests: TestCounts): string {
  return escapeMarkdown(countsText(tests));
}

function comparison(seconds: number, thisRun: number): string {
  const ratio = thisRun > 0 ? seconds / thisRun : 0;
  // Smaller values would show as zero.
  return ratio < 0.05 ? "" : `${formatRatio(ratio)} as long`;
}

function branchName({ branch }: PastRun): string {
  return branch === null ? "the base" : code(clip(branch, longestBranch));
}

function isSame(run: PastRun, other: PastRun | null): boolean {
  return run.at === other?.at && run.commit === other.commit;
}
