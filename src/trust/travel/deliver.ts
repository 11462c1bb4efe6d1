import { type Manner, withPrivateGit } from "../../git/private-git.ts";
import type { Repository } from "../../git/repository.ts";
import { ReceiptStore } from "../../push/receipts.ts";
import { type Delivery, SentReceipts } from "../../push/sent-receipts.ts";
import { InterruptedError, messageOf } from "../../shared/errors.ts";
import { withoutCredentials } from "../../shared/redact.ts";
import type { Environment } from "../../shared/world.ts";
import { type OutgoingReceipt, sendReceipts } from "./send.ts";

/** Where receipts go, and how. */
export interface Destination {
  /** The remote's URL, with its credentials. */
  readonly url: string;
  /** The environment of whoever pushes. */
  readonly caller: Environment;
  readonly signal: AbortSignal;
  readonly manner: Manner;
}

/**
 * Sends the signed receipts of trees to a remote, and notes what became of each, which it also gives. Trees without a signed
 * receipt are passed over.
 */
export async function deliver(
  repository: Repository,
  trees: readonly string[],
  { url, ...how }: Destination,
): Promise<(Delivery & { readonly tree: string })[]> {
  const outgoing = await outgoingReceipts(repository, trees);
  if (outgoing.length === 0) return [];
  const outcomes = await withPrivateGit(repository, how, (git) => sendReceipts(git, url, outgoing, new Date())).catch(
    (error: unknown) => {
      if (error instanceof InterruptedError) throw error;
      return outgoing.map(({ tree }) => ({ tree, state: "failed", why: messageOf(error) }) as const);
    },
  );
  const place = withoutCredentials(url);
  const sent = new SentReceipts(repository.commonDirectory);
  const deliveries = outcomes.map((outcome) => ({ ...outcome, url: place }));
  for (const delivery of deliveries) await sent.note(delivery.tree, delivery);
  return deliveries;
}

async function outgoingReceipts({ commonDirectory }: Repository, trees: readonly string[]): Promise<OutgoingReceipt[]> {
  const store = new ReceiptStore(commonDirectory);
  const found = await Promise.all(
    trees.map(async (tree) => {
      const [receipt, envelope] = await Promise.all([store.ofTree(tree), store.envelopeOf(tree)]);
      return receipt === null || envelope === null ? [] : [{ tree, at: receipt.at, envelope }];
    }),
  );
  return found.flat();
}
