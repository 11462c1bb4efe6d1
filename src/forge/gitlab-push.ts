import { relative } from "node:path";
import { type ExitCode, exitCodes, UnavailableError } from "../shared/errors.ts";
import { quote } from "../shared/shell.ts";
import { descriptionFor, writeDescription } from "./description.ts";
import { earlierHeads } from "./earlier.ts";
import { remoteTip } from "./forge-branch.ts";
import { createArguments } from "./glab-arguments.ts";
import type { PullRequestSpec } from "./pull-request-spec.ts";
import { describedWithin, longestOption, pushShown, refuseBrowser, tellAddress } from "./push.ts";
import { mergeRequestArguments } from "./push-arguments.ts";
import { commandLine, missingProgram } from "./run.ts";

const from = "GitLab's own, from https://gitlab.com/gitlab-org/cli";

/**
 * Opens a merge request with push options; the push runs the repository's hook. An open one keeps its title and
 * description, as they cannot be read. Throws UnavailableError where the push fails or GitLab ignores the options.
 */
export async function openByPushOptions(spec: PullRequestSpec): Promise<ExitCode> {
  const { run, destination, world, commit } = spec;
  refuseBrowser(spec, "glab");
  const there = await remoteTip(run, destination.remote, destination.remoteBranch);
  if (there === commit) {
    world.errors.write(
      `${destination.remoteBranch} is on ${destination.remote} already, and GitLab takes options only with a push that brings something.\n`,
    );
    const file = relative(world.directory, await writeDescription(spec, descriptionFor(spec, "", "")));
    const command = `${commandLine("glab", createArguments(spec, { description: null }))} --description "$(cat ${quote(file)})"`;
    return missingProgram(world, { program: "glab", from, command });
  }
  const [earlier] = await earlierHeads(spec, "refs/merge-requests/*/head", there === null ? [] : [there]);
  const isNew = earlier === undefined || spec.force;
  const pushed = await pushShown(
    spec,
    mergeRequestArguments(spec, isNew ? describedWithin(spec, longestOption) : null),
  );
  const [, refusal] = /(Error encountered with push options[^\n]*)/.exec(pushed) ?? [];
  if (refusal !== undefined)
    throw new UnavailableError(`GitLab has the branch, and no merge request: ${refusal.trim()}`);
  if (!isNew) {
    world.errors.write(
      "Its title and description are as they were: only glab could read what its author wrote there, and --force replaces it.\n",
    );
  }
  tellAddress(spec, pushed);
  return exitCodes.verified;
}
