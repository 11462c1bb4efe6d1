import type { VerifyOptions } from "../../config/request.ts";
import type { Config } from "../../config/schema.ts";
import type { EarlierRun } from "../../model/reuse.ts";
import type { Checkout } from "../../push/checkout.ts";
import { shortId } from "../../shared/text.ts";
import type { World } from "../../shared/world.ts";
import type { Plan, PlannedSuite } from "../plan/plan.ts";
import type { SuiteOutcome } from "../suite-outcome.ts";
import { firstDifference } from "./compare.ts";
import { RecordStore } from "./record-store.ts";
import { mostDays, RunLog } from "./run-log.ts";
import { isReusable, restoredOutcome, type StoredOutcome, storedOutcome } from "./stored-outcome.ts";
import type { SuiteDecision } from "./suite-decision.ts";
import type { SurroundingsRequest } from "./surroundings.ts";
import { digestSpokenOf, type SuiteKey, wholeSuiteKey } from "./whole-suite.ts";

/** One suite in so many is run although its record could be reused, to compare the two. */
const auditedShare = 0.05;

/** What reuse is decided from. */
export interface ReuseRequest {
  readonly config: Config;
  readonly plan: Plan;
  readonly checkout: Checkout;
  /** The absolute git common directory, shared by all linked worktrees. */
  readonly commonDirectory: string;
  /** This run, as later ones will name it. */
  readonly run: EarlierRun;
  /** Whether the verified commit is, or goes to, the base branch. */
  readonly isBase: boolean;
  readonly options: Pick<VerifyOptions, "full" | "arguments" | "databaseUrl">;
  readonly world: World;
  /** The environment class of receipts: system and runtimes. */
  readonly environmentClass: () => Promise<string>;
}

/** What is recorded of a suite's outcome: the files it speaks of must be as they were. */
interface WholeRecord {
  readonly outcome: StoredOutcome;
  readonly spokenOf: string;
}

/** What a run reuses of earlier ones, and what it records for later ones. */
export class Reuse {
  /** Nothing is reused, and nothing recorded. */
  static readonly none = new Reuse(null, new Map(), new Map());

  readonly #request: ReuseRequest | null;
  readonly #decisions: Map<string, SuiteDecision>;
  readonly #keys: ReadonlyMap<string, SuiteKey>;
  /** What was found wrong with a record, a sentence each. */
  readonly #faults: string[] = [];

  private constructor(
    request: ReuseRequest | null,
    decisions: Map<string, SuiteDecision>,
    keys: ReadonlyMap<string, SuiteKey>,
  ) {
    this.#request = request;
    this.#decisions = decisions;
    this.#keys = keys;
  }

  /** Decides for every suite of a plan. Throws RequestError where a suite's "inputs" are wrong. */
  static async decide(request: ReuseRequest): Promise<Reuse> {
    const { config, plan, options } = request;
    const decisions = new Map<string, SuiteDecision>();
    const keys = new Map<string, SuiteKey>();
    for (const planned of plan.suites) {
      const { name } = planned.suite;
      if (!config.incremental || options.arguments.length > 0) {
        decisions.set(name, { kind: "run", why: null });
        continue;
      }
      const key = await wholeSuiteKey(await surroundingsRequest(request, planned));
      keys.set(name, key);
      decisions.set(name, await decisionFor(request, name, key));
    }
    return new Reuse(request, decisions, keys);
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
    return await restoredOutcome(decision.stored, {
      root: this.#request.checkout.root,
      scratch: place.scratch,
      log: place.log(),
    });
  }

