import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SimpleGit } from "simple-git";
import { type ExclusionEntry, exclusionPathspecs, exclusionsIn } from "./exclusion-lists.ts";

/** Larger files are not hand-written. */
const largestFile = 1_000_000;

/** An entry that the changes add to a coverage exclusion list. */
export interface AddedExclusion extends ExclusionEntry {
  /** Relative to the repo's root. */
  readonly file: string;
}

export interface AddedExclusionsRequest {
  /** Git in the checkout that is verified. */
  readonly git: SimpleGit;
  /** The absolute root of the checkout. */
  readonly root: string;
  /** The merge base's object id. */
  readonly from: string;
  /** The commit's object id; null for the working tree. */
  readonly to: string | null;
}

/** The entries that the changes add to coverage exclusion lists of any tool; moved entries are ignored. */
export async function readAddedExclusions({ git, root, from, to }: AddedExclusionsRequest): Promise<AddedExclusion[]> {
  if (from === to) return [];
  const range = to === null ? [from] : [from, to];
  const names = await git.raw([
    "diff",
    "--name-only",
    "-z",
    "--no-renames",
    "--no-relative",
    ...range,
    "--",
    ...exclusionPathspecs,
  ]);
  const files = names.split("\0").filter(Boolean);
  const before = new Set<string>();
  const after: AddedExclusion[] = [];
  for (const file of files) {
    const old = await exclusionsIn(file, await textAt(git, from, file));
    for (const { list, entry } of old) before.add(keyOf(list, entry));
    const text = to === null ? await readFile(join(root, file), "utf8").catch(() => "") : await textAt(git, to, file);
    after.push(...(await exclusionsIn(file, text)).map((one) => ({ ...one, file })));
  }
  return after.filter(({ list, entry }) => !before.has(keyOf(list, entry)));
}

function keyOf(list: string, entry: string): string {
  return JSON.stringify([list, entry]);
}

/** A file's text at a commit; empty where it does not exist. */
async function textAt(git: SimpleGit, commit: string, file: string): Promise<string> {
  const text = await git.raw(["cat-file", "blob", `${commit}:${file}`]).catch(() => "");
  return text.length > largestFile ? "" : text;
}
