import type { Share } from "./runners/runner.ts";

/** The test files of a suite, and those that are to run here; absolute. */
export interface FilesToRun {
  readonly all: readonly string[];
  readonly own: readonly string[];
}

/** One of several shares, with the files that other processes run. */
export function shareOf(
  shares: readonly (readonly string[] | null)[],
  index: number,
  { all, shard }: { readonly all: readonly string[] | null; readonly shard: Share["shard"] },
): Share {
  const files = shares[index] ?? null;
  const own = new Set(files);
  const otherFiles = files && (all ?? []).filter((file) => !own.has(file));
  return { kind: "share", index, count: shares.length, files, otherFiles, ...(shard === undefined ? {} : { shard }) };
}
