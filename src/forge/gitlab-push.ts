import { relative } from "node:path";
import { type ExitCode, exitCodes, UnavailableError } from "../shared/errors.ts";
import { quote } from "../shared/shell.ts";
import { descriptionFor, writeDescription } from "./description.ts";
import { remoteTip } from "./destination.ts";
import { earlierHeads } from "./earlier.ts";
import type { Order } from "./order.ts";
import { describedWithin, longestOption, pushShown, refuseBrowser, tellAddress } from "./push.ts";
import { commandLine, missingProgram } from "./run.ts";

const from = "GitLab's own, from https://gitlab.com/gitlab-org/cli";

/**
 * Opens a merge request by the options of a push, which goes through the repository's own hook as any push. What is open
 * already keeps its title and its description, as they cannot be read. Throws UnavailableError where the push fails or
 * GitLab takes it without the options.
 */
export async function openByPushOptions(order: Order): Promise<ExitCode> {
  const { run, destination, world, commit } = order;
  refuseBrowser(order, "glab");
  const there = await remoteTip(run, destination.remote, destination.remoteBranch);
  if (there === commit) {
    world.errors.write(
      `${destination.remoteBranch} is on ${destination.remote} already, and GitLab takes options only with a push that brings something.\n`,
    );
    const file = relative(world.directory, await writeDescription(order, descriptionFor(order, "", "")));
    const command = `${commandLine("glab", createWords(order, { description: null }))} --description "$(cat ${quote(file)})"`;
    return missingProgram(world, { program: "glab", from, command });
  }
  const [earlier] = await earlierHeads(order, "refs/merge-requests/*/head", there === null ? [] : [there]);
  const isNew = earlier === undefined || order.force;
  const pushed = await pushShown(order, gitLabWords(order, isNew ? describedWithin(order, longestOption) : null));
  const [, refusal] = /(Error encountered with push options[^\n]*)/.exec(pushed) ?? [];
  if (refusal !== undefined)
    throw new UnavailableError(`GitLab has the branch, and no merge request: ${refusal.trim()}`);
  if (!isNew) {
    world.errors.write(
      "Its title and description are as they were: only glab could read what its author wrote there, and --force replaces it.\n",
    );
  }
  tellAddress(order, pushed);
  return exitCodes.verified;
}

/** The arguments of the push; a description is given to what is new. */
export function gitLabWords(
  {
    destination: { remote, remoteBranch },
    base,
    title,
    draft,
  }: Pick<Order, "destination" | "base" | "title" | "draft">,
  description: string | null,
): string[] {
  // Options have one line each; GitLab (15.0 and later) reads a backslash and an n as a line's end.
  const texts = description === null ? [] : [`title=${title}`, `description=${description.replace(/\r?\n/g, "\\n")}`];
  const options = ["create", `target=${base}`, ...texts, ...(draft ? ["draft"] : [])];
  const words = options.flatMap((option) => ["-o", `merge_request.${option}`]);
  return ["push", ...words, remote, `HEAD:refs/heads/${remoteBranch}`];
}

/** The arguments that list the open merge requests of a branch. */
export function listWords(branch: string): string[] {
  return ["mr", "list", "--source-branch", branch, "--output", "json"];
}

/** The arguments that open a merge request; the description is left out where it is null. */
export function createWords(
  { destination, base, title, draft }: Pick<Order, "destination" | "base" | "title" | "draft">,
  { description, form = false }: { description: string | null; form?: boolean },
): string[] {
  const branches = ["--source-branch", destination.remoteBranch, "--target-branch", base];
  const words = [
    "mr",
    "create",
    ...branches,
    "--title",
    title,
    ...(draft ? ["--draft"] : []),
    form ? "--web" : "--yes",
  ];
  return description === null ? words : [...words, "--description", description];
}

/** The arguments that put a description in place of the one that is there; the title stays the author's. */
export function updateWords(iid: number, description: string, draft: boolean): string[] {
  return ["mr", "update", String(iid), "--description", description, ...(draft ? ["--draft"] : [])];
}
