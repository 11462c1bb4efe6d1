import type { SimpleGit } from "simple-git";
import { gitLineOrNull } from "../git/client.ts";
import { defaultRemote, readRemotes } from "../git/remotes.ts";
import type { PushDestination } from "../model/summary.ts";

/**
 * Where a branch is pushed, and the remote's commit there as far as known locally; null on a detached HEAD or without a
 * remote. The remote is the push's, else the branch's own, the default for pushes, `origin`, or the only one.
 */
export async function findPushDestination(
  git: SimpleGit,
  branch: string | null,
  pushedTo: string | undefined,
): Promise<PushDestination | null> {
  if (branch === null) return null;
  const { names, ofBranch } = await readRemotes(git);
  const candidates = [pushedTo, ...ofBranch(branch), defaultRemote(names)];
  const remote = candidates.find((name) => name && names.includes(name));
  if (!remote) return null;
  const before = await gitLineOrNull(
    git,
    "rev-parse",
    "--quiet",
    "--verify",
    `refs/remotes/${remote}/${branch}^{commit}`,
  );
  return { remote, branch, before: before || null };
}
