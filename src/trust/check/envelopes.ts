import type { ObjectReader } from "../../git/object-reader.ts";
import { compareNames } from "../../shared/text.ts";

/** So many receipts of a tree are looked at: whoever can write to the remote must not keep a reader busy for hours. */
const mostReceipts = 100;

/** More than an envelope takes. */
const mostBytes = 1_000_000;

/** The texts that lie where a tree's receipts do, whoever wrote them. */
export interface FoundEnvelopes {
  readonly texts: readonly string[];
  /** How many there are, of which not all may have been read. */
  readonly total: number;
}

/** Reads the receipts of a tree out of a commit of its shard, newest first by their names; nothing of them is verified. */
export async function readEnvelopes(reader: ObjectReader, commit: string, tree: string): Promise<FoundEnvelopes> {
  const root = await reader.commit(commit);
  const directory = root && (await reader.entry(root.tree, tree));
  if (directory?.mode !== "040000") return { texts: [], total: 0 };
  const files = (await reader.entries(directory.id)).filter(({ mode }) => mode.startsWith("100"));
  files.sort((left, right) => compareNames(right.name, left.name));
  const ids = [...new Set(files.map(({ id }) => id))];
  const looked = ids.slice(0, mostReceipts);
  await reader.prepare(looked);
  const texts: string[] = [];
  for (const id of looked) {
    // One that is too large is counted, so that the answer says that it is there.
    texts.push((await reader.size(id)) > mostBytes ? "too large" : await reader.text(id));
  }
  return { texts, total: ids.length };
}
