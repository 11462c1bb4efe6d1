import { statSync } from "node:fs";
import { relative } from "node:path";
import type { FileDurations } from "./durations.ts";

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
