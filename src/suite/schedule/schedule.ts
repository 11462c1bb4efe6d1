import type { FileTime, ScheduleSummary } from "../../model/summary.ts";
import type { RanTest } from "../../model/test-id.ts";

/** How many of the slowest files are reported. */
const slowest = 10;

/** The slowest files, slowest first. */
export function slowestFiles(ran: readonly RanTest[]): FileTime[] {
  return fileTimes(ran).slice(0, slowest);
}

/** Every file, slowest first. */
function fileTimes(ran: readonly RanTest[]): FileTime[] {
  const byFile = new Map<string, { file: string; seconds: number; tests: number }>();
  for (const { file, seconds } of ran) {
    const time = byFile.get(file) ?? { file, seconds: 0, tests: 0 };
    byFile.set(file, { file, seconds: time.seconds + seconds, tests: time.tests + 1 });
  }
  return [...byFile.values()].sort((left, right) => right.seconds - left.seconds);
}

/**
 * How well a suite used its workers, given its wall time in seconds. No schedule of whole files can be shorter than the
 * average load per worker, or than the longest file. Null where nothing took time.
 */
export function scheduleOf(ran: readonly RanTest[], workers: number, seconds: number): ScheduleSummary | null {
  const times = fileTimes(ran);
  const [longest, second] = times;
  if (longest === undefined || longest.seconds === 0) return null;
  const average = times.reduce((sum, one) => sum + one.seconds, 0) / workers;
  const boundSeconds = Math.max(average, longest.seconds);
  const isBoundByFile = workers > 1 && longest.seconds > average;
  return {
    boundSeconds,
    ratio: seconds / boundSeconds,
    longest: { file: longest.file, seconds: longest.seconds },
    savedBySplitting: isBoundByFile ? boundSeconds - Math.max(average, second?.seconds ?? 0) : null,
  };
}
