import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Summary } from "../model/summary.ts";
import { removeOlder, replaceFile } from "../shared/files.ts";

/** Proof that a tree passed: what was verified, by what, under which conditions. */
export interface Receipt {
  readonly schema: 1;
  readonly tree: string;
  /** The digest of the configuration the tree was held against. */
  readonly configuration: string;
  /** The version of pushproof. */
  readonly version: string;
  /** The kind of environment: operating system and runtimes. */
  readonly environment: string;
  /**
   * The merge base, where the gate depends on it: the same files may pass against one and not against another. Null where
   * it does not.
   */
  readonly against: string | null;
  /** When the verification ended, ISO 8601 in UTC. */
  readonly at: string;
  readonly summary: Summary;
}

/** What must be the same for a receipt to stand for a new verification. */
export type Conditions = Pick<Receipt, "tree" | "configuration" | "version" | "environment" | "against">;

/** How long a receipt stands, in days. An environment drifts in ways its class does not tell. */
export const receiptDays = 30;

/** The receipts of a repository, shared by all its linked worktrees. */
export class ReceiptStore {
  readonly #receipts: string;
  readonly #proven: string;

  constructor(commonDirectory: string) {
    this.#receipts = join(commonDirectory, "verify", "receipts");
    // What the hook reads: see hooks/pre-push.
    this.#proven = join(commonDirectory, "verify", "proven");
  }

  /** The receipt of a tree, whatever its conditions; null where there is none that can be read. */
  async ofTree(tree: string): Promise<Receipt | null> {
    try {
      const receipt: Receipt = JSON.parse(await readFile(this.#receiptPath(tree), "utf8"));
      const whole = receipt.schema === 1 && receipt.tree === tree && !Number.isNaN(Date.parse(receipt.at));
      return whole && receipt.summary.verdict === "verified" ? receipt : null;
    } catch {
      // A receipt that is damaged proves nothing; the next pass replaces it.
      return null;
    }
  }

  /** The receipt that stands for these conditions, or null. */
  async find(conditions: Conditions, now: Date): Promise<Receipt | null> {
    const receipt = await this.ofTree(conditions.tree);
    return receipt !== null && differences(receipt, conditions, now).length === 0 ? receipt : null;
  }

  /** Stores a receipt, and the marker that lets the hook answer for it without starting Node; null for a receipt it may not judge. */
  async save(receipt: Receipt, marker: string | null): Promise<void> {
    await replaceFile(this.#receiptPath(receipt.tree), `${JSON.stringify(receipt, null, 2)}\n`);
    if (marker === null) await rm(join(this.#proven, receipt.tree), { force: true });
    else await replaceFile(join(this.#proven, receipt.tree), marker);
  }

  /** Forgets a tree: a later failure of the same tree takes its proof away. */
  async revoke(tree: string): Promise<void> {
    await rm(join(this.#proven, tree), { force: true });
    await rm(this.#receiptPath(tree), { force: true });
  }

  /** All receipts, newest first. */
  async list(): Promise<Receipt[]> {
    const names = await readdir(this.#receipts).catch(() => []);
    const trees = names.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length));
    const receipts = await Promise.all(trees.map((tree) => this.ofTree(tree)));
    return receipts.filter((receipt) => receipt !== null).sort((left, right) => right.at.localeCompare(left.at));
  }

  /** Removes what no longer stands because of its age. */
  async prune(now: Date): Promise<void> {
    for (const directory of [this.#receipts, this.#proven]) await removeOlder(directory, receiptDays, now);
  }

  #receiptPath(tree: string): string {
    return join(this.#receipts, `${tree}.json`);
  }
}

/** Why a receipt does not stand for these conditions, a phrase each; empty where it does. */
export function differences(receipt: Receipt, conditions: Conditions, now: Date): string[] {
  const reasons: string[] = [];
  if (receipt.configuration !== conditions.configuration) reasons.push("the configuration has changed");
  if (receipt.version !== conditions.version)
    reasons.push(`pushproof was ${receipt.version}, now ${conditions.version}`);
  if (receipt.environment !== conditions.environment) {
    reasons.push(`it ran on ${receipt.environment}, this is ${conditions.environment}`);
  }
  if (receipt.against !== conditions.against) reasons.push("it was compared with another state of the base branch");
  if (isExpired(receipt, now)) reasons.push(`it is more than ${receiptDays} days old`);
  return reasons;
}

/** Whether a receipt is too old to stand for anything. */
export function isExpired({ at }: Receipt, now: Date): boolean {
  return now.getTime() - Date.parse(at) > receiptDays * 86_400_000;
}
