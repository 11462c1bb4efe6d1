import type { SimpleGit } from "simple-git";
import { gitLineOrNull } from "./client.ts";

export interface MergeBaseRequest {
  readonly git: SimpleGit;
  /** The full object id of the commit. */
  readonly commit: string;
  /** The base branch of pull requests. */
  readonly base: string;
  /** The remote that is pushed to; `origin` is tried next, then the local branch. */
  readonly remote?: string | undefined;
  /** Whether a working tree on top of the commit is compared: then the commit itself may be its base. */
  readonly isWorkingTree?: boolean;
}

/** The base that a commit is compared with. */
export interface BranchComparison {
  /** Such as `origin/main`. */
  readonly base: string;
  /** The merge base's full object id. */
  readonly mergeBase: string;
}

/**
 * `itself`: the commit is on the base branch and its previous position is unknown; `none`: there is no common commit.
 */
export type MergeBase = BranchComparison | "itself" | "none";

/**
 * The merge base with the base branch. A commit that is already the tip of the remote's base branch is compared with
 * the branch's previous position.
 */
export async function findMergeBase({
  git,
  commit,
  base,
  remote,
  isWorkingTree = false,
}: MergeBaseRequest): Promise<MergeBase> {
  const remotes = [...new Set([remote ?? "origin", "origin"])];
  const candidates = [...remotes.map((name) => `refs/remotes/${name}/${base}`), `refs/heads/${base}`];
  const tips = await readTips(git, candidates);
  let isItself = false;
  for (const ref of candidates) {
    const tip = tips.get(ref);
    if (tip === undefined) continue;
    const name = ref.replace(/^refs\/(remotes|heads)\//, "");
    const mergeBase = tip === commit ? commit : await ask(git, ["merge-base", tip, commit]);
    if (mergeBase !== null && mergeBase !== commit) return { base: name, mergeBase };
    isItself ||= mergeBase === commit;
    if (isItself && isWorkingTree) return "itself";
    if (isItself && ref.startsWith("refs/remotes/"))
      return (await previousPosition(git, ref, name, commit)) ?? "itself";
  }
  return isItself ? "itself" : "none";
}

/** What each of these full names of branches points at, where it is there. */
async function readTips(git: SimpleGit, refs: readonly string[]): Promise<Map<string, string>> {
  // A name that is asked for lists those below it, too.
  const listing = await ask(git, ["for-each-ref", "--format=%(objectname) %(refname)", ...refs]);
  const rows = (listing ?? "").split("\n").map((row) => /^(\S+) (.*)$/.exec(row) ?? []);
  return new Map(rows.flatMap(([, id, ref]) => (id && ref ? [[ref, id] as const] : [])));
}

/** The remote branch's position before it contained the commit, from the reflog; null where unknown. */
async function previousPosition(
  git: SimpleGit,
  ref: string,
  name: string,
  commit: string,
): Promise<BranchComparison | null> {
  const previous = await ask(git, ["rev-parse", "--verify", "--quiet", `${ref}@{1}^{commit}`]);
  if (previous === null) return null;
  const mergeBase = await ask(git, ["merge-base", previous, commit]);
  return mergeBase === previous ? { base: `${name}@{1}`, mergeBase } : null;
}

/** Whether a base, such as `origin/main` or `origin/main@{1}`, refers to the branch of that name. */
export function isBaseOf(base: string, branch: string): boolean {
  return `/${base.replace(/@\{\d+\}$/, "")}`.endsWith(`/${branch}`);
}

/** A git command that may fail or print nothing. */
async function ask(git: SimpleGit, command: readonly string[]): Promise<string | null> {
  return (await gitLineOrNull(git, ...command)) || null;
}
