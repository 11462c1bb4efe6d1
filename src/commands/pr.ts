import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadConfig } from "../config-file.ts";
import { type ExitCode, exitCodes, RequestError } from "../errors.ts";
import { isExpired, ReceiptStore } from "../push/receipts.ts";
import { readRevision, type Target } from "../push/refs.ts";
import { openRepository, type Repository } from "../push/repository.ts";
import { findChanges } from "../report/changes.ts";
import { pullRequestBody } from "../report/pull-request.ts";
import { summaryOfReceipt } from "../report/summarize.ts";
import type { Changes, Summary } from "../report/summary.ts";
import { shortId } from "../report/text.ts";
import { reportsDirectory } from "../report/write.ts";
import type { World } from "../world.ts";

/** Prints the pull-request body of HEAD, computed anew from its last verification. */
export async function pullRequest(options: { base?: string | undefined }, world: World): Promise<ExitCode> {
  const repository = await openRepository(world);
  const head = await readRevision(repository.git, "HEAD");
  const summary = await lastVerification(repository, head);
  if (summary === null) {
    throw new RequestError(`${shortId(head.commit)} has not been verified: run \`npx verify\` first, or push it.`);
  }
  const changes =
    options.base === undefined ? summary.changes : await changesAgainst(options.base, repository, head.commit);
  world.output.write(pullRequestBody({ ...summary, changes }));
  return exitCodes.verified;
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

/** The summary of the last run of that commit; where that was another commit's, the one its tree's receipt holds. */
async function lastVerification(repository: Repository, head: Target): Promise<Summary | null> {
  const last = await readSummary(repository.root);
  if (last !== null && last.commit === head.commit && last.verifiedIn !== "working tree") return last;
  const receipt = await new ReceiptStore(repository.commonDirectory).ofTree(head.tree);
  if (receipt === null || isExpired(receipt, new Date())) return null;
  if (receipt.summary.commit === head.commit) return { ...receipt.summary, branch: head.branch };
  // The same files, but this commit may have come to them by other steps.
  const { git, root } = repository;
  const base = (await loadConfig(root))?.config.base;
  const changes = base === undefined ? null : await findChanges({ git, commit: head.commit, base });
  return summaryOfReceipt(receipt, head, changes);
}

/** The summary of the last run in this checkout, or null. */
async function readSummary(root: string): Promise<Summary | null> {
  try {
    const summary: Summary = JSON.parse(await readFile(join(root, reportsDirectory, "summary.json"), "utf8"));
    return summary.schema === 1 ? summary : null;
  } catch {
    return null;
  }
}
