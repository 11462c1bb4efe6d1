import { gitLineOrNull } from "../git/client.ts";
import type { PullRequestSpec } from "./pull-request-spec.ts";
import { requireOutput } from "./run.ts";

/** A pull request on the server. */
export interface EarlierHead {
  readonly number: number;
  /** Its current commit. */
  readonly commit: string;
}

/**
 * Pull requests whose head is an earlier state of this branch, newest first. `known` are further commits of this
 * branch. Throws UnavailableError where the remote cannot be read.
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
    // A merged one is over; a new pull request is meant.
    const isMerged = ["merge-base", "--is-ancestor", id, `refs/remotes/${destination.remote}/${base}`];
    if ((await gitLineOrNull(git, ...isMerged)) === null) heads.push({ number: Number(number), commit: id });
  }
  return heads.sort((left, right) => right.number - left.number);
}

/** The branch's earlier commits from its reflog, except its starting point, which may belong to another branch. */
async function branchStates({ git, destination }: Pick<PullRequestSpec, "git" | "destination">): Promise<string[]> {
  const log = ["log", "--walk-reflogs", "--format=%H", `refs/heads/${destination.branch}`, "--"];
  return ((await gitLineOrNull(git, ...log)) ?? "").split("\n").slice(0, -1);
}
