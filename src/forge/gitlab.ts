import { type ExitCode, exitCodes } from "../shared/errors.ts";
import { descriptionFor, fitsInAddress, writeDescription } from "./description.ts";
import { requirePushed } from "./destination.ts";
import { createWords, listWords, openByPushOptions, updateWords } from "./gitlab-push.ts";
import type { Order } from "./order.ts";
import { addressIn, failure, outputOf, parseJson } from "./run.ts";

/** What `glab mr list --output json` says of one. */
export interface MergeRequest {
  readonly iid: number;
  readonly web_url: string;
  readonly description: string | null;
  readonly draft?: boolean;
  readonly target_branch: string;
}

/**
 * Opens a merge request by glab, or updates the one that is there, and prints its address; without glab, by the options
 * of a push. Throws RequestError where the branch is not pushed or somebody changed our part of the description,
 * UnavailableError where glab fails.
 */
export async function openOnGitLab(order: Order): Promise<ExitCode> {
  const { run, destination, world } = order;
  const listed = await run("glab", listWords(destination.remoteBranch));
  if (listed.exitCode === null) return await openByPushOptions(order);
  await requirePushed(destination, order.commit, order);
  if (listed.exitCode !== 0) throw failure("glab", listed);
  const present = chooseMergeRequest(parseJson<MergeRequest[]>("glab", listed.output), order);
  const address = present === null ? await create(order) : await update(order, present);
  if (address !== null) world.output.write(`${address}\n`);
  return exitCodes.verified;
}

/** Of the open merge requests of the branch, the one to that base; where nobody named a base, any. */
export function chooseMergeRequest(
  all: readonly MergeRequest[],
  { base, isBaseGiven }: Pick<Order, "base" | "isBaseGiven">,
): MergeRequest | null {
  const [first = null] = all;
  return all.find(({ target_branch }) => target_branch === base) ?? (isBaseGiven ? null : first);
}

async function create(order: Order): Promise<string | null> {
  const { run, title, web } = order;
  const description = descriptionFor(order, "", "");
  await writeDescription(order, description);
  const form = web && fitsInAddress(title, description);
  const address = addressIn(await outputOf(run, "glab", createWords(order, { description, form })));
  if (web && !form) await outputOf(run, "glab", ["mr", "view", order.destination.remoteBranch, "--web"]);
  return form ? null : address;
}

async function update(order: Order, { iid, web_url, description, draft }: MergeRequest): Promise<string> {
  const { run, web } = order;
  const text = descriptionFor(order, description ?? "", web_url);
  await writeDescription(order, text);
  await outputOf(run, "glab", updateWords(iid, text, order.draft && !draft));
  if (web) await outputOf(run, "glab", ["mr", "view", String(iid), "--web"]);
  return web_url;
}
