import { gitLineOrNull } from "../git/client.ts";
import { type ExitCode, exitCodes, RequestError } from "../shared/errors.ts";
import { earlierHeads } from "./earlier.ts";
import type { PullRequestSpec } from "./pull-request-spec.ts";
import { describedWithin, longestOption, pushShown, refuseBrowser, tellAddress } from "./push.ts";

/**
 * Opens a pull request at Gitea or Forgejo by a push to `refs/for/BASE` (AGit), or brings the one of this branch up to
 * HEAD; the push goes through the repository's own hook as any. What is open already keeps its title and description:
 * they cannot be read. Throws RequestError for a draft of what is open, UnavailableError where the push fails.
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
  // Over a state that this branch has had, as with a lease: nobody else's commits can be lost.
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

/** Base64 makes four characters of three bytes. */
const longestText = Math.floor((longestOption * 3) / 4);

/** The arguments of the push; a description is given to what is new, and `replaces` allows a rewritten history. */
export function agitArguments(
  {
    destination: { remote, branch },
    base,
    title,
    draft,
  }: Pick<PullRequestSpec, "destination" | "base" | "title" | "draft">,
  { description, replaces }: { description: string | null; replaces: boolean },
): string[] {
  const options = [
    `topic=${branch}`,
    // Drafts have no option; a title that begins like this is one.
    ...(description === null ? [] : [`title=${draft ? "WIP: " : ""}${title}`, `description=${oneLine(description)}`]),
    ...(replaces ? ["force-push=true"] : []),
  ];
  return ["push", remote, `HEAD:refs/for/${base}`, ...options.flatMap((option) => ["-o", option])];
}

/** Git takes options of one line; Gitea (1.24.3 and later) and Forgejo read several in this form. */
function oneLine(text: string): string {
  return text.includes("\n") ? `{base64}${Buffer.from(text).toString("base64")}` : text;
}
