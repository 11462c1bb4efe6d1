import { type PrivateGit, reasonOf } from "../../git/private-git.ts";
import { UnavailableError } from "../../shared/errors.ts";
import { withoutCredentials } from "../../shared/redact.ts";
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
  const forced = await push(git, remote, [`--force-with-lease=${ref}:${commit}`], `${anew}:${ref}`);
  if (!/^(denied|non-fast-forward|deletion prohibited|deny|prohibited)/.test(forced)) return forced;
  // A server that lets nothing be rewritten or deleted takes a commit on top.
  return await push(git, remote, [], `${await commitEntries(git, standing, commit)}:${ref}`);
}

async function push(git: PrivateGit, remote: string, options: readonly string[], refspec: string): Promise<string> {
  const words = ["push", "--porcelain", "--no-verify", ...options, "--", remote, refspec];
  const { stdout, output } = await git.run(words);
  const [, flag, summary = ""] = /^(.)\t[^\t]*\t(.*)$/m.exec(stdout) ?? [];
  if (flag === undefined)
    throw new UnavailableError(`${withoutCredentials(remote)} cannot be pruned: ${reasonOf(output)}.`);
  if (flag !== "!") return "replaced";
  const reason = /\((.*)\)$/.exec(summary)?.[1] ?? summary;
  return /stale info|cannot lock ref|incorrect old value|fetch first|failed to update/.test(reason) ? "raced" : reason;
}
