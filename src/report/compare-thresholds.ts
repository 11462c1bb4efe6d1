import type { LoweredThreshold } from "../model/summary.ts";
import type { Threshold } from "./thresholds-in-file.ts";

/** A file's thresholds, before and after. */
export interface ThresholdsOfFile {
  readonly file: string;
  readonly before: readonly Threshold[];
  readonly after: readonly Threshold[];
}

/** The lowered thresholds. One that moved to another file is not lowered; unreadable ones are ignored. */
export function loweredOf(changes: readonly ThresholdsOfFile[]): LoweredThreshold[] {
  return changes.flatMap(({ file, before, after }) =>
    [...new Set(before.map(({ name }) => name))].flatMap((name) => {
      const old = valuesOf(before, name);
      const now = valuesOf(after, name);
      // With several of one name, it is unknown which changed.
      if (now.length > 0 && now.length !== old.length) return [];
      if (now.length === 0 && after.some(({ value }) => value === null)) return [];
      return old.flatMap((from, index): LoweredThreshold[] => {
        const to = now[index];
        if (from === null || to === null) return [];
        if (to !== undefined) return to < from ? [{ file, name, from, to }] : [];
        // There was no threshold before.
        if (from === 0) return [];
        return isElsewhere(changes, { file, name, from }) ? [] : [{ file, name, from, to: null }];
      });
    }),
  );
}

function isElsewhere(
  changes: readonly ThresholdsOfFile[],
  { file, name, from }: { readonly file: string; readonly name: string; readonly from: number },
): boolean {
  return changes.some(
    (change) =>
      change.file !== file &&
      valuesOf(change.before, name).length === 0 &&
      valuesOf(change.after, name).some((value) => value !== null && value >= from),
  );
}

function valuesOf(thresholds: readonly Threshold[], name: string): (number | null)[] {
  return thresholds.filter((threshold) => threshold.name === name).map(({ value }) => value);
}
