import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Summary } from "../model/summary.ts";
import { removeOlder, replaceFile } from "../shared/files.ts";
import { compareNames } from "../shared/text.ts";

/** Proof that a tree passed, and the key for which it is valid. */
export interface Receipt {
  readonly schema: 1;
  readonly tree: string;
  /** The digest of the configuration. */
  readonly configuration: string;
  /** The version of pushproof. */
  readonly version: string;
  /** The kind of environment: operating system and runtimes. */
  readonly environment: string;
  /**
   * The state of the base branch that the gates used, such as the merge base: the same files may pass with one and fail
   * with another. Null where no gate depends on it.
   */
  readonly against: string | null;
  /** When the verification ended, ISO 8601 in UTC. */
  readonly at: string;
  readonly summary: Summary;
}

/** The values that must match for a receipt to be valid for a new verification. */
export type ReceiptKey = Pick<Receipt, "tree" | "configuration" | "version" | "environment" | "against">;

/** How long a receipt is valid, in days: environments change in ways that the key does not show. */
export const receiptDays = 30;

/** The receipts of a repository, shared by all its linked worktrees. */
export class ReceiptStore {
  readonly #receipts: string;
  readonly #proven: string;
  readonly #signed: string;
  readonly #sent: string;

  constructor(commonDirectory: string) {
    this.#receipts = join(commonDirectory, "verify", "receipts");
    // Read by the hook; see hooks/pre-push.
    this.#proven = join(commonDirectory, "verify", "proven");
    this.#signed = join(commonDirectory, "verify", "signed");
    // See sent-receipts.ts.
    this.#sent = join(commonDirectory, "verify", "sent");
  }

  /** The receipt of a tree with any key; null where there is none or it is unreadable. */
  async ofTree(tree: string): Promise<Receipt | null> {
    try {
      const receipt: Receipt = JSON.parse(await readFile(this.#receiptPath(tree), "utf8"));
      const whole = receipt.schema === 1 && receipt.tree === tree && !Number.isNaN(Date.parse(receipt.at));
      return whole && receipt.summary.verdict === "verified" ? receipt : null;
    } catch {
      // A damaged receipt proves nothing; the next pass replaces it.
      return null;
    }
  }

  /** The valid receipt for a key, or null. */
  async find(key: ReceiptKey, now: Date): Promise<Receipt | null> {
    const receipt = await this.ofTree(key.tree);
    return receipt !== null && differences(receipt, key, now).length === 0 ? receipt : null;
  }

  /**
   * Stores a receipt, and a marker that lets the hook accept it without starting Node; null where the hook must not. The
   * signed form of an earlier receipt goes: it says something else.
   */
  async save(receipt: Receipt, marker: string | null): Promise<void> {
    await rm(this.#envelopePath(receipt.tree), { force: true });
    await replaceFile(this.#receiptPath(receipt.tree), `${JSON.stringify(receipt, null, 2)}\n`);
    if (marker === null) await rm(join(this.#proven, receipt.tree), { force: true });
    else await replaceFile(join(this.#proven, receipt.tree), marker);
  }

  /** Stores the signed form of a tree's receipt. */
  async saveEnvelope(tree: string, envelope: string): Promise<void> {
    await rm(join(this.#sent, tree), { force: true });
    await replaceFile(this.#envelopePath(tree), `${envelope}\n`);
  }

  /** The signed form of a tree's receipt, one line; null where it is not signed. */
  async envelopeOf(tree: string): Promise<string | null> {
    return await readFile(this.#envelopePath(tree), "utf8").then(
      (text) => text.trimEnd(),
      () => null,
    );
  }

  /** Removes a tree's receipt, after a later failure. */
  async revoke(tree: string): Promise<void> {
    await rm(this.#envelopePath(tree), { force: true });
    await rm(join(this.#proven, tree), { force: true });
    await rm(this.#receiptPath(tree), { force: true });
  }

  /** All receipts, newest first. */
  async list(): Promise<Receipt[]> {
    const names = await readdir(this.#receipts).catch(() => []);
    const trees = names.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length));
    const receipts = await Promise.all(trees.map((tree) => this.ofTree(tree)));
    return receipts.filter((receipt) => receipt !== null).sort((left, right) => compareNames(right.at, left.at));
  }

  /** Removes expired receipts, and all that is kept beside them. */
  async prune(now: Date): Promise<void> {
    for (const directory of [this.#receipts, this.#proven, this.#signed])
      await removeOlder(directory, receiptDays, now);
  }

  #receiptPath(tree: string): string {
    return join(this.#receipts, `${tree}.json`);
  }

  #envelopePath(tree: string): string {
    return join(this.#signed, tree);
  }
}

/** Why a receipt is not valid for a key, a phrase each; empty where it is. */
export function differences(receipt: Receipt, key: ReceiptKey, now: Date): string[] {
  const reasons: string[] = [];
  if (receipt.configuration !== key.configuration) reasons.push("the configuration has changed");
  if (receipt.version !== key.version) reasons.push(`pushproof was ${receipt.version}, now ${key.version}`);
  if (receipt.environment !== key.environment) {
    reasons.push(`it ran on ${receipt.environment}, this is ${key.environment}`);
  }
  if (receipt.against !== key.against) reasons.push("it was compared with another state of the base branch");
  if (isExpired(receipt, now)) reasons.push(`it is more than ${receiptDays} days old`);
  return reasons;
}

/** Whether a receipt has expired. */
export function isExpired({ at }: Receipt, now: Date): boolean {
  return now.getTime() - Date.parse(at) > receiptDays * 86_400_000;
}
