import { realpath } from "node:fs/promises";
import { join, relative } from "node:path";
import { isConfigProgram, type LoadedConfig } from "../config/load.ts";
import type { VerifyRequest } from "../config/request.ts";
import type { Repository } from "../git/repository.ts";
import { isIncremental } from "../model/reuse.ts";
import type { Summary } from "../model/summary.ts";
import type { Checkout } from "../push/checkout.ts";
import type { Receipt, ReceiptKey, ReceiptStore } from "../push/receipts.ts";
import { isForBase, type Target } from "../push/refs.ts";
import { messageOf } from "../shared/errors.ts";
import { listed } from "../shared/text.ts";
import type { World } from "../shared/world.ts";
import type { Plan } from "../suite/plan/plan.ts";
import { callersServer, hookMarker } from "./receipt-key.ts";

/** Whether a receipt would make a run of this plan unnecessary. */
export function wantsProof({ options, subject }: VerifyRequest, plan: Plan): boolean {
  return !options.fresh && !plan.special && subject.kind !== "working tree";
}

/**
 * The receipt that makes a run of this plan unnecessary, or null. That of a run which reused results of earlier ones
 * answers for every branch but `base`.
 */
export async function findProof(
  { request, receipts }: { request: VerifyRequest; receipts: ReceiptStore },
  plan: Plan,
  target: Target,
  receiptKey: Promise<ReceiptKey>,
  base: string,
): Promise<Receipt | null> {
  // Without any receipt, the versions of the runtimes need not be awaited.
  if (!wantsProof(request, plan) || (await receipts.ofTree(target.tree)) === null) return null;
  const receipt = await receipts.find(await receiptKey, new Date());
  const mustBeComplete = request.options.full || isForBase(target, request.subject, base);
  return receipt !== null && mustBeComplete && isIncremental(receipt.summary) ? null : receipt;
}

/** The parts of a run that decide about its receipt. */
export interface ProvenRun {
  readonly receiptKey: Promise<ReceiptKey>;
  readonly checkout: Checkout;
  readonly loaded: LoadedConfig;
  readonly plan: Plan;
}

/**
 * Stores a receipt for a pass; a failure of a complete run removes the present one. Returns the summary, without the
 * receipt where it could not be stored.
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
    // The hook cannot judge configuration programs, whose result may change, nor servers, merge bases, branches that
    // reused results do not count for, and configuration that is not part of the tree: only Node can.
    const isForNode =
      !(await isTracked(checkout, loaded.file)) ||
      isConfigProgram(loaded.file) ||
      receipt.environment.endsWith(callersServer) ||
      receipt.against !== null ||
      isIncremental(summary);
    await receipts.save(receipt, isForNode ? null : await hookMarker(repository, world, { plan, checkout }));
  } else if (summary.verdict === "failed" && !plan.special && checkout.kind !== "working tree") {
    await receipts.revoke(summary.tree);
  }
}

/** Whether git tracks a file and its link target; other files change without the tree. */
export async function isTracked({ root, trackedFiles }: Checkout, file: string): Promise<boolean> {
  const [files, path] = await Promise.all([trackedFiles(), realpath(join(root, file))]);
  return files.has(file) && files.has(relative(root, path));
}

/** Why a pass does not prove the tree, one sentence each; `added` are files that the run left behind. */
export function whyNoProof({ kind, dependencyNotes }: Checkout, plan: Plan, added: readonly string[]): string[] {
  const reasons = plan.weaker.map((reason) => `No receipt is kept: ${reason}.`);
  // In a worktree such dependencies are left out, so nothing ran with them.
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
