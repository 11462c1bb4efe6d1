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

/** A request to open a pull request. */
export type OpenRequest = Pick<PullRequestSpec, "destination" | "base" | "isBaseGiven" | "draft" | "web" | "force"> & {
  readonly head: Target;
  /** The last verification of HEAD. */
  readonly summary: Summary;
  /** The title, then the description with our part between markers. */
  readonly text: string;
};

const openers: Readonly<Record<ForgeKind, (spec: PullRequestSpec) => Promise<ExitCode>>> = {
  github: openOnGitHub,
  gitlab: openOnGitLab,
  gitea: openByAgit,
};

/**
 * Opens or updates the pull request of HEAD's branch on its host. An unverified commit gets a draft or nothing. Throws
 * RequestError and UnavailableError as the functions for each host do.
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

/** The author may have changed the title, which is Markdown. */
function titleOf(text: string, summary: Summary): string {
  const [line = ""] = text.split(/\r?\n/, 1);
  return line === titleLine(summary) || !line.startsWith("# ") ? pullRequestTitle(summary) : line.slice(2).trim();
}
