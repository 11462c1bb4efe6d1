import type { SimpleGit } from "simple-git";
import { compareNames } from "../coverage/lines.ts";
import { type Comparison, findMergeBase, type MergeBaseRequest } from "../push/merge-base.ts";
import type { Changes, CommitSummary, FileChange } from "./summary.ts";

/** What the commit changes against the merge base with the base branch; null where there is nothing to compare with. */
export async function findChanges(request: MergeBaseRequest): Promise<Changes | null> {
  const found = await findMergeBase(request);
  return typeof found === "string" ? null : await readChanges(request.git, request.commit, found);
}

/** What the commit changes against that merge base: files, lines and commits. */
export async function readChanges(git: SimpleGit, commit: string, comparison: Comparison): Promise<Changes> {
  const [files, commits] = await Promise.all([
    readFiles(git, comparison.mergeBase, commit),
    readCommits(git, comparison.mergeBase, commit),
  ]);
  return { ...comparison, files, commits };
}

/** Renames and the names' root are set, as a user's configuration could turn them. */
async function readFiles(git: SimpleGit, from: string, to: string): Promise<FileChange[]> {
  const options = ["--numstat", "-z", "-M", "--no-relative"];
  const output = await git.raw(["diff", ...options, from, to, "--"]);
  return parseNumstat(output).sort((left, right) => compareNames(left.file, right.file));
}

/** `added TAB removed TAB name NUL`, and for a rename `added TAB removed TAB NUL from NUL to NUL`. */
function parseNumstat(output: string): FileChange[] {
  const fields = output.split("\0")[Symbol.iterator]();
  const changes: FileChange[] = [];
  for (const field of fields) {
    const [added, removed, ...name] = field.split("\t");
    if (added === undefined || removed === undefined) continue;
    const counts = { added: lineCount(added), removed: lineCount(removed) };
    const file = name.join("\t");
    if (file !== "") changes.push({ file, ...counts });
    else {
      const before: string = fields.next().value ?? "";
      changes.push({ file: fields.next().value ?? "", from: before, ...counts });
    }
  }
  return changes;
}

/** Git writes `-` for binary files. */
function lineCount(text: string): number | null {
  return text === "-" ? null : Number(text);
}

/** Merges are left out: what they bring is listed by itself, and bringing the base up to date is not a change. */
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
