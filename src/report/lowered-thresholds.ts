import type { SimpleGit } from "simple-git";
import type { FileChange, LoweredThreshold } from "../model/summary.ts";
import { loweredOf, type ThresholdsOfFile } from "./compare-thresholds.ts";
import { holdsSettings, mayHoldOptions, optionSearch, type Threshold, thresholdsIn } from "./thresholds-in-file.ts";

/** Larger files are not hand-written. */
const largestFile = 1_000_000;

/** The compared revisions. */
interface LoweredRequest {
  readonly mergeBase: string;
  readonly commit: string;
  readonly files: readonly FileChange[];
}

/** With more changed files, thresholds are not searched. */
const mostFiles = 300;

/** Coverage thresholds that changed files lower or remove since the merge base; null where there are too many files. */
export async function findLowered(git: SimpleGit, request: LoweredRequest): Promise<LoweredThreshold[] | null> {
  const { mergeBase, commit } = request;
  const compared = await comparedFiles(git, request);
  if (compared.length > mostFiles) return null;
  const read = async (at: string, file: string, isThere: boolean): Promise<readonly Threshold[]> =>
    isThere ? thresholdsIn(file, await readText(git, at, file)) : [];
  const changes: ThresholdsOfFile[] = [];
  for (const { file, from = file, created, deleted } of compared) {
    const before = await read(mergeBase, from, created === undefined);
    const after = await read(commit, file, deleted === undefined);
    changes.push({ file, before, after });
  }
  return loweredOf(changes);
}

/** Files that may contain thresholds. Command files are many, but few contain any, so git searches the changed ones. */
async function comparedFiles(
  git: SimpleGit,
  { mergeBase, commit, files }: LoweredRequest,
): Promise<readonly FileChange[]> {
  const either = (isMet: (file: string) => boolean): ((change: FileChange) => boolean) => {
    return ({ file, from = file }) => isMet(file) || isMet(from);
  };
  const options = files.some(either(mayHoldOptions)) ? ["--name-only", "-z", "--no-renames", "--no-relative"] : null;
  const found = options && (await git.raw(["diff", ...options, `-G${optionSearch}`, mergeBase, commit, "--"]));
  const changed = new Set(found?.split("\0"));
  return files.filter(either((file) => holdsSettings(file) || (mayHoldOptions(file) && changed.has(file))));
}

async function readText(git: SimpleGit, at: string, file: string): Promise<string> {
  const text = await git.raw(["cat-file", "blob", `${at}:${file}`]);
  return text.length > largestFile ? "" : text;
}
