import type { Count } from "../../model/count.ts";
import type { Exclusion, LineRange } from "../../model/summary.ts";
import { compareNames } from "../../shared/text.ts";
import type { LineHits } from "../lcov/lines.ts";
import type { AddedLine, AddedLines } from "./added-lines.ts";
import { isExclusion } from "./code-lines.ts";

/** The changed lines, and how many of them are covered. */
export interface ChangedLines {
  readonly count: Count;
  /** Sorted by file and line. */
  readonly uncovered: readonly LineRange[];
  /** Source files that no suite loads. */
  readonly unloaded: readonly string[];
  /** Changed source files outside of every suite's `source`; they do not count. */
  readonly leftOut: readonly string[];
  /** Changed source files that the runners' coverage configuration excludes; they do not count. */
  readonly omitted: readonly string[];
  /** Changed files that are assumed to be tests only because of their names or contents; they do not count. */
  readonly assumedTests: readonly string[];
  readonly exclusions: readonly Exclusion[];
  /** Changed files that git attributes mark as generated; they do not count. */
  readonly generated: readonly string[];
}

/** What is known of a changed file. */
export interface ChangedFile {
  /** Its coverage; null where no suite loads it. */
  readonly lines: LineHits | null;
  /** Where no suite loads it: the lines that look executable. */
  readonly code: ReadonlySet<number>;
  /**
   * `out` for tests, generated and excluded files; `left out` where no suite was to measure it, `omitted` where the
   * runner's configuration excludes it.
   */
  readonly counts: "yes" | "out" | "left out" | "omitted" | "assumed test";
}

/**
 * Compares added lines with coverage. Moved lines are not new. In a file that no suite loads, every line that looks
 * executable counts as uncovered.
 */
export function measureChanges(
  added: AddedLines,
  about: (file: string) => ChangedFile,
): Omit<ChangedLines, "generated"> {
  let covered = 0;
  let total = 0;
  const uncovered: LineRange[] = [];
  const unloaded: string[] = [];
  const passedOver = { "left out": [] as string[], omitted: [] as string[], "assumed test": [] as string[] };
  const exclusions: Exclusion[] = [];
  for (const [file, all] of [...added].sort(([left], [right]) => compareNames(left, right))) {
    const lines = all.filter(({ isMoved }) => !isMoved);
    const { lines: hits, code, counts } = about(file);
    if (counts === "out" || lines.length === 0) continue;
    const canRun = (line: number): boolean => (hits === null ? code.has(line) : hits.hitsOf(line) !== null);
    const runnable = lines.filter(({ line }) => canRun(line));
    if (counts !== "yes") {
      if (runnable.length > 0) passedOver[counts].push(file);
      continue;
    }
    exclusions.push(...exclusionsIn(file, lines));
    const missed = runnable.filter(({ line }) => !hits?.hitsOf(line));
    if (hits === null && runnable.length > 0) unloaded.push(file);
    total += runnable.length;
    covered += runnable.length - missed.length;
    uncovered.push(...rangesOf(file, missed, canRun));
  }
  const { "left out": leftOut, omitted, "assumed test": assumedTests } = passedOver;
  return { count: { covered, total }, uncovered, unloaded, leftOut, omitted, assumedTests, exclusions };
}

function exclusionsIn(file: string, lines: readonly AddedLine[]): Exclusion[] {
  return lines.filter(({ text }) => isExclusion(text)).map(({ line, text }) => ({ file, line, text: text.trim() }));
}

/** Joins uncovered lines into ranges across lines that are not executable. */
function rangesOf(file: string, missed: readonly AddedLine[], canRun: (line: number) => boolean): LineRange[] {
  const ranges: { file: string; from: number; to: number }[] = [];
  for (const { line } of missed) {
    const range = ranges.at(-1);
    if (range !== undefined && !someBetween(range.to, line, canRun)) range.to = line;
    else ranges.push({ file, from: line, to: line });
  }
  return ranges;
}

function someBetween(from: number, to: number, holds: (line: number) => boolean): boolean {
  for (let line = from + 1; line < to; line += 1) if (holds(line)) return true;
  return false;
}
