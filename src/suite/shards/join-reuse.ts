import { earlierRuns, type PartlyReused, type SuiteReuse } from "../../model/reuse.ts";
import type { SuiteSummary } from "../../model/summary.ts";
import { UnavailableError } from "../../shared/errors.ts";
import { firstDifference } from "../reuse/compare.ts";
import type { Decided } from "../reuse/decided.ts";
import { lostOnAll } from "../reuse/partly-reused.ts";
import type { MergedSuite, ShardTrace } from "../reuse/record-merged.ts";
import { restoredOutcome } from "../reuse/stored-outcome.ts";
import type { SuiteOutcome } from "../suite-outcome.ts";
import { comparedOf, type FoundShard, type ShardSuite, traceOf } from "./shard-file.ts";

/** What one shard says of results that are reused. */
interface ReusingShard {
  /** "2/5". */
  readonly name: string;
  readonly decided: Decided | null;
}

const again = "Run all shards again with --full.";

/** Throws UnavailableError where shards decided differently about what is reused: some results would be there twice, or not at all. */
export function requireSameReuse(suite: string, shards: readonly ReusingShard[]): void {
  const decisions = shards.flatMap(({ name, decided }) => (decided === null ? [] : [{ name, ...decided }]));
  const first = decisions.find(({ kind }) => kind !== "run");
  if (first === undefined) return;
  const same = ["kind", "whole", "reused"] as const satisfies readonly (keyof Decided)[];
  for (const other of decisions) {
    if (other.surroundings !== first.surroundings) {
      throw new UnavailableError(
        `${suite}: shard ${first.name} reuses results that shard ${other.name} cannot: packages, programs, variables or the number of workers differ between their machines. ${again}`,
      );
    }
    if (same.every((key) => other[key] === first[key])) continue;
    throw new UnavailableError(
      `${suite}: shards ${first.name} and ${other.name} reuse different results. Give all shards the same history (\`verify history import\`), or run all of them with --full.`,
    );
  }
}

/** How much of a suite's results is of earlier runs, over all shards; undefined where nothing is. */
export function joinedReuse(parts: readonly Pick<SuiteSummary, "reuse">[]): SuiteReuse | undefined {
  const all = parts.flatMap(({ reuse }) => reuse ?? []);
  if (all.length === 0) return undefined;
  const sum = (value: (one: SuiteReuse) => number): number => all.reduce((total, one) => total + value(one), 0);
  return {
    ran: sum(({ ran }) => ran),
    reused: sum(({ reused }) => reused),
    audited: sum(({ audited }) => audited),
    reachedFrom: all.find(({ reachedFrom }) => reachedFrom.length > 0)?.reachedFrom ?? [],
    runs: earlierRuns(all),
    workSeconds: sum(({ workSeconds }) => workSeconds),
  };
}

/** Why what is reused of a suite is not to be trusted, as one shard alone can tell; a sentence each. */
export function distrustOnShard(suite: string, { difference, why }: PartlyReused): string[] {
  if (difference !== null) return [differenceReason(suite, difference)];
  return why === null ? [] : [`What is reused of ${suite} cannot be joined with what ran: ${why}. ${again}`];
}

/** The reason where something ran with another result than recorded, a clause. */
function differenceReason(suite: string, difference: string): string {
  return `What was recorded of ${suite} is wrong: ${difference}, although nothing changed that it is known to depend on. ${again}`;
}

/** Why all of a suite has to run, by what all shards together covered; null where it need not. */
function lostReason(suite: string, parts: readonly PartlyReused[]): string | null {
  if (parts.length === 0) return null;
  const lost = lostOnAll(parts);
  return lost === null
    ? null
    : `All of ${suite} has to run: coverage (${lost}) that may be another file's is missing. ${again}`;
}

/** What a suite's shards have in common with its outcome over all of them. */
type Part = { readonly shard: FoundShard; readonly part: ShardSuite };

/**
 * The outcome of a suite over all shards with what speaks against results that are reused, and with what is needed to record
 * it. `scratch` is an absolute, private directory. Throws UnavailableError where a file of a shard is damaged.
 */
export async function judgedReuse(
  outcome: SuiteOutcome,
  parts: readonly Part[],
  place: { readonly root: string; readonly scratch: string },
): Promise<MergedSuite> {
  const { name, tests } = outcome.summary;
  const decided = parts.flatMap(({ part }) => part.decided ?? []);
  const partly = parts.flatMap(({ part }) => part.partly ?? []);
  const difference = await differenceFromRecord(outcome, parts, place);
  // Where a test failed the verdict stands, and what it did not reach is no wonder.
  const lost = tests.failed > 0 ? null : lostReason(name, partly);
  const reasons = [
    ...(difference === null ? [] : [differenceReason(name, difference)]),
    ...(lost === null ? [] : [lost]),
  ];
  const isDistrusted =
    reasons.length > 0 || partly.some(({ difference: found, why }) => found !== null || why !== null);
  const ran = parts.filter(({ part }) => part.dealt !== null && part.dealt.own.length > 0);
  const traces: (ShardTrace | null)[] = [];
  for (const { shard, part } of ran) traces.push(await traceOf(shard, part));
  return { outcome: { ...outcome, reasons: [...outcome.reasons, ...reasons] }, decided, traces, isDistrusted };
}

/** The first difference from the record that the suite was run to be compared with, a clause; null where there is none. */
async function differenceFromRecord(
  outcome: SuiteOutcome,
  parts: readonly Part[],
  { root, scratch }: { readonly root: string; readonly scratch: string },
): Promise<string | null> {
  for (const { shard, part } of parts) {
    const stored = await comparedOf(shard, part);
    if (stored === null) continue;
    const log = { path: `${scratch}/compared.log`, name: "" };
    return await firstDifference(await restoredOutcome(stored, { root, scratch, log }), outcome, root);
  }
  return null;
}
