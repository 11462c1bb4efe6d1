import type { EarlierRun } from "../../model/reuse.ts";
import type { RanTest } from "../../model/test-id.ts";
import type { Checkout } from "../../push/checkout.ts";
import type { World } from "../../shared/world.ts";
import type { SuiteOutcome } from "../suite-outcome.ts";
import type { Decided } from "./decided.ts";
import { keepFiles } from "./files-record.ts";
import { joinTraces, type Trace } from "./join-traces.ts";
import { RecordStore } from "./record-store.ts";
import { RunLog } from "./run-log.ts";
import { isReusable, storedOutcome } from "./stored-outcome.ts";
import { readTree } from "./tree.ts";
import { wholeRecord } from "./whole-record.ts";

/** What one shard traced of a suite's files, and the tests that ran there. */
export interface ShardTrace {
  readonly trace: Trace;
  readonly ran: readonly RanTest[];
}

/** A suite's outcome over all shards, and what is needed to record it. */
export interface MergedSuite {
  readonly outcome: SuiteOutcome;
  /** What every shard decided. */
  readonly decided: readonly Decided[];
  /** What the shards traced; null for one that traced nothing although files ran there. */
  readonly traces: readonly (ShardTrace | null)[];
  /** Whether what was recorded of it was found wrong, or may not be enough: then the next run is a full one. */
  readonly isDistrusted: boolean;
}

/** Where a merged run is recorded. */
export interface MergedPlace {
  /** The absolute directory under which records lie that travel. */
  readonly records: string;
  readonly checkout: Checkout;
  readonly run: EarlierRun;
  readonly world: World;
  /** An absolute, private directory for files on the way. */
  readonly scratch: string;
  readonly server: string | null;
}

/** Records what ran on all shards for later ones, and gives why a suite was not recorded, a sentence each. */
export async function recordMerged(suites: readonly MergedSuite[], place: MergedPlace): Promise<string[]> {
  const notes: string[] = [];
  for (const suite of suites) {
    const { name } = suite.outcome.summary;
    const store = new RecordStore(place.records, name);
    const log = new RunLog(place.records, name);
    if (suite.isDistrusted) {
      await store.clear();
      await log.forget();
      continue;
    }
    await log.add({ at: place.run.at, full: suite.outcome.summary.reuse === undefined });
    const now = place.world.now?.() ?? new Date();
    for (const key of new Set(suite.decided.flatMap(({ keys }) => keys))) await store.touch(key, now);
    const why = await record(store, suite, place);
    if (why !== null) notes.push(`Nothing of ${name} is recorded for later shards: ${why}.`);
  }
  return notes;
}

/** Writes the records of a suite; gives why there is none, a clause. */
async function record(
  store: RecordStore,
  { outcome, decided, traces }: MergedSuite,
  { checkout, run, world, scratch, server }: MergedPlace,
): Promise<string | null> {
  const [first] = decided;
  if (first === undefined || first.surroundings === null) return null;
  if (outcome.reasons.length + outcome.foreign.length > 0) return null;
  const { surroundings, whole } = first;
  if (decided.some((other) => other.surroundings !== surroundings || other.whole !== whole))
    return "packages, programs, variables or the number of workers differ between the machines of its shards";
  if (!decided.every(({ hasStayed }) => hasStayed)) return "files that it depends on changed while it ran";
  const own = outcome.summary.databases.length > 0 ? server : null;
  const place = { root: checkout.root, scratch, run, server: own, coverage: null };
  // What is merged of several runs rests on all of them, and can only be told for one.
  if (whole !== null && outcome.summary.reuse === undefined && isReusable(outcome))
    await store.write(whole, await wholeRecord(await storedOutcome(outcome, place), checkout.root));
  const traced = traces.filter((one) => one !== null);
  if (traced.length === 0) return null;
  if (traced.length < traces.length) return "one of its shards could not trace what its files rest on";
  const trace = joinTraces(traced.map((one) => one.trace));
  if ("differences" in trace) {
    const ran = traced.flatMap((one) => one.ran);
    const tree = await readTree(checkout, world.environment);
    await keepFiles(store, { surroundings, tree, ...place }, { outcome, trace, ran });
    return null;
  }
  return trace.why;
}
