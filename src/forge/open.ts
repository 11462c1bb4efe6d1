import type { Repository } from "../git/repository.ts";
import type { Summary } from "../model/summary.ts";
import type { Target } from "../push/refs.ts";
import { pullRequestTitle, titleLine } from "../report/pull-request/body.ts";
import { verdictInWords } from "../report/verdict.ts";
import { type ExitCode, exitCodes } from "../shared/errors.ts";
import { shortId } from "../shared/text.ts";
import type { World } from "../shared/world.ts";
import { openByAgit } from "./agit.ts";
import { withoutTitle } from "./description.ts";
import { openOnGitHub } from "./github.ts";
import { openOnGitLab } from "./gitlab.ts";
import type { PullRequestSpec } from "./pull-request-spec.ts";
import type { ForgeKind } from "./remote.ts";
import { programRunner } from "./run.ts";

/** What is asked of a pull request. */
export type OpenRequest = Pick<PullRequestSpec, "destination" | "base" | "isBaseGiven" | "draft" | "web" | "force"> & {
  readonly head: Target;
  /** The last verification of HEAD. */
  readonly summary: Summary;
  /** What it is to say: the title, then the description with our part between its markers. */
  readonly text: string;
};

const openers: Readonly<Record<ForgeKind, (spec: PullRequestSpec) => Promise<ExitCode>>> = {
  github: openOnGitHub,
  gitlab: openOnGitLab,
  gitea: openByAgit,
};

/**
 * Opens or updates the pull request of HEAD's branch at the host that the branch is pushed to. What is not verified
 * becomes a draft or nothing. Throws RequestError and UnavailableError as the hosts' functions do.
 */
export async function openPullRequest(request: OpenRequest, repository: Repository, world: World): Promise<ExitCode> {
  const { summary, head, text, ...asked } = request;
  if (summary.verdict !== "verified" && !asked.draft) {
    world.errors.write(
      `${shortId(head.commit)}: ${verdictInWords(summary).toLowerCase()}, so no pull request is opened; --draft opens one that says so.\n`,
    );
    return exitCodes.notVerified;
  }
  return await openers[asked.destination.kind]({
    ...asked,
    world,
    root: repository.root,
    git: repository.git,
    run: programRunner(world, repository.root, asked.destination.url),
    commit: head.commit,
    title: titleOf(text, summary),
    body: withoutTitle(text).trimEnd(),
  });
}

/** The author may have given it another title than ours, which stands there as Markdown. */
function titleOf(text: string, summary: Summary): string {
  const [line = ""] = text.split(/\r?\n/, 1);
  return line === titleLine(summary) || !line.startsWith("# ") ? pullRequestTitle(summary) : line.slice(2).trim();
}
