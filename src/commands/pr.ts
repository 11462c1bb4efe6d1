import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ExitCode, exitCodes, RequestError } from "../errors.ts";
import { ReceiptStore } from "../push/receipts.ts";
import { readRevision, type Target } from "../push/refs.ts";
import { openRepository, type Repository } from "../push/repository.ts";
import { readChanges } from "../report/changes.ts";
import { pullRequestBody } from "../report/pull-request.ts";
import type { Summary } from "../report/summary.ts";
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
  const base = options.base;
  const changes =
    base === undefined ? summary.changes : await readChanges({ git: repository.git, commit: head.commit, base });
  if (base !== undefined && changes === null) {
    throw new RequestError(`There is no branch "${base}" here or on a remote to compare ${shortId(head.commit)} with.`);
  }
  world.output.write(pullRequestBody({ ...summary, changes }));
  return exitCodes.verified;
}

/** The summary of the last run of that commit; where that was another commit's, the one its tree's receipt holds. */
async function lastVerification(repository: Repository, head: Target): Promise<Summary | null> {
  const last = await readSummary(repository.root);
  if (last !== null && last.commit === head.commit && last.verifiedIn !== "working tree") return last;
  const receipt = await new ReceiptStore(repository.commonDirectory).ofTree(head.tree);
  return receipt && { ...receipt.summary, commit: head.commit, branch: head.branch };
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
