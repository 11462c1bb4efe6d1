import type { SimpleGit } from "simple-git";
import type { FileChange, LoweredThreshold } from "../model/summary.ts";
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

/** A file's thresholds, before and after. */
export interface ThresholdsOfFile {
  readonly file: string;
  readonly before: readonly Threshold[];
  readonly after: readonly Threshold[];
}

/** The lowered thresholds. One that moved to another file is not lowered; unreadable ones are ignored. */
export function loweredOf(changes: readonly ThresholdsOfFile[]): LoweredThreshold[] {
  return changes.flatMap(({ file, before, after }) =>
    [...new Set(before.map(({ name }) => name))].flatMap((name) => {
      const old = valuesOf(before, name);
      const now = valuesOf(after, name);
      // With several of one name, it is unknown which changed.
      if (now.length > 0 && now.length !== old.length) return [];
      if (now.length === 0 && after.some(({ value }) => value === null)) return [];
      return old.flatMap((from, index): LoweredThreshold[] => {
        const to = now[index];
        if (from === null || to === null) return [];
        if (to !== undefined) return to < from ? [{ file, name, from, to }] : [];
        // There was no threshold before.
        if (from === 0) return [];
        return isElsewhere(changes, { file, name, from }) ? [] : [{ file, name, from, to: null }];
      });
    }),
  );
}

function isElsewhere(
  changes: readonly ThresholdsOfFile[],
  { file, name, from }: { readonly file: string; readonly name: string; readonly from: number },
): boolean {
  return changes.some(
    (change) =>
      change.file !== file &&
      valuesOf(change.before, name).length === 0 &&
      valuesOf(change.after, name).some((value) => value !== null && value >= from),
  );
}

function valuesOf(thresholds: readonly Threshold[], name: string): (number | null)[] {
  return thresholds.filter((threshold) => threshold.name === name).map(({ value }) => value);
}
