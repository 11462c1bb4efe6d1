import { allTests, countsText } from "../../model/figures.ts";
import { formatPercent } from "../../model/percent.ts";
import type { PastRun, Summary } from "../../model/summary.ts";
import { clip, formatSeconds, plural, shortId } from "../../shared/text.ts";
import { code, table } from "../markdown/markdown.ts";
import { verdictInWords, verdictMark } from "../verdict.ts";

const longestBranch = 100;

/** The run in one line: "✅ **Verified**: 804 tests passed (2 skipped), 96.63 % of lines covered, in 12.3 s (`main` at `3f2c1ab`)". */
export function verdictLine(summary: Summary): string {
  const verdict = `${verdictMark(summary)} **${verdictInWords(summary)}**`;
  const proof = summary.receipt?.reused ? " by an earlier run of the same tree" : "";
  const measured = [testsPart(summary), coveragePart(summary)].filter((part) => part !== null);
  const figures = measured.length === 0 ? "" : `: ${measured.join(", ")}, in ${formatSeconds(summary.seconds)}`;
  return `${verdict}${proof}${figures} (${subject(summary)})`;
}

/** Time, coverage and tests beside those of the base branch's last verified run; null where none is recorded, and for a run that left something out. */
export function beforeAndAfter(summary: Summary): string | null {
  const { coverage, history, incomplete, suites } = summary;
  const base = history?.base ?? null;
  if (base === null || suites.length === 0 || incomplete.length > 0) return null;
  const rows = [["Time", ...timeCells(summary, base)]];
  if (base.lines !== null && coverage !== null) {
    const before = formatPercent(base.lines.covered, base.lines.total, coverage.threshold);
    rows.push(["Coverage", before, formatPercent(coverage.lines.covered, coverage.lines.total, coverage.threshold)]);
  }
  rows.push(["Tests", countsText(base.tests), countsText(allTests(summary))]);
  const branch = base.branch === null ? "" : `${code(clip(base.branch, longestBranch))} at `;
  return table(["", `Before (${branch}${code(shortId(base.commit))})`, "After"], rows);
}

/** Times on another number of workers are compared only where that is said. */
function timeCells({ seconds, suites }: Summary, base: PastRun): [before: string, after: string] {
  const workers = Math.max(...suites.map((suite) => suite.workers));
  const write = (time: number, on: number): string =>
    base.workers === workers ? formatSeconds(time) : `${formatSeconds(time)} on ${plural(on, "worker")}`;
  return [write(base.seconds, base.workers), write(seconds, workers)];
}

function testsPart(summary: Summary): string | null {
  if (summary.suites.length === 0) return null;
  const { passed, failed, skipped, races = 0, unloaded = 0, flaky = 0 } = allTests(summary);
  const beside = [...(flaky > 0 ? [`${flaky} flaky`] : []), ...(skipped > 0 ? [`${skipped} skipped`] : [])].join(", ");
  const others = failed - races - unloaded;
  return [
    `${plural(passed, "test")} passed${beside === "" ? "" : ` (${beside})`}`,
    ...(others > 0 ? [`${others} failed`] : []),
    ...(unloaded > 0 ? [`${plural(unloaded, "file")} not loaded`] : []),
    ...(races > 0 ? [`${races} flaky (${races === 1 ? "passes" : "pass"} alone)`] : []),
  ].join(", ");
}

function coveragePart({ coverage }: Summary): string | null {
  if (coverage === null) return null;
  const { changedLines, lines, threshold } = coverage;
  const shares = [
    ...(lines.total === 0 ? [] : [`${formatPercent(lines.covered, lines.total, threshold)} of lines`]),
    ...(changedLines === undefined || changedLines.total === 0
      ? []
      : [`${changedLines.covered} of ${plural(changedLines.total, "changed line")}`]),
  ];
  return shares.length === 0 ? null : `${shares.join(" and ")} covered`;
}

/** What was verified, as code: the branch and the commit. */
function subject({ branch, commit, verifiedIn }: Summary): string {
  const name = branch === null ? null : code(clip(branch, longestBranch));
  const id = code(shortId(commit));
  if (verifiedIn === "working tree") return `working tree of ${name ?? "a detached HEAD"}, on top of ${id}`;
  return name === null ? id : `${name} at ${id}`;
}