  /** Compares what ran with what was recorded of it. A difference voids all records of that suite, and everything runs. */
  async compare(planned: PlannedSuite, outcome: SuiteOutcome, scratch: string): Promise<void> {
    const decision = this.decisionOf(planned);
    if (decision.kind !== "audit" || this.#request === null) return;
    const { root } = this.#request.checkout;
    const log = { path: `${scratch}/compared.log`, name: "" };
    const recorded = await restoredOutcome(decision.stored, { root, scratch, log });
    const difference = await firstDifference(recorded, outcome, root);
    if (difference === null) return;
    const { name } = planned.suite;
    await new RecordStore(this.#request.commonDirectory, name).clear();
    this.#faults.push(
      `What was recorded of ${name} is wrong: in the run of ${shortId(decision.stored.run.commit)}, ${difference}, although none of its inputs changed. ` +
        'Its records are void, and everything ran. Either its "inputs" or "environment" lack something that it reads, or its tests do not always give the same result.',
    );
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
    const { plan, commonDirectory, checkout, run, world } = this.#request;
    for (const planned of plan.suites) {
      const { name } = planned.suite;
      const outcome = outcomes.find(({ summary }) => summary.name === name);
      const key = this.#keys.get(name);
      if (outcome === undefined || key === undefined) continue;
      const isFull = outcome.summary.reuse === undefined;
      await new RunLog(commonDirectory, name).add({ at: run.at, full: isFull });
      const store = new RecordStore(commonDirectory, name);
      if (!("key" in key)) continue;
      if (!isFull) await store.touch(key.key, world.now?.() ?? new Date());
      else if (isReusable(outcome)) {
        const server = planned.usesDatabase ? place.server : null;
        const stored = await storedOutcome(outcome, { root: checkout.root, scratch: place.scratch, run, server });
        await writeRecord(this.#request, store, { planned, key: key.key, outcome: stored });
      }
    }
  }
}

/** Writes a record, unless a file that it rests on changed meanwhile: git does not look at all of them. */
async function writeRecord(
  request: ReuseRequest,
  store: RecordStore,
  { planned, key, outcome }: { planned: PlannedSuite; key: string; outcome: StoredOutcome },
): Promise<void> {
  const now = await wholeSuiteKey(await surroundingsRequest(request, planned));
  if (!("key" in now) || now.key !== key) return;
  const record: WholeRecord = { outcome, spokenOf: await digestSpokenOf(outcome, request.checkout.root) };
  await store.write(key, record);
}

async function surroundingsRequest(request: ReuseRequest, planned: PlannedSuite): Promise<SurroundingsRequest> {
  const { config, checkout, options, world } = request;
  const configured = config.database === false ? undefined : config.database.url;
  return {
    planned,
    config,
    checkout,
    tracked: await checkout.trackedFiles(),
    environment: world.environment,
    environmentClass: await request.environmentClass(),
    hasOwnServer: Boolean(options.databaseUrl ?? world.environment.VERIFY_DATABASE_URL ?? configured),
  };
}

async function decisionFor(request: ReuseRequest, suite: string, key: SuiteKey): Promise<SuiteDecision> {
  const { commonDirectory, checkout, world, options, isBase, config } = request;
  if ("why" in key) return { kind: "run", why: key.why };
  const now = world.now?.() ?? new Date();
  const why =
    whyAll(options.full, isBase ? config.base : null) ?? (await new RunLog(commonDirectory, suite).whyFull(now));
  if (why !== null) return { kind: "run", why };
  const record = await new RecordStore(commonDirectory, suite).read(key.key);
  if (!isWholeRecord(record, suite)) return { kind: "run", why: "no run with its inputs as they are now is recorded" };
  const { outcome, spokenOf } = record;
  if ((await digestSpokenOf(outcome, checkout.root)) !== spokenOf) {
    return { kind: "run", why: 'a file that it measures changed, which its "inputs" do not name' };
  }
  if (!isRecent(outcome.run, now)) return { kind: "run", why: "what is recorded of it is too old" };
  const random = world.random ?? Math.random;
  return random() < auditedShare ? { kind: "audit", stored: outcome } : { kind: "reuse", stored: outcome };
}

function whyAll(isAsked: boolean, base: string | null): string | null {
  if (isAsked) return "--full asks for everything";
  return base === null ? null : `${base} is the base branch`;
}

/** Whether a run is not older than results may be. */
export function isRecent({ at }: EarlierRun, now: Date): boolean {
  const age = now.getTime() - Date.parse(at);
  return age >= 0 && age <= mostDays * 86_400_000;
}

/** Whether a value is a record that can be used. The store only returns what this version wrote. */
function isWholeRecord(value: unknown, suite: string): value is WholeRecord {
  const { outcome, spokenOf } = (value ?? {}) as Partial<WholeRecord>;
  return typeof spokenOf === "string" && typeof outcome?.lcov === "string" && outcome.summary?.name === suite;
}
