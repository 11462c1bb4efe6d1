import type { FileDurations } from "./durations.ts";
import { expectedSeconds } from "./expected-seconds.ts";

/**
 * Shares absolute test files under a root out among processes by longest processing time: each in turn to the process that
 * has least to do, and of those that have equally little to the one with the fewest files. A file without a recorded
 * duration is taken for what its size says. Gives `count` lists, or fewer where there are fewer files, so that none is
 * empty; in each the longest comes first.
 *
 * @see Graham, "Bounds on multiprocessing timing anomalies", 1969
 */
export function shareOut(files: readonly string[], root: string, durations: FileDurations, count: number): string[][] {
  const expected = expectedSeconds(files, root, durations);
  const shares = Array.from({ length: Math.min(count, files.length) }, () => ({ files: [] as string[], seconds: 0 }));
  for (const { file, seconds } of expected) {
    const [least] = shares.toSorted(
      (left, right) => left.seconds - right.seconds || left.files.length - right.files.length,
    );
    least?.files.push(file);
    if (least) least.seconds += seconds;
  }
  return shares.map((share) => share.files);
}
