import { createHash } from "node:crypto";
import type { SuiteDecision } from "./suite-decision.ts";

/** What one shard decided about a suite, to be held against what the others did. */
export interface Decided {
  readonly kind: SuiteDecision["kind"];
  /** Why all of it runs, a clause; null where it does not, or where nothing was to be reused. */
  readonly why: string | null;
  /** The digest of the suite's surroundings; null where they are not known. */
  readonly surroundings: string | null;
  /** The key of the whole suite; null where it has none. */
  readonly whole: string | null;
  /** A digest of which results are reused and compared, and of the runs that they are from; null where none is. */
  readonly reused: string | null;
  /** The keys of the records that stand for something, to keep them longer. */
  readonly keys: readonly string[];
  /** How many test files are reused. */
  readonly files: number;
  /** Whether surroundings and inputs were at the end what they were before. */
  readonly hasStayed: boolean;
}

/** The digest of what a decision reuses and compares, and from which records; null where nothing is. */
export function digestOfReused(decision: SuiteDecision): string | null {
  if (decision.kind === "run") return null;
  if (decision.kind !== "files") {
    const { run, summary, record, lcov } = decision.stored;
    return digestOf([decision.kind, run, summary.tests, record.tests.length, digestOf(lcov)]);
  }
  const { reach, keys, records } = decision.part;
  return digestOf([
    Object.entries(reach.reused).sort(byName),
    Object.entries(reach.compared).sort(byName),
    digestOf(reach.plugin),
    keys,
    records.map(({ run }) => run),
  ]);
}

function byName([left]: readonly [string, number], [right]: readonly [string, number]): number {
  return left < right ? -1 : 1;
}

function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

/** How many test files' results a decision reuses. */
export function reusedFiles(decision: SuiteDecision): number {
  if (decision.kind === "files") return Object.keys(decision.part.reach.reused).length;
  return decision.kind === "reuse" ? decision.stored.summary.files : 0;
}
