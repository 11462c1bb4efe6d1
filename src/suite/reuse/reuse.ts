import { background } from "../../shared/background.ts";
import { shortId } from "../../shared/text.ts";
import type { PlannedSuite } from "../plan/plan.ts";
import { isOwn } from "../shards/deal.ts";
import type { SuiteOutcome } from "../suite-outcome.ts";
import { firstDifference } from "./compare.ts";
import { decideSuite, type Keys, surroundingsRequest } from "./decide-suite.ts";
import { type Decided, digestOfReused, reusedFiles } from "./decided.ts";
import { isByFile } from "./files-decision.ts";
import { recordFiles, recordShares } from "./files-record.ts";
import { RecordStore } from "./record-store.ts";
import { nowOf, type ReuseRequest } from "./reuse-request.ts";
import { RunLog } from "./run-log.ts";
import { isReusable, restoredOutcome, reusedOnShard, type StoredOutcome, storedOutcome } from "./stored-outcome.ts";
import type { Deciding, SuiteDecision } from "./suite-decision.ts";
import { readSurroundings } from "./surroundings.ts";
import type { PartOfFiles } from "./test-files.ts";
import { readTree, type Tree } from "./tree.ts";
import { wholeRecord } from "./whole-record.ts";
import { type SuiteKey, wholeSuiteKey } from "./whole-suite.ts";

/** What a run reuses of earlier ones, and what it records for later ones. */
export class Reuse {
  /** Nothing is reused, and nothing recorded. */
  static readonly none = new Reuse(null, new Map(), new Map());

  readonly #request: ReuseRequest | null;
  readonly #decisions: Map<string, SuiteDecision>;
  /** Decisions of suites that run, whole or in part, which is still being found out. */
  readonly #deciding = new Map<string, Deciding["decision"]>();
  readonly #keys: ReadonlyMap<string, Keys>;
  /** What was found wrong with a record, a sentence each. */
  readonly #faults: string[] = [];

  private constructor(
    request: ReuseRequest | null,
    decisions: ReadonlyMap<string, SuiteDecision | Deciding>,
    keys: ReadonlyMap<string, Keys>,
  ) {
    this.#request = request;
    this.#decisions = new Map();
    for (const [name, decision] of decisions) {
      if (decision.kind === "deciding") this.#deciding.set(name, decision.decision);
      this.#decisions.set(name, decision.kind === "deciding" ? { kind: "run", why: null } : decision);
    }
    this.#keys = keys;
  }

  /**
   * Decides for every suite of a plan: whether it runs, and which of its test files once `settle` has been awaited. Throws
   * RequestError where a suite's "inputs" are wrong.
   */
  static async decide(request: ReuseRequest): Promise<Reuse> {
    const { config, plan, options } = request;
    const decisions = new Map<string, SuiteDecision | Deciding>();
    const keys = new Map<string, Keys>();
    let read: Promise<Tree> | undefined;
    const tree = (): Promise<Tree> => (read ??= background(readTree(request.checkout, request.world.environment)));
    for (const planned of plan.suites) {
      const { name } = planned.suite;
      if (!config.incremental || options.arguments.length > 0) {
        decisions.set(name, { kind: "run", why: null });
        continue;
      }
      const decided = await decideSuite(request, planned, tree());
      keys.set(name, decided.keys);
      decisions.set(name, decided.decision);
    }
    return new Reuse(request, decisions, keys);
  }

