import type { CommitObject, ObjectReader } from "../../git/object-reader.ts";
import { UntrustedReceiptError } from "../../shared/errors.ts";
import { clip, plainLine, plural, shortId } from "../../shared/text.ts";
import type { Environment } from "../../shared/world.ts";
import { type Envelope, readEnvelope } from "../attestation/envelope.ts";
import { type VerifiedReceipt, verifyEnvelope } from "../attestation/verifying.ts";
import { whyFreshRun } from "../policy/fresh-paths.ts";
import { whyReceiptFails } from "../policy/judge.ts";
import type { BasePolicy } from "../policy/read.ts";
import type { FoundEnvelopes } from "./envelopes.ts";

/** Whether a commit is proven. */
export type Decision =
  | { readonly verified: true; readonly receipt: VerifiedReceipt }
  /** `reason` is a sentence; a line. */
  | { readonly verified: false; readonly reason: string };

/** What is decided about. */
export interface Question {
  readonly commit: CommitObject;
  /** What was found for the commit's tree. */
  readonly envelopes: FoundEnvelopes;
  /** Every one of these must let the receipt stand; at least one. */
  readonly bases: readonly BasePolicy[];
  /** Where the envelopes were looked for, such as "on origin". */
  readonly where: string;
  readonly now: Date;
}

/** Decides whether one of the receipts proves the commit under every policy. Fails closed. */
export async function decide(
  { commit, envelopes, bases, where, now }: Question,
  reader: ObjectReader,
  environment: Environment,
): Promise<Decision> {
  if (bases.length === 0) throw new Error("Without a policy nothing can be decided.");
  for (const base of bases) {
    const changed = base.policy.freshPaths.length === 0 ? [] : await reader.changedPaths(base.commit.tree, commit.tree);
    const why = whyFreshRun(changed, base.policy);
    if (why !== null) return refused(`${nameOf(base)} asks for a fresh run: ${why}.`);
  }
  const refusals: Refusal[] = [];
  const opened = openAll(envelopes.texts, refusals);
  for (const envelope of opened) {
    const found = await judge(envelope, { tree: commit.tree, now }, bases, environment);
    if ("receipt" in found) return { verified: true, receipt: found.receipt };
    refusals.push(found);
  }
  return refused(explain(refusals, commit, where, envelopes.total));
}

/** Names and receipts may hold texts of any length, which others chose. */
const longestReason = 1000;

function refused(reason: string): Decision {
  return { verified: false, reason: clip(plainLine(reason), longestReason) };
}

/** Why an envelope does not count. One that came further says more to those who read it. */
interface Refusal {
  readonly reached: "text" | "signature" | "policy";
  readonly why: string;
}

function openAll(texts: readonly string[], refusals: Refusal[]): Envelope[] {
  return texts.flatMap((text) => {
    try {
      return [readEnvelope(text)];
    } catch (error) {
      if (!(error instanceof UntrustedReceiptError)) throw error;
      refusals.push({ reached: "text", why: error.message });
      return [];
    }
  });
}

/** Holds one envelope against every policy, each with its own signers. */
async function judge(
  envelope: Envelope,
  judged: { readonly tree: string; readonly now: Date },
  bases: readonly BasePolicy[],
  environment: Environment,
): Promise<Refusal | { readonly receipt: VerifiedReceipt }> {
  let receipt: VerifiedReceipt | null = null;
  for (const base of bases) {
    try {
      receipt = await verifyEnvelope(envelope, base.signers, environment);
    } catch (error) {
      if (!(error instanceof UntrustedReceiptError)) throw error;
      // The message names a copy of the file.
      const file = `${base.policy.allowedSigners} of ${nameOf(base)}`;
      return { reached: "signature", why: error.message.replaceAll(base.signers.allowedSigners, file) };
    }
    const reasons = whyReceiptFails(receipt, judged, base.policy, base.configuration);
    if (reasons.length > 0) {
      const why = `${receipt.signer} signed it, but ${nameOf(base)} refuses it: ${reasons.join("; ")}.`;
      return { reached: "policy", why };
    }
  }
  return receipt === null ? { reached: "text", why: "No policy was asked." } : { receipt };
}

function nameOf({ name, commit }: BasePolicy): string {
  return `${name} (${shortId(commit.id)})`;
}

/** The reason of the receipt that came furthest, and how many others there are. */
function explain(refusals: readonly Refusal[], { tree }: CommitObject, where: string, found: number): string {
  const order = ["text", "signature", "policy"];
  const [furthest] = refusals.toSorted((left, right) => order.indexOf(right.reached) - order.indexOf(left.reached));
  if (furthest === undefined) return `There is no receipt ${where} for its tree ${shortId(tree)}.`;
  const left = found > refusals.length ? `; only ${refusals.length} were looked at` : "";
  const others =
    found > 1 ? ` (${plural(found - 1, "other")} ${found === 2 ? "does" : "do"} not count either${left})` : "";
  return `The receipt ${where} does not count: ${furthest.why}${others}`;
}
