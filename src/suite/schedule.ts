import type { FileTime, ScheduleSummary } from "../report/summary.ts";
import type { RanTest } from "./runner.ts";

/** How many of the slowest files are told. */
const slowest = 10;

/** The files that took longest, the longest first. */
export function slowestFiles(ran: readonly RanTest[]): FileTime[] {
  const byFile = new Map<string, { file: string; seconds: number; tests: number }>();
  for (const { file, seconds } of ran) {
    const time = byFile.get(file) ?? { file, seconds: 0, tests: 0 };
    byFile.set(file, { file, seconds: time.seconds + seconds, tests: time.tests + 1 });
  }
  return [...byFile.values()].sort((left, right) => right.seconds - left.seconds).slice(0, slowest);
}

/**
 * How well a suite used its workers, given its wall time in seconds: no schedule of whole files can end before the larger of
 * what the workers have to do on average and the longest file. Null where nothing took time.
 */
export function scheduleOf(ran: readonly RanTest[], workers: number, seconds: number): ScheduleSummary | null {
  const byFile = new Map<string, number>();
  for (const test of ran) byFile.set(test.file, (byFile.get(test.file) ?? 0) + test.seconds);
  const [longest, second] = [...byFile].sort(([, left], [, right]) => right - left);
  if (longest === undefined || longest[1] === 0) return null;
  const average = [...byFile.values()].reduce((sum, one) => sum + one, 0) / workers;
  const boundSeconds = Math.max(average, longest[1]);
  const isBoundByFile = workers > 1 && longest[1] > average;
  return {
    boundSeconds,
    ratio: seconds / boundSeconds,
    longest: { file: longest[0], seconds: longest[1] },
    savedBySplitting: isBoundByFile ? boundSeconds - Math.max(average, second?.[1] ?? 0) : null,
  };
}
