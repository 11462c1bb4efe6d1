import type { SimpleGit } from "simple-git";
import { type BranchComparison, findMergeBase, type MergeBaseRequest } from "../git/merge-base.ts";
import type { Changes, CommitSummary, FileChange } from "../model/summary.ts";
import { compareNames } from "../shared/text.ts";
import { findLowered } from "./lowered-thresholds.ts";

/** What a commit changes since the merge base with the base branch; null where there is nothing to compare with. */
export async function findChanges(request: MergeBaseRequest): Promise<Changes | null> {
  const found = await findMergeBase(request);
  return typeof found === "string" ? null : await readChanges(request.git, request.commit, found);
}

/** What a commit changes since a merge base: files, lines, commits and thresholds. */
export async function readChanges(git: SimpleGit, commit: string, comparison: BranchComparison): Promise<Changes> {
  const { mergeBase } = comparison;
  const [files, commits] = await Promise.all([readFiles(git, mergeBase, commit), readCommits(git, mergeBase, commit)]);
  // Without them the reports only lack that section.
  const lowered = await findLowered(git, { mergeBase, commit, files }).catch(() => null);
  return { ...comparison, files, commits, ...(lowered === null ? {} : { lowered }) };
}

/** Renames and path roots are set explicitly, as the user's configuration could change them. */
async function readFiles(git: SimpleGit, from: string, to: string): Promise<FileChange[]> {
  const options = ["--raw", "--numstat", "-z", "-M", "--no-relative"];
  const output = await git.raw(["diff", ...options, from, to, "--"]);
  return parseDiff(output).sort((left, right) => compareNames(left.file, right.file));
}

/**
 * First, of each file, `:mode mode id id STATUS NUL name NUL`, with two names after a rename; then
 * `added TAB removed TAB name NUL`, and for a rename `added TAB removed TAB NUL from NUL to NUL`.
 */
function parseDiff(output: string): FileChange[] {
  const fields = output.split("\0")[Symbol.iterator]();
  const next = (): string => fields.next().value ?? "";
  const statuses = new Map<string, string>();
  const changes: FileChange[] = [];
  for (const field of fields) {
    if (field.startsWith(":")) {
      const status = field.split(" ").at(-1)?.charAt(0) ?? "";
      const name = next();
      statuses.set(status === "R" ? next() : name, status);
      continue;
    }
    const [added, removed, ...name] = field.split("\t");
    if (added === undefined || removed === undefined) continue;
    const counts = { added: lineCount(added), removed: lineCount(removed) };
    const file = name.join("\t");
    if (file !== "") changes.push({ file, ...statusOf(statuses.get(file)), ...counts });
    else {
      const before = next();
      changes.push({ file: next(), from: before, ...counts });
    }
  }
  return changes;
}

function statusOf(status: string | undefined): Pick<FileChange, "created" | "deleted"> {
  if (status === "A") return { created: true };
  return status === "D" ? { deleted: true } : {};
}

/** Git writes `-` for binary files. */
function lineCount(text: string): number | null {
  return text === "-" ? null : Number(text);
}

/** Merges are left out: their commits are listed themselves, and updating from the base is no change. */
async function readCommits(git: SimpleGit, from: string, to: string): Promise<CommitSummary[]> {
  const options = ["--reverse", "--topo-order", "--no-merges", "-z", "--no-show-signature"];
  const output = await git.raw([
    "log",
    ...options,
    "--encoding=UTF-8",
    "--format=%H%x00%s%x00%b",
    `${from}..${to}`,
    "--",
  ]);
  const fields = output.split("\0");
  return Array.from({ length: Math.floor(fields.length / 3) }, (_, index) => {
    const [commit = "", subject = "", body = ""] = fields.slice(index * 3);
    return { commit, subject, body: body.trim() };
  });
}
