import type { PrivateGit } from "../../git/private-git.ts";
import { allShards, type Entry, readEntries, shardOf } from "./shards.ts";

/** Whoever can write to the remote could add any number for a tree; the newest are looked at. */
const mostOfTree = 50;

/**
 * The envelopes that a remote has for a tree, newest first by their names; nothing of them is verified. Throws
 * UnavailableError where the remote does not answer: that it has none is known only where it did.
 */
export async function findEnvelopes(git: PrivateGit, remote: string, tree: string): Promise<string[]> {
  const ref = shardOf(tree);
  const tip = (await git.fetch(remote, [ref])).get(ref);
  if (tip === undefined) return [];
  const entries = (await readEntries(git, tip)).filter((entry) => entry.tree === tree);
  const newest = entries.toSorted((left, right) => right.name.localeCompare(left.name)).slice(0, mostOfTree);
  return await Promise.all(newest.map((entry) => readEnvelopeOf(git, entry)));
}

/** Everything a remote has, by shard, with the commit that holds it. */
export async function listShards(
  git: PrivateGit,
  remote: string,
): Promise<{ readonly ref: string; readonly commit: string; readonly entries: readonly Entry[] }[]> {
  const tips = await git.fetch(remote, [allShards]);
  return await Promise.all(
    [...tips].map(async ([ref, commit]) => ({ ref, commit, entries: await readEntries(git, commit) })),
  );
}

/** The envelope in an entry, one line. */
export async function readEnvelopeOf(git: PrivateGit, { blob }: Entry): Promise<string> {
  return (await git.line(["cat-file", "blob", blob])).trimEnd();
}
