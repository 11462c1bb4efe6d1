import type { PrivateGit } from "../../git/private-git.ts";
import { allShards, type Entry, readEntries } from "./shards.ts";

/** Everything a remote has, by shard, with the commit that holds it. Throws UnavailableError without an answer. */
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
