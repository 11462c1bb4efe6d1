import type { PullRequestSpec } from "./pull-request-spec.ts";

/** A pull request in the output of `gh pr list --json`. */
export interface GitHubPullRequest {
  readonly number: number;
  readonly url: string;
  readonly body: string;
  readonly isDraft: boolean;
  readonly baseRefName: string;
  readonly headRefOid: string;
  readonly headRepositoryOwner: { readonly login: string } | null;
}

/** A merge request in the output of `glab mr list --output json`. */
export interface MergeRequest {
  readonly iid: number;
  readonly web_url: string;
  readonly description: string | null;
  readonly draft?: boolean;
  readonly target_branch: string;
}

/** The right one of the open pull requests with that branch name, as forks have equal names. */
export function choosePullRequest(
  all: readonly GitHubPullRequest[],
  { destination, commit, base, isBaseGiven }: Pick<PullRequestSpec, "destination" | "commit" | "base" | "isBaseGiven">,
): GitHubPullRequest | null {
  const owner = destination.owner.toLowerCase();
  const own = all.filter(
    ({ headRefOid, headRepositoryOwner }) =>
      headRefOid === commit || headRepositoryOwner?.login.toLowerCase() === owner,
  );
  const [first = null] = own;
  return own.find(({ baseRefName }) => baseRefName === base) ?? (isBaseGiven ? null : first);
}

/** The open merge request of the branch with that base; any, where the user named no base. */
export function chooseMergeRequest(
  all: readonly MergeRequest[],
  { base, isBaseGiven }: Pick<PullRequestSpec, "base" | "isBaseGiven">,
): MergeRequest | null {
  const [first = null] = all;
  return all.find(({ target_branch }) => target_branch === base) ?? (isBaseGiven ? null : first);
}
