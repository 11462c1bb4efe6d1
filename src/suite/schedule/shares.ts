import { statSync } from "node:fs";
import { relative } from "node:path";
import type { FileDurations } from "./durations.ts";

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

interface Expected {
  readonly file: string;
  readonly seconds: number;
}

/** The files with expected durations, slowest first; file sizes where nothing is recorded. */
export function expectedSeconds(files: readonly string[], root: string, durations: FileDurations): Expected[] {
  const sized = files.map((file) => ({ file, size: sizeOf(file), known: durations.get(relative(root, file)) }));
  const known = sized.filter((one) => one.known !== undefined);
  const total = (value: (one: (typeof sized)[number]) => number): number =>
    known.reduce((sum, one) => sum + value(one), 0);
  const rate =
    known.length > 0
      ? total((one) => one.known ?? 0) /
        Math.max(
          1,
          total(({ size }) => size),
        )
      : 1;
  return sized
    .map(({ file, size, known: seconds }) => ({ file, seconds: seconds ?? size * rate }))
    .sort((left, right) => right.seconds - left.seconds || (left.file < right.file ? -1 : 1));
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
