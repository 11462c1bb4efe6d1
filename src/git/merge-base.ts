import type { SimpleGit } from "simple-git";
import { gitLineOrNull } from "./client.ts";

export interface MergeBaseRequest {
  readonly git: SimpleGit;
  /** The full object id of the commit. */
  readonly commit: string;
  /** The branch that pull requests go to. */
  readonly base: string;
  /** The remote that is pushed to; `origin` is asked next, then the local branch. */
  readonly remote?: string | undefined;
  /** Whether what is compared lies on top of the commit: then the commit itself is where the base branch is. */
  readonly isWorkingTree?: boolean;
}

/** The place a commit is compared with. */
export interface BranchComparison {
  /** Such as `origin/main`. */
  readonly base: string;
  /** The merge base's full object id. */
  readonly mergeBase: string;
}

/** `itself` where the commit is the base branch's own and nothing says where that was before; `none` without a common commit. */
export type MergeBase = BranchComparison | "itself" | "none";

/**
 * What a commit is compared with: the merge base with the base branch. A commit that is the tip of the remote's base
 * branch already is compared with where that branch was before.
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
  let isItself = false;
  for (const ref of candidates) {
    const tip = await ask(git, ["rev-parse", "--verify", "--quiet", `${ref}^{commit}`]);
    if (tip === null) continue;
    const name = ref.replace(/^refs\/(remotes|heads)\//, "");
    const mergeBase = await ask(git, ["merge-base", tip, commit]);
    if (mergeBase !== null && mergeBase !== commit) return { base: name, mergeBase };
    isItself ||= mergeBase === commit;
    if (isItself && isWorkingTree) return "itself";
    if (isItself && ref.startsWith("refs/remotes/"))
      return (await previousPosition(git, ref, name, commit)) ?? "itself";
  }
  return isItself ? "itself" : "none";
}

/** Where the remote's branch was before it came to hold the commit, by the reflog; null where that is not known. */
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

/** Whether a base, such as `origin/main` or `origin/main@{1}`, is the branch of that name. */
export function isBaseOf(base: string, branch: string): boolean {
  return `/${base.replace(/@\{\d+\}$/, "")}`.endsWith(`/${branch}`);
}

/** A question that git may answer with no, or with nothing. */
async function ask(git: SimpleGit, command: readonly string[]): Promise<string | null> {
  return (await gitLineOrNull(git, ...command)) || null;
}
