import type { Count } from "../../model/count.ts";
import type { Exclusion, LineRange } from "../../model/summary.ts";
import { compareNames } from "../../shared/text.ts";
import type { LineHits } from "../lcov/lines.ts";
import type { AddedLine, AddedLines } from "./added-lines.ts";
import { isExclusion } from "./code-lines.ts";

/** What the changes add, and what of that is covered. */
export interface ChangedLines {
  readonly count: Count;
  /** Sorted by file and line. */
  readonly uncovered: readonly LineRange[];
  /** Source files that no suite loads. */
  readonly unloaded: readonly string[];
  /** Changed source files that a suite's `source` leaves out: they do not count. */
  readonly leftOut: readonly string[];
  /** Changed source files that the runners' own coverage configuration leaves out: they do not count. */
  readonly omitted: readonly string[];
  /** Changed files that are taken for tests by their names, or by the tests in them, alone: they do not count. */
  readonly assumedTests: readonly string[];
  readonly exclusions: readonly Exclusion[];
  /** Changed files that their attributes call generated: they do not count. */
  readonly generated: readonly string[];
}

/** What is known of a changed file. */
export interface ChangedFile {
  /** Its lines; null where no suite loads it. */
  readonly lines: LineHits | null;
  /** Where no suite loads it: the lines that look as if they could run. */
  readonly code: ReadonlySet<number>;
  /**
   * `out` for tests, generated files and what is excluded; `left out` where nobody was to measure it, `omitted` where the
   * runner's own configuration says so.
   */
  readonly counts: "yes" | "out" | "left out" | "omitted" | "assumed test";
}

/**
 * Holds what was added against what was covered. Moved lines are not new. Of a file that no suite loads, every line that
 * looks as if it could run counts as not covered.
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

/** Lines that follow each other among those that can run are one range: what stands between them cannot run. */
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
