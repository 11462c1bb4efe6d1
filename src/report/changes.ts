import type { SimpleGit } from "simple-git";
import { compareNames } from "../coverage/lines.ts";
import { gitLineOrNull } from "../push/git.ts";
import type { Changes, CommitSummary, FileChange } from "./summary.ts";

export interface ChangesRequest {
  readonly git: SimpleGit;
  /** The full object id of the commit. */
  readonly commit: string;
  /** The branch that pull requests go to. */
  readonly base: string;
  /** The remote that is pushed to; `origin` is asked next, then the local branch. */
  readonly remote?: string | undefined;
}

/** The place a commit is compared with. */
interface Comparison {
  readonly base: string;
  readonly mergeBase: string;
}

/**
 * What the commit changes against the merge base with the base branch: files, lines and commits. A commit that is the
 * tip of the remote's base branch already is compared with where that branch was before. Null where there is nothing
 * to compare with.
 */
export async function readChanges(request: ChangesRequest): Promise<Changes | null> {
  const comparison = await findComparison(request);
  if (!comparison) return null;
  const [files, commits] = await Promise.all([
    readFiles(request.git, comparison.mergeBase, request.commit),
    readCommits(request.git, comparison.mergeBase, request.commit),
  ]);
  return { ...comparison, files, commits };
}

async function findComparison({ git, commit, base, remote }: ChangesRequest): Promise<Comparison | null> {
  const remotes = [...new Set([remote ?? "origin", "origin"])];
  const candidates = [...remotes.map((name) => `refs/remotes/${name}/${base}`), `refs/heads/${base}`];
  for (const ref of candidates) {
    const tip = await ask(git, ["rev-parse", "--verify", "--quiet", `${ref}^{commit}`]);
    if (tip === null) continue;
    const name = ref.replace(/^refs\/(remotes|heads)\//, "");
    const mergeBase = await ask(git, ["merge-base", tip, commit]);
    if (mergeBase !== null && mergeBase !== commit) return { base: name, mergeBase };
    if (mergeBase === commit && ref.startsWith("refs/remotes/")) return await previousPosition(git, ref, name, commit);
  }
  return null;
}

/** Where the remote's branch was before it came to hold the commit, by the reflog; null where that is not known. */
async function previousPosition(git: SimpleGit, ref: string, name: string, commit: string): Promise<Comparison | null> {
  const previous = await ask(git, ["rev-parse", "--verify", "--quiet", `${ref}@{1}^{commit}`]);
  if (previous === null) return null;
  const mergeBase = await ask(git, ["merge-base", previous, commit]);
  return mergeBase === previous ? { base: `${name}@{1}`, mergeBase } : null;
}

/** A question that git may answer with no, or with nothing. */
async function ask(git: SimpleGit, command: readonly string[]): Promise<string | null> {
  return (await gitLineOrNull(git, ...command)) || null;
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