  /** Waits until it is decided which test files run: before any of them does. */
  async settle(): Promise<void> {
    for (const [name, deciding] of this.#deciding) {
      const decision = await deciding;
      // Meanwhile a record may have been found wrong.
      if (this.#deciding.delete(name)) this.#decisions.set(name, decision);
    }
  }

  /** What becomes of a suite, as far as is known now. */
  decisionOf({ suite }: PlannedSuite): SuiteDecision {
    return this.#decisions.get(suite.name) ?? { kind: "run", why: null };
  }

  /** Whether a suite may need to run before the end: where another one is compared, a difference makes everything run. */
  mayRun(planned: PlannedSuite): boolean {
    const isCompared = [...this.#decisions.values()].some(({ kind }) => kind === "audit");
    return isCompared || this.decisionOf(planned).kind !== "reuse";
  }

  /** The plan's suites, those that run before those that are reused. */
  inOrder(suites: readonly PlannedSuite[]): PlannedSuite[] {
    const isReused = (planned: PlannedSuite): boolean => this.decisionOf(planned).kind === "reuse";
    return [...suites.filter((planned) => !isReused(planned)), ...suites.filter(isReused)];
  }

  /** The recorded outcome that stands for a suite; null where it has to run. */
  async outcomeFor(
    planned: PlannedSuite,
    place: { scratch: string; log: () => { path: string; name: string } },
  ): Promise<SuiteOutcome | null> {
    const decision = this.decisionOf(planned);
    if (decision.kind !== "reuse" || this.#request === null) return null;
    const outcome = await restoredOutcome(decision.stored, {
      root: this.#request.checkout.root,
      scratch: place.scratch,
      log: place.log(),
    });
    const { shard } = planned;
    return shard === undefined ? outcome : reusedOnShard(outcome, isOwn(shard, shard.turn));
  }

  /** What was decided of a suite, for the other shards' decisions to be held against; null where nothing could be reused. */
  async decidedOf(planned: PlannedSuite): Promise<Decided | null> {
    const keys = this.#keys.get(planned.suite.name);
    if (keys === undefined || this.#request === null) return null;
    const { surroundings, whole } = keys;
    const decision = this.decisionOf(planned);
    const own = await surroundingsRequest(this.#request, planned);
    const now = await readSurroundings(own);
    const wholeNow = await wholeSuiteKey(own, now);
    return {
      kind: decision.kind,
      why: decision.kind === "run" ? decision.why : null,
      surroundings: "digest" in surroundings ? surroundings.digest : null,
      whole: "key" in whole ? whole.key : null,
      reused: digestOfReused(decision),
      files: reusedFiles(decision),
      keys: keysOf(decision, whole),
      hasStayed: JSON.stringify([surroundings, whole]) === JSON.stringify([now, wholeNow]),
    };
  }

  /** The recorded outcome that a suite is run to be compared with; null where it is not. */
  comparedWith(planned: PlannedSuite): StoredOutcome | null {
    const decision = this.decisionOf(planned);
    return decision.kind === "audit" ? decision.stored : null;
  }

  /** The part of a suite's test files that is to run; null where all are. */
  partOf(planned: PlannedSuite): PartOfFiles | null {
    const decision = this.decisionOf(planned);
    return decision.kind === "files" ? decision.part : null;
  }

  /** Whether a suite's processes are to trace what each test file rests on. */
  traces(planned: PlannedSuite): boolean {
    const keys = this.#keys.get(planned.suite.name);
    return keys !== undefined && "digest" in keys.surroundings && isByFile(planned);
  }

  /** Compares what ran with what was recorded of it. A difference voids all records of that suite, and everything runs. */
  async compare(planned: PlannedSuite, outcome: SuiteOutcome, scratch: string): Promise<void> {
    const decision = this.decisionOf(planned);
    // Of a shard all together are compared.
    if (decision.kind !== "audit" || this.#request === null || planned.shard !== undefined) return;
    const { root } = this.#request.checkout;
    const log = { path: `${scratch}/compared.log`, name: "" };
    const recorded = await restoredOutcome(decision.stored, { root, scratch, log });
    const difference = await firstDifference(recorded, outcome, root);
    if (difference !== null)
      await this.distrust(planned, `in the run of ${shortId(decision.stored.run.commit)}, ${difference}`);
  }

  /** Voids all records of a suite, as one was found wrong; everything that has not run yet runs. */
  async distrust({ suite: { name, inputs } }: PlannedSuite, difference: string): Promise<void> {
    if (this.#request === null) return;
    await new RecordStore(this.#request.commonDirectory, name).clear();
    const lacking = inputs === undefined ? '"environment" lacks' : '"inputs" or "environment" lack';
    this.#faults.push(
      `What was recorded of ${name} is wrong: ${difference}, although nothing changed that it is known to depend on. ` +
        `Its records are void, and everything ran. Either its ${lacking} something that it reads, or its tests do not always give the same result.`,
    );
    this.#deciding.clear();
    for (const other of this.#decisions.keys()) this.#decisions.set(other, { kind: "run", why: "a record was wrong" });
  }

  /** What people must know, a sentence each: first what was found wrong. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  /** Why suites ran whole that might have been reused, a sentence each. */
  get notes(): string[] {
    return [...this.#decisions].flatMap(([name, decision]) =>
      decision.kind === "run" && decision.why !== null && this.#faults.length === 0
        ? [`Nothing of ${name} was reused: ${decision.why}.`]
        : [],
    );
  }

  /** The server that a reused suite used; null where none did. */
  get server(): string | null {
    const stored = [...this.#decisions.values()].flatMap((one) => (one.kind === "reuse" ? [one.stored.server] : []));
    return stored.find((server) => server !== null) ?? null;
  }

  /**
   * Records what ran, for later runs. Call it once the checkout is known to have stayed as it was; what fails is no fault
   * of the run, and only costs a later one its time.
   */
  async record(outcomes: readonly SuiteOutcome[], place: { scratch: string; server: string | null }): Promise<void> {
    if (this.#request === null) return;
    const { plan, commonDirectory, checkout, run } = this.#request;
    const now = nowOf(this.#request);
    for (const planned of plan.suites) {
      const { name } = planned.suite;
      const outcome = outcomes.find(({ summary }) => summary.name === name);
      const keys = this.#keys.get(name);
      if (outcome === undefined || keys === undefined) continue;
      const isFull = outcome.summary.reuse === undefined;
      await new RunLog(commonDirectory, name).add({ at: run.at, full: isFull });
      const store = new RecordStore(commonDirectory, name);
      const used = { store, planned, keys, server: planned.usesDatabase ? place.server : null };
      const decision = this.decisionOf(planned);
      for (const key of keysOf(decision, keys.whole)) await store.touch(key, now);
      if (outcome.traced !== undefined) await recordFiles(this.#request, used, outcome, outcome.traced);
      else if (isByFile(planned) && outcome.summary.parallel === "processes")
        await recordShares(store, keys.surroundings);
      // What is merged of several runs rests on all of them, and can only be told for one.
      if (isFull && "key" in keys.whole && isReusable(outcome)) {
        const { root } = checkout;
        const stored = await storedOutcome(outcome, { root, scratch: place.scratch, run, server: used.server });
        await writeRecord(this.#request, used, { key: keys.whole.key, outcome: stored });
      }
    }
  }
}

/** Where and under which keys a suite is recorded. */
interface RecordPlace {
  readonly store: RecordStore;
  readonly planned: PlannedSuite;
  readonly keys: Keys;
  readonly server: string | null;
}

/** Writes a record, unless a file that it rests on changed meanwhile: git does not look at all of them. */
async function writeRecord(
  request: ReuseRequest,
  { store, planned }: RecordPlace,
  { key, outcome }: { key: string; outcome: StoredOutcome },
): Promise<void> {
  const own = await surroundingsRequest(request, planned);
  const now = await wholeSuiteKey(own, await readSurroundings(own));
  if (!("key" in now) || now.key !== key) return;
  await store.write(key, await wholeRecord(outcome, request.checkout.root));
}

/** The keys of the records that a decision rests on. */
function keysOf(decision: SuiteDecision, whole: SuiteKey): readonly string[] {
  if (decision.kind === "files") return decision.part.keys;
  return decision.kind === "reuse" && "key" in whole ? [whole.key] : [];
}
