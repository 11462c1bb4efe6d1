import { gitLineOrNull } from "../git/client.ts";
import type { PullRequestSpec } from "./pull-request-spec.ts";
import { requireOutput } from "./run.ts";

/** A pull request that the server has, by its number. */
export interface EarlierHead {
  readonly number: number;
  /** The commit that it is at. */
  readonly commit: string;
}

/**
 * The pull requests whose heads are states that this branch has had, the newest first: what was pushed from here before.
 * `known` are more commits that are this branch's. Throws UnavailableError where the remote cannot be asked.
 */
export async function earlierHeads(
  spec: Pick<PullRequestSpec, "run" | "git" | "destination" | "commit" | "base">,
  pattern: "refs/pull/*/head" | "refs/merge-requests/*/head",
  known: readonly string[] = [],
): Promise<EarlierHead[]> {
  const { run, git, destination, commit, base } = spec;
  const states = new Set([commit, ...known, ...(await branchStates(spec))]);
  const lines = (await requireOutput(run, "git", ["ls-remote", "--", destination.remote, pattern])).split("\n");
  const heads: EarlierHead[] = [];
  for (const line of lines) {
    const [, id = "", number] = /^([0-9a-f]+)\trefs\/[a-z-]+\/(\d+)\/head$/.exec(line) ?? [];
    if (!states.has(id)) continue;
    // What the base holds is merged, and a new pull request is meant.
    const isMerged = ["merge-base", "--is-ancestor", id, `refs/remotes/${destination.remote}/${base}`];
    if ((await gitLineOrNull(git, ...isMerged)) === null) heads.push({ number: Number(number), commit: id });
  }
  return heads.sort((left, right) => right.number - left.number);
}

/** The commits the branch has been at, by its reflog, but for the one it was made from: that may be another branch's. */
async function branchStates({ git, destination }: Pick<PullRequestSpec, "git" | "destination">): Promise<string[]> {
  const log = ["log", "--walk-reflogs", "--format=%H", `refs/heads/${destination.branch}`, "--"];
  return ((await gitLineOrNull(git, ...log)) ?? "").split("\n").slice(0, -1);
}
