import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SimpleGit } from "simple-git";
import { type ExclusionEntry, exclusionPathspecs, exclusionsIn } from "./exclusion-lists.ts";

/** Larger files were not written by hand. */
const largestFile = 1_000_000;

/** An entry that the changes add to a list of what is left out of coverage. */
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
  /** The commit's object id; null for the working tree as it lies. */
  readonly to: string | null;
}

/** What the changes add to the lists by which any tool leaves something out of coverage; what only moved is not added. */
export async function readAddedExclusions({ git, root, from, to }: AddedExclusionsRequest): Promise<AddedExclusion[]> {
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

/** The text of a file at a commit; empty where it is not there. */
async function textAt(git: SimpleGit, commit: string, file: string): Promise<string> {
  const text = await git.raw(["cat-file", "blob", `${commit}:${file}`]).catch(() => "");
  return text.length > largestFile ? "" : text;
}
