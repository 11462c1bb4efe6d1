import type { PartlyReused } from "../../model/reuse.ts";
import type { PlannedSuite } from "../plan/plan.ts";
import { isOwn } from "../shards/deal.ts";
import type { PartOfFiles, TracedRun } from "./test-files.ts";

/** What a shard found; `traced` is what its processes wrote, `own` are the names of its files. */
export function partlyReused(
  traced: TracedRun | null,
  difference: string | null,
  own: readonly string[],
): PartlyReused {
  // Without files of its own nothing ran that could be joined with anything.
  if (own.length === 0) return { difference: null, why: null, isJoined: false, missing: {}, memos: [] };
  return {
    difference: difference ?? traced?.differences[0] ?? null,
    why: traced === null ? "nothing was traced" : traced.why,
    isJoined: traced?.why === null,
    missing: traced?.missing ?? {},
    memos: traced?.memos ?? [],
  };
}

/** A part without the compared files that ran on other shards. */
export function comparedHere(part: PartOfFiles, own: readonly string[]): PartOfFiles {
  const compared = Object.fromEntries(Object.entries(part.reach.compared).filter(([file]) => own.includes(file)));
  return { ...part, reach: { ...part.reach, compared } };
}

/** A part as it counts here: one of several shards stands for all files that are reused, the others for what they ran. */
export function countedHere(part: PartOfFiles, shard: PlannedSuite["shard"]): PartOfFiles {
  if (isOwn(shard, shard?.turn ?? 0)) return part;
  return { ...part, reach: { ...part.reach, reused: {}, compared: {}, reasons: {} } };
}

/** What is not covered any more by any of the shards, such as "line 3 of src/a.py"; null where everything still is. */
export function lostOnAll(parts: readonly PartlyReused[]): string | null {
  const [first, ...others] = parts.filter(({ isJoined }) => isJoined).map(({ missing }) => missing);
  if (first === undefined) return "all that the reused files had covered";
  for (const [file, pairs] of Object.entries(first)) {
    const elsewhere = others.map((missing) => new Set((missing[file] ?? []).map(String)));
    const lost = pairs.filter((pair) => elsewhere.every((missing) => missing.has(String(pair))));
    if (lost.length > 0) return `${lineText(lost)} of ${file}`;
  }
  return memoOfOneWay(parts);
}

/** A condition on something kept that led only one way on all shards together: in one process it might go the other way, too. */
function memoOfOneWay(parts: readonly PartlyReused[]): string | null {
  const ends = new Map<string, { file: string; line: number; ends: Set<number> | null }>();
  for (const memo of parts.flatMap(({ memos }) => memos)) {
    const key = `${memo.file}\n${memo.line}`;
    const known = ends.get(key) ?? { ...memo, ends: new Set<number>() };
    ends.set(key, {
      ...known,
      ends: memo.ends === null || known.ends === null ? null : new Set([...known.ends, ...memo.ends]),
    });
  }
  const found = [...ends.values()].find((memo) => memo.ends === null || memo.ends.size === 1);
  return found === undefined ? null : `the other way at line ${found.line} of ${found.file}`;
}

function lineText(pairs: readonly unknown[]): string {
  const lines = pairs
    .flat()
    .map(Number)
    .filter((line) => line > 0);
  return `line ${Math.min(...(lines.length === 0 ? [0] : lines))}`;
}
