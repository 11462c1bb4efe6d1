import { relative } from "node:path";
import type { Shard } from "../../config/shard.ts";
import type { FileDurations } from "../schedule/durations.ts";
import { shareOut } from "../schedule/shares.ts";

/** A suite's test files as they are dealt out among the shards of a run. */
export interface Dealt {
  /** All test files of the suite, sorted. */
  readonly all: readonly string[];
  /** Those of this shard. */
  readonly own: readonly string[];
  /** A digest of the ids of all tests that were collected; missing where only the own files were. */
  readonly tests?: string | undefined;
}

/**
 * The absolute files of one shard, those that take longest first. The same on every machine, from the same files and
 * durations; `turn` moves on from suite to suite, so that the first shard does not get the longest file of each.
 */
export function filesOfShard(
  files: readonly string[],
  { root, durations, shard, turn }: { root: string; durations: FileDurations; shard: Shard; turn: number },
): readonly string[] {
  const shares = shareOut([...files].sort(), root, durations, shard.total);
  return shares[placeOf(shard, turn)] ?? [];
}

/** Where a shard stands among the shares of the suite, or the command or check, with that number; from 0. */
export function placeOf({ index, total }: Shard, turn: number): number {
  return (index - 1 + turn) % total;
}

/** Whether what cannot be divided, the command or check with that number, is this shard's to run. */
export function isOwn(shard: Shard | undefined, turn: number): boolean {
  return shard === undefined || placeOf(shard, turn) === 0;
}

/** Absolute files as they are dealt, named relative to the checkout's root. */
export function dealtNames(all: readonly string[], own: readonly string[], root: string): Dealt {
  const names = (files: readonly string[]): string[] => files.map((file) => relative(root, file)).sort();
  return { all: names(all), own: names(own) };
}
