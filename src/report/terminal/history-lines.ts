import { countsText } from "../../model/figures.ts";
import { formatPercent } from "../../model/percent.ts";
import { clip, formatSeconds, plainLine, plural, shortId } from "../../shared/text.ts";
import type { HistoryEntry } from "../history.ts";

/** How many runs are listed, and how many a trend covers. */
const listedRuns = 10;
export const trendRuns = 30;
/** The width for a run with its bar, in characters. */
const wide = 70;
const barLength = 8;
const longestBranch = 14;
const marks = { verified: "✔", failed: "✘", error: "✘", interrupted: "■" } as const;
const levels = [..."▁▂▃▄▅▆▇█"];

/**
 * The last runs, oldest first, for a terminal of so many columns: each with its time, then trends, without wrapping.
 */
export function historyLines(entries: readonly HistoryEntry[], columns: number): string[] {
  if (entries.length === 0) return [];
  const shown = entries.slice(-listedRuns).toReversed();
  const longest = Math.max(...shown.map(({ seconds }) => seconds));
  const lines = shown.map((entry) => clip(runLine(entry, longest, columns), columns));
  return ["Last runs:", ...lines, ...trendLines(entries, columns)];
}

/** "✔ 11-21 08:12  main at 3f2c1ab    50.7 s ██████  96.61 %  806 passed". */
function runLine(entry: HistoryEntry, longest: number, columns: number): string {
  const { at, branch, commit, seconds, lines, tests, verdict } = entry;
  const name = branch === null ? "" : clip(plainLine(branch), longestBranch);
  const start = `  ${marks[verdict]} ${at.slice(5, 16).replace("T", " ")}  ${shortId(commit)} ${name.padEnd(longestBranch)}`;
  const figures = `${formatSeconds(seconds).padStart(8)}`;
  const coverage = lines === null ? "" : `  ${formatPercent(lines.covered, lines.total)}`;
  if (columns < wide) return `  ${marks[verdict]} ${name || shortId(commit)}  ${formatSeconds(seconds)}${coverage}`;
  return `${start}${figures} ${bar(seconds, longest)}${coverage}  ${countsText(tests)}${partText(entry)}`;
}

function partText({ isPartial, isWorkingTree }: HistoryEntry): string {
  if (isWorkingTree) return " (working tree)";
  return isPartial ? " (in part)" : "";
}

function bar(seconds: number, longest: number): string {
  const filled = longest === 0 ? 0 : Math.max(1, Math.round((seconds / longest) * barLength));
  return "█".repeat(filled).padEnd(barLength);
}

/** Trends of complete runs with the same suites as the last one. */
function trendLines(entries: readonly HistoryEntry[], columns: number): string[] {
  const last = entries.at(-1);
  const alike = entries.filter(
    (entry) =>
      entry.verdict === "verified" && !entry.isPartial && last !== undefined && suitesOf(entry) === suitesOf(last),
  );
  const recent = alike.slice(-Math.min(trendRuns, Math.max(1, columns - 50)));
  const [first] = recent;
  const newest = recent.at(-1);
  if (first === undefined || newest === undefined || recent.length < 2) return [];
  const times = recent.map(({ seconds }) => seconds);
  const shares = recent.flatMap(({ lines }) => (lines === null || lines.total === 0 ? [] : [lines]));
  const range = `${formatSeconds(Math.min(...times))} to ${formatSeconds(Math.max(...times))}`;
  return [
    "",
    clip(`Time      ${sparkline(times)}  ${formatSeconds(newest.seconds)} (${range})`, columns),
    ...(shares.length < 2
      ? []
      : [
          clip(
            `Coverage  ${sparkline(shares.map(({ covered, total }) => covered / total))}  ${coverageText(shares)}`,
            columns,
          ),
        ]),
  ];
}

function coverageText(shares: readonly { readonly covered: number; readonly total: number }[]): string {
  const write = ({ covered, total }: (typeof shares)[number]): string => formatPercent(covered, total);
  const [first] = shares;
  const last = shares.at(-1);
  return first === undefined || last === undefined
    ? ""
    : `${write(last)} (${write(first)} ${plural(shares.length - 1, "run")} before)`;
}

function suitesOf({ suites }: HistoryEntry): string {
  return suites
    .map(({ name }) => name)
    .sort()
    .join("\n");
}

/** One character per value, from the smallest to the largest; all the same where values are equal. */
function sparkline(values: readonly number[]): string {
  const least = Math.min(...values);
  const range = Math.max(...values) - least;
  const level = (value: number): number =>
    range === 0 ? 3 : Math.round(((value - least) / range) * (levels.length - 1));
  return values.map((value) => levels[level(value)]).join("");
}
