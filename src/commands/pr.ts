import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadConfig } from "../config/load.ts";
import { openRepository, type Repository } from "../git/repository.ts";
import type { Changes, Summary } from "../model/summary.ts";
import { inReports, reportsDirectory } from "../project/reports-directory.ts";
import { isExpired, ReceiptStore } from "../push/receipts.ts";
import { readRevision, type Target } from "../push/refs.ts";
import { findChanges } from "../report/changes.ts";
import { pullRequestBody } from "../report/pull-request/body.ts";
import { type PullRequestTemplate, readPullRequestTemplate } from "../report/pull-request/template.ts";
import { pullRequestToSend } from "../report/pull-request/write.ts";
import { summaryOfReceipt } from "../report/summarize.ts";
import { type ExitCode, exitCodes, RequestError } from "../shared/errors.ts";
import { shortId } from "../shared/text.ts";
import type { World } from "../shared/world.ts";

export interface PullRequestOptions {
  readonly base?: string | undefined;
  /** Creates or updates the pull request instead of printing its body. */
  readonly create?: boolean;
  readonly draft?: boolean;
  readonly web?: boolean;
  readonly force?: boolean;
}

/** Prints the pull-request body of HEAD from its last verification, or opens the pull request. */
export async function pullRequest(options: PullRequestOptions, world: World): Promise<ExitCode> {
  const { base, create = false, draft = false, web = false, force = false } = options;
  const lost = Object.entries({ draft, web, force }).find(([, isGiven]) => isGiven && !create);
  if (lost) throw new RequestError(`--${lost[0]} is for a pull request that is opened: add --create.`);
  const repository = await openRepository(world);
  const head = await readRevision(repository, world.environment, "HEAD");
  // The destination is checked first, so that nobody verifies a commit that cannot have a pull request.
  const open = create ? await prepareToOpen({ base, draft, web, force, head }, repository, world) : null;
  const summary = await lastVerification(repository, head);
  if (summary === null) {
    throw new RequestError(`${shortId(head.commit)} has not been verified: run \`npx verify\` first, or push it.`);
  }
  const changes = base === undefined ? summary.changes : await changesAgainst(base, repository, head.commit);
  const described = withChanges(summary, changes);
  const template = await readPullRequestTemplate(repository.git, head.commit);
  if (open !== null) return await open(described, template);
  world.output.write(pullRequestBody(described, template?.text));
  return exitCodes.verified;
}

/** Returns the function that opens the pull request with the last verification's summary. */
async function prepareToOpen(
  { base, ...asked }: { base: string | undefined; draft: boolean; web: boolean; force: boolean; head: Target },
  repository: Repository,
  world: World,
): Promise<(summary: Summary, template: PullRequestTemplate | null) => Promise<ExitCode>> {
  // Imported lazily: only this needs the forges.
  const { findForgeBranch } = await import("../forge/forge-branch.ts");
  const { openPullRequest } = await import("../forge/open.ts");
  const to = base ?? (await loadConfig(repository.root))?.config.base ?? "main";
  const destination = await findForgeBranch(repository, to, world.environment);
  const request = { ...asked, base: to, isBaseGiven: base !== undefined, destination };
  return async (summary, template) => {
    const text = await inReports(repository.root, (directory) => pullRequestToSend(directory, summary, template));
    return await openPullRequest({ ...request, summary, text }, repository, world);
  };
}

/** Coverage of changes was measured against another base, so it is left out. */
function withChanges(summary: Summary, changes: Changes | null): Summary {
  const { coverage } = summary;
  if (coverage === null || changes?.mergeBase === summary.changes?.mergeBase) return { ...summary, changes };
  const { changedLines: _, uncoveredChanges: __, unloaded: ___, exclusions: ____, ...measured } = coverage;
  return { ...summary, changes, coverage: measured };
}

async function changesAgainst(base: string, { git }: Repository, commit: string): Promise<Changes> {
  const changes = await findChanges({ git, commit, base });
  if (changes !== null) return changes;
  const branches = await git.raw(["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads", "refs/remotes"]);
  const known = branches.split("\n").some((name) => name === base || name.endsWith(`/${base}`));
  throw new RequestError(
    known
      ? `There is nothing between "${base}" and ${shortId(commit)} to describe: it holds the commit already, or shares no history with it.`
      : `There is no branch "${base}" here or on a remote to compare ${shortId(commit)} with.`,
  );
}

/** The summary of the commit's last run, or the one in its tree's receipt. */
async function lastVerification(repository: Repository, head: Target): Promise<Summary | null> {
  const last = await readSummary(repository.root);
  if (last !== null && last.commit === head.commit && last.verifiedIn !== "working tree") return last;
  const receipt = await new ReceiptStore(repository.commonDirectory).ofTree(head.tree);
  if (receipt === null || isExpired(receipt, new Date())) return null;
  if (receipt.summary.commit === head.commit) return { ...receipt.summary, branch: head.branch };
  // The files are the same, but the commits that lead to them may differ.
  const { git, root } = repository;
  const base = (await loadConfig(root))?.config.base;
  const changes = base === undefined ? null : await findChanges({ git, commit: head.commit, base });
  return summaryOfReceipt(receipt, head, { changes, destination: null });
}

/** The summary of this checkout's last run, or null. */
async function readSummary(root: string): Promise<Summary | null> {
  try {
    const summary: Summary = JSON.parse(await readFile(join(root, reportsDirectory, "summary.json"), "utf8"));
    return summary.schema === 1 && summary.isOver !== false ? summary : null;
  } catch {
    return null;
  }
}
