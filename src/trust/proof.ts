import { realpath } from "node:fs/promises";
import { join, relative } from "node:path";
import type { LoadedConfig } from "../config/load.ts";
import type { VerifyRequest } from "../config/request.ts";
import type { Repository } from "../git/repository.ts";
import type { Summary } from "../model/summary.ts";
import type { Checkout } from "../push/checkout.ts";
import type { Receipt, ReceiptKey, ReceiptStore } from "../push/receipts.ts";
import type { Target } from "../push/refs.ts";
import { messageOf } from "../shared/errors.ts";
import { listed } from "../shared/text.ts";
import type { World } from "../shared/world.ts";
import type { Plan } from "../suite/plan/plan.ts";
import { callersServer, hookMarker } from "./receipt-key.ts";

/** The receipt that makes a run of this plan unnecessary, or null. */
export async function findProof(
  { request, receipts }: { request: VerifyRequest; receipts: ReceiptStore },
  plan: Plan,
  target: Target,
  receiptKey: Promise<ReceiptKey>,
): Promise<Receipt | null> {
  const wanted = !request.options.fresh && !plan.special && request.subject.kind !== "working tree";
  // Where there is no receipt at all, nobody waits for the versions of the runtimes.
  if (!wanted || (await receipts.ofTree(target.tree)) === null) return null;
  return await receipts.find(await receiptKey, new Date());
}

/** What a run was about, for keeping what it proved. */
export interface ProvenRun {
  readonly receiptKey: Promise<ReceiptKey>;
  readonly checkout: Checkout;
  readonly loaded: LoadedConfig;
  readonly plan: Plan;
}

/**
 * A pass is kept as proof; a failure of a whole run takes away the proof that was there. Gives the summary as it then
 * is true: where the receipt could not be kept, without one.
 */
export async function keepProof(
  context: { receipts: ReceiptStore; repository: Repository; world: World },
  proved: ProvenRun,
  summary: Summary,
): Promise<Summary> {
  try {
    await keep(context, proved, summary);
    return summary;
  } catch (error) {
    const note = `No receipt could be kept: ${messageOf(error)}`;
    return { ...summary, receipt: null, notes: [...summary.notes, note] };
  }
}

async function keep(
  { receipts, repository, world }: { receipts: ReceiptStore; repository: Repository; world: World },
  { receiptKey, checkout, loaded, plan }: ProvenRun,
  summary: Summary,
): Promise<void> {
  if (summary.receipt !== null) {
    const receipt = { schema: 1, ...(await receiptKey), at: new Date().toISOString(), summary } as const;
    // A configuration that is a program may say something else tomorrow, and the hook knows nothing of servers: there
    // only Node can tell; nor does it know what a merge base is, nor of a configuration that is not part of the tree.
    const isForNode =
      !(await isTracked(checkout, loaded.file)) ||
      /\.(js|mjs|ts)$/.test(loaded.file) ||
      receipt.environment.endsWith(callersServer) ||
      receipt.against !== null;
    await receipts.save(receipt, isForNode ? null : await hookMarker(repository, world, { plan, checkout }));
  } else if (summary.verdict === "failed" && !plan.special && checkout.kind !== "working tree") {
    await receipts.revoke(summary.tree);
  }
}

/** Whether a file, and what it is a link to, is one that git knows: others change without the tree. */
async function isTracked({ root, trackedFiles }: Checkout, file: string): Promise<boolean> {
  const [files, path] = await Promise.all([trackedFiles(), realpath(join(root, file))]);
  return files.has(file) && files.has(relative(root, path));
}

/** Why a pass is no proof of the tree, a sentence each; `added` are the files that the run left behind. */
export function whyNoProof({ kind, dependencyNotes }: Checkout, plan: Plan, added: readonly string[]): string[] {
  const reasons = plan.weaker.map((reason) => `No receipt is kept: ${reason}.`);
  // In a worktree they are left out, so nothing ran with them.
  if (kind === "checkout") reasons.push(...dependencyNotes.map((note) => `No receipt is kept: ${note}`));
  if (kind === "working tree") reasons.push("No receipt is kept: the working tree is not a commit.");
  if (added.length > 0) {
    const files = listed(added, 3, (file) => file, "file").join(", ");
    reasons.push(
      `No receipt is kept: the run left files behind that git does not ignore (${files}). Add them to .gitignore.`,
    );
  }
  return reasons;
}
