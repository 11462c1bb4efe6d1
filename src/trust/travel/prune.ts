import { type PrivateGit, wasOvertaken } from "../../git/private-git.ts";
import { commitEntries, type Entry, isStale, listShards } from "./shards.ts";

/** How many receipts a remote had, and how many of them went. */
export interface Pruned {
  readonly removed: number;
  readonly kept: number;
  /** What the remote said where it refused to let some go. */
  readonly refused: readonly string[];
}

/** How often to look again where others sent receipts meanwhile. */
const attempts = 5;

/**
 * Removes expired receipts from a remote, and the history of the shards that held them. What somebody else sends meanwhile
 * is kept: each shard is replaced only where it still is what was read. Throws UnavailableError without an answer.
 */
export async function pruneRemote(git: PrivateGit, remote: string, now: Date): Promise<Pruned> {
  let [removed, kept] = [0, 0];
  let refused: string[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const shards = await listShards(git, remote);
    kept = shards.reduce((sum, { entries }) => sum + entries.length, 0);
    const stale = shards.filter(({ entries }) => entries.some((entry) => isStale(entry, now)));
    if (stale.length === 0) break;
    refused = [];
    for (const { ref, commit, entries } of stale) {
      const standing = entries.filter((entry) => !isStale(entry, now));
      const result = await replace(git, remote, { ref, commit, standing });
      if (result === "replaced") {
        removed += entries.length - standing.length;
        kept -= entries.length - standing.length;
      } else if (result !== "raced") refused.push(result);
    }
    if (refused.length > 0) break;
  }
  return { removed, kept, refused: [...new Set(refused)] };
}

/** Replaces a shard that is still at the commit; gives what the remote said where it refuses. */
async function replace(
  git: PrivateGit,
  remote: string,
  { ref, commit, standing }: { ref: string; commit: string; standing: readonly Entry[] },
): Promise<string> {
  const anew = standing.length === 0 ? "" : await commitEntries(git, standing);
  const [pushed] = await git.push(remote, [`${anew}:${ref}`], [`--force-with-lease=${ref}:${commit}`]);
  if (pushed === undefined || pushed.rejected === null) return "replaced";
  return wasOvertaken(pushed) ? "raced" : pushed.rejected.reason;
}
