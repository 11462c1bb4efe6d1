import { gitLineOrNull } from "../git/client.ts";
import { type ExitCode, exitCodes, RequestError } from "../shared/errors.ts";
import { earlierHeads } from "./earlier.ts";
import type { PullRequestSpec } from "./pull-request-spec.ts";
import { describedWithin, longestOption, pushShown, refuseBrowser, tellAddress } from "./push.ts";
import { agitArguments } from "./push-arguments.ts";

/**
 * Opens a pull request on Gitea or Forgejo by pushing to `refs/for/BASE` (AGit), or updates this branch's one to HEAD;
 * the push runs the repository's hook. An open one keeps its title and description, as they cannot be read. Throws
 * RequestError for a draft of an open one, UnavailableError where the push fails.
 */
export async function openByAgit(spec: PullRequestSpec): Promise<ExitCode> {
  const { git, commit, world, draft, force } = spec;
  refuseBrowser(spec, null);
  const [earlier] = await earlierHeads(spec, "refs/pull/*/head");
  if (earlier?.commit === commit) {
    world.errors.write(`Pull request ${earlier.number} is at this commit already, and stays as it is.\n`);
    return exitCodes.verified;
  }
  if (earlier !== undefined && draft) {
    throw new RequestError(
      `Pull request ${earlier.number} is open already, and a push cannot make a draft of it: leave --draft out.`,
    );
  }
  const isNew = earlier === undefined || force;
  // The replaced state is one of this branch, like with a lease, so no one else's commits are lost.
  const isRewritten =
    earlier !== undefined && (await gitLineOrNull(git, "merge-base", "--is-ancestor", earlier.commit, commit)) === null;
  const description = isNew ? describedWithin(spec, longestText) : null;
  const pushed = await pushShown(spec, agitArguments(spec, { description, replaces: isRewritten || force }));
  if (!isNew) {
    world.errors.write(
      "Its title and description are as they were: they cannot be read, and what its author wrote could be lost. --force sends them.\n",
    );
  }
  tellAddress(spec, pushed);
  return exitCodes.verified;
}

/** Base64 encodes three bytes as four characters. */
const longestText = Math.floor((longestOption * 3) / 4);
