import { createHash } from "node:crypto";
import type { PrivateGit } from "../../git/private-git.ts";
import { receiptDays } from "../../push/receipts.ts";
import { groupedBy } from "../../shared/grouped-by.ts";

/**
 * Where receipts are on a remote: `refs/verify/AB` for the trees that begin with AB, each a commit with the files
 * `TREE/DAY-DIGEST.json`, one envelope a file. So two receipts never meet, a reader fetches 1/256 of all, and nobody's push reads
 * more than 256 refs of ours; docs/receipts.md has the figures.
 */
const prefix = "refs/verify/";

/** The ref on a remote that holds a tree's receipts. */
export function shardOf(tree: string): string {
  return `${prefix}${tree.slice(0, 2)}`;
}

/** A receipt's file in a shard. */
export interface Entry {
  readonly tree: string;
  /** `DAY-DIGEST.json`; the day is for housekeeping only, as whoever wrote the file chose it. */
  readonly name: string;
  /** The id of the blob with the envelope. */
  readonly blob: string;
}

/** The name of an envelope's file; `at` is when its run ended. */
export function entryName(envelope: string, at: string): string {
  return `${at.slice(0, 10)}-${createHash("sha256").update(envelope).digest("hex").slice(0, 16)}.json`;
}

/** Whether a receipt of that name has expired. */
export function isStale({ name }: Entry, now: Date): boolean {
  // Until the end of its day, wherever that is.
  return now.getTime() - Date.parse(name.slice(0, 10)) > (receiptDays + 2) * 86_400_000;
}

/** The receipts of a shard's commit. What is not named as ours is left out. */
export async function readEntries(git: PrivateGit, commit: string): Promise<Entry[]> {
  const listing = await git.line(["ls-tree", "-r", "-z", commit]);
  return listing.split("\0").flatMap((row) => {
    const found = /^100644 blob (\S+)\t((?:[0-9a-f]{40}|[0-9a-f]{64}))\/(\d{4}-\d\d-\d\d-[0-9a-f]{16}\.json)$/.exec(
      row,
    );
    const [, blob, tree, name] = found ?? [];
    return blob === undefined || tree === undefined || name === undefined ? [] : [{ tree, name, blob }];
  });
}

/** Everything a remote has, by shard, with the commit that holds it. Throws UnavailableError where it does not answer. */
export async function listShards(
  git: PrivateGit,
  remote: string,
): Promise<{ readonly ref: string; readonly commit: string; readonly entries: readonly Entry[] }[]> {
  const tips = await git.fetch(remote, [prefix]);
  const commits = await commitsAmong(git, [...tips.values()]);
  return await Promise.all(
    [...tips]
      .filter(([, tip]) => commits.has(tip))
      .map(async ([ref, commit]) => ({ ref, commit, entries: await readEntries(git, commit) })),
  );
}

/** Those of the objects that are commits: whoever can write to the remote can put anything where a shard belongs. */
export async function commitsAmong(git: PrivateGit, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const kinds = (await git.line(["cat-file", "--batch-check=%(objecttype)"], ids.join("\n"))).split("\n");
  return new Set(ids.filter((_, index) => kinds[index] === "commit"));
}

/** The envelope in an entry, one line; nothing of it is verified. */
export async function readEnvelopeOf(git: PrivateGit, { blob }: Entry): Promise<string> {
  return (await git.line(["cat-file", "blob", blob])).trimEnd();
}

/** The id of a tree object that holds these receipts. */
async function writeEntries(git: PrivateGit, entries: readonly Entry[]): Promise<string> {
  const byTree = groupedBy(entries, ({ tree }) => tree);
  const inner = [...byTree.values()].map((files) => files.map(({ name, blob }) => `100644 blob ${blob}\t${name}\n`));
  // An empty line ends a tree. A partial clone may lack what others have sent, which stays where it is: on the remote.
  const ids = await git.line(["mktree", "--batch", "--missing"], inner.map((lines) => lines.join("")).join("\n"));
  const trees = ids.split("\n").filter(Boolean);
  const outer = [...byTree.keys()].map((tree, index) => `040000 tree ${trees[index]}\t${tree}\n`);
  return await git.line(["mktree"], outer.join(""));
}

/** The id of a commit with such a tree object; its parents are those given. */
export async function commitEntries(
  git: PrivateGit,
  entries: readonly Entry[],
  ...parents: readonly string[]
): Promise<string> {
  const identity = ["-c", "user.name=pushproof", "-c", "user.email=pushproof@localhost"];
  const words = parents.flatMap((parent) => ["-p", parent]);
  return await git.line([...identity, "commit-tree", "-m", "Receipts", ...words, await writeEntries(git, entries)]);
}
