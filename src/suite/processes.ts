import { type LeaseOffice, openLeaseOffice } from "../database/leases.ts";
import type { Audit, Provision, WorkerDatabase, WorkerId } from "../database/provision.ts";
import type { RejectionSummary } from "../model/summary.ts";
import type { TestId } from "../model/test-id.ts";
import { type Attempt, type AttemptRequest, runAttempt } from "./attempt.ts";
import type { Logs } from "./logs.ts";
import { type BuiltCommand, builtCommand } from "./plan/build-steps.ts";
import type { PlannedSuite } from "./plan/plan.ts";
import type { Progress } from "./progress/listen.ts";
import { endedServer, groupRejections, withRejections } from "./results/audit.ts";
import { requireSameTests } from "./results/different-tests.ts";
import { mergeReported, mergeResults } from "./results/merge.ts";
import { outputOf } from "./runners/listing.ts";
import type { ListingRequest, Runner, Share, TestResults } from "./runners/runner.ts";
import { shareOut } from "./schedule/shares.ts";
import type { SuiteContext } from "./suite-context.ts";

/** What is needed to run a suite's processes. */
export interface SuiteParts {
  readonly planned: PlannedSuite;
  readonly runner: Runner;
  readonly scene: SuiteContext;
  /** Null where the suite uses no database. */
  readonly provision: Provision | null;
  readonly logs: Logs;
  readonly signal: AbortSignal;
  /** Called for each process that is about to start, with the view of how far it is. */
  readonly onProgress: (progress: Progress) => void;
}

/** What came of a suite's processes, all of which have ended. */
export interface Conducted {
  readonly results: TestResults;
  readonly databases: readonly WorkerDatabase[];
  readonly audit: Audit;
  readonly rejections: readonly RejectionSummary[];
  /** The wall time of the tests, from the start of the first process to the end of the last. */
  readonly seconds: number;
  /** Where their output is, relative to the repo's root. */
  readonly logs: readonly string[];
  /** Who did what when. */
  readonly told: ReturnType<typeof mergeReported>;
}

/** Starts the processes of one suite, each time with fresh databases. What each method throws says that nothing can be judged. */
export class SuiteProcesses {
  readonly parts: SuiteParts;
  /** The command where it builds first; null where it does not. */
  readonly #command: BuiltCommand | null;
  #isBuilt = false;

  constructor(parts: SuiteParts) {
    this.parts = parts;
    this.#command = builtCommand(parts.planned.suite.command, parts.planned.directory);
  }

  /** The suite as its next process is to run it: what was built is not built again. */
  get #suite(): PlannedSuite["suite"] {
    const { suite } = this.parts.planned;
    return this.#isBuilt && this.#command !== null ? { ...suite, command: this.#command.tests } : suite;
  }

  /** The whole suite in one process of its runner, which runs the workers. */
  async runWhole(): Promise<Conducted> {
    const { planned, logs } = this.parts;
    const log = logs(planned.suite.name);
    return await this.#conduct(planned.databases, [log.name], async (databases, office, signal) => {
      const workerEnvironments = environmentsOf(planned.workers, databases);
      const workers = planned.workers.length;
      const attempt = await this.#attempt({ workers, workerEnvironments, office, selection: null, log, signal });
      this.#isBuilt = attempt.reported.hellos > 0;
      return [attempt];
    });
  }

  /** The suite in as many processes as it has workers, each over a share of the test files. */
  async runShares(): Promise<Conducted> {
    const { planned, logs } = this.parts;
    const { workers, suite } = planned;
    await this.#build();
    const shares = await this.#shares();
    const files = workers.slice(0, shares.length).map((worker) => logs(`${suite.name}-${worker}`));
    const names = files.map(({ name }) => name);
    return await this.#conduct(planned.databases, names, async (databases, office, signal) => {
      const environments = environmentsOf(workers, databases);
      return await allOrNone(signal, (ends) =>
        files.map((log, index) => {
          const worker = workers[index] ?? "master";
          const selection = shareOf(shares, index);
          const workerEnvironments = { master: environments[worker] ?? {} };
          return this.#attempt({ workers: 1, workerEnvironments, worker, office, selection, log, signal: ends });
        }),
      );
    });
  }

  /**
   * Some tests, serially and in their order, on one fresh database: in one process where the runner keeps an order, else in
   * one for each file, one after another. As that worker where the suite has it; each process for so many seconds at the
   * most, the suite's own timeout where that is left out.
   */
  async runTests(
    tests: readonly TestId[],
    { worker: wanted, timeoutSeconds }: { readonly worker?: string; readonly timeoutSeconds?: number } = {},
  ): Promise<Conducted> {
    const { planned, runner, logs } = this.parts;
    const worker = planned.workers.find((one) => one === wanted) ?? planned.workers[0] ?? "master";
    const steps = runner.keepsOrder ? [tests] : byFile(tests);
    const files = steps.map(() => logs(`${planned.suite.name}-again`));
    const names = files.map(({ name }) => name);
    return await this.#conduct(planned.usesDatabase ? [worker] : [], names, async (databases, office, signal) => {
      const workerEnvironments = { master: environmentsOf([worker], databases)[worker] ?? {} };
      const attempts: Attempt[] = [];
      for (const [index, log] of files.entries()) {
        const selection = { kind: "tests", tests: steps[index] ?? [] } as const;
        const request = { workers: 1, workerEnvironments, worker, office, selection, log, signal, timeoutSeconds };
        attempts.push(await this.#attempt(request));
      }
      return attempts;
    });
  }

  /** Builds for all processes at once: side by side they would write the same files while others read them. */
  async #build(): Promise<void> {
    if (this.#isBuilt || this.#command === null) return;
    await outputOf({ ...this.#place(), command: this.#command.build, purpose: "its build failed" });
    this.#isBuilt = true;
  }

  /** Where a command of the suite runs that runs no tests. */
  #place(): ListingRequest {
    const { planned, scene, signal } = this.parts;
    return {
      suite: this.#suite,
      directory: planned.directory,
      checkoutRoot: scene.checkout.root,
      environment: { ...scene.environment, ...scene.coordinatorEnvironment },
      arguments: scene.arguments,
      dependencyNotes: scene.checkout.dependencyNotes,
      scratch: scene.scratch,
      signal,
    };
  }

  /** The files of each share; null for shares that the processes find by themselves. */
  async #shares(): Promise<readonly (readonly string[] | null)[]> {
    const { planned, runner, scene } = this.parts;
    if (runner.listFiles === null) return planned.workers.map(() => null);
    const run = this.#place();
    const shares = shareOut(await runner.listFiles(run), scene.checkout.root, scene.durations, planned.workers.length);
    // A suite without files has one process, which looks for them as the command says, and tells in its own words that there
    // are none: a runner that is given an empty list runs whatever it finds.
    return shares.length === 0 ? [null] : shares;
  }

  async #attempt({
    office,
    timeoutSeconds = this.parts.planned.timeoutSeconds,
    ...request
  }: Omit<AttemptRequest, "planned" | "runner" | "scene" | "leaseSocket"> & {
    readonly office: LeaseOffice | null;
    readonly timeoutSeconds?: number | undefined;
  }): Promise<Attempt> {
    const { planned, runner, scene, onProgress } = this.parts;
    return await runAttempt({
      planned: { ...planned, suite: this.#suite, timeoutSeconds },
      runner,
      scene,
      leaseSocket: office?.socketPath ?? null,
      onProgress,
      ...request,
    });
  }

  async #conduct(
    workers: readonly WorkerId[],
    logs: readonly string[],
    start: (
      databases: readonly WorkerDatabase[],
      office: LeaseOffice | null,
      signal: AbortSignal,
    ) => Promise<readonly Attempt[]>,
  ): Promise<Conducted> {
    const { planned, provision, scene, signal } = this.parts;
    let office: LeaseOffice | null = null;
    try {
      const databases = (await provision?.lease(workers)) ?? [];
      if (provision && planned.leases)
        office = await openLeaseOffice(provision, databases, scene.scratch, { renews: planned.renewsLeases });
      const ends = [signal, provision?.lost, office?.failed].filter((end) => end !== undefined);
      const started = performance.now();
      const attempts = await start(databases, office, AbortSignal.any(ends));
      const seconds = (performance.now() - started) / 1000;
      // Before the results are read: where the server is gone, they are not the suite's own.
      const audit = (await provision?.audit().catch((error) => Promise.reject(endedServer(error)))) ?? nothingSeen;
      const told = mergeReported(attempts.map(({ reported }) => reported));
      const rejections = groupRejections(audit.rejections, told, scene.checkout.root);
      const results = await Promise.all(attempts.map((attempt) => attempt.collect())).catch((error) => {
        throw withRejections(error, rejections);
      });
      requireSameTests(planned.suite.name, results);
      return { results: mergeResults(results), databases, audit, rejections, seconds, logs, told };
    } catch (error) {
      if (signal.aborted) throw error;
      // Without its server a suite says nothing: why it was ended is the server's end.
      if (provision?.lost.aborted) throw endedServer(provision.lost.reason);
      throw office?.failed.aborted ? office.failed.reason : error;
    } finally {
      await office?.close();
    }
  }
}

function shareOf(shares: readonly (readonly string[] | null)[], index: number): Share {
  const files = shares[index] ?? null;
  const others = shares.filter((_, other) => other !== index).flatMap((share) => share ?? []);
  return { kind: "share", index, count: shares.length, files, otherFiles: files && others };
}

/** The tests in their order, cut where the file changes. */
function byFile(tests: readonly TestId[]): TestId[][] {
  const steps: TestId[][] = [];
  for (const test of tests) {
    const last = steps.at(-1);
    if (last?.[0]?.file === test.file) last.push(test);
    else steps.push([test]);
  }
  return steps;
}

const nothingSeen: Audit = { connected: null, rejections: [] };

function environmentsOf(
  workers: readonly WorkerId[],
  databases: readonly WorkerDatabase[],
): Record<string, Readonly<Record<string, string>>> {
  const own = new Map(databases.map((database) => [database.worker, database.environment]));
  return Object.fromEntries(workers.map((worker) => [worker, own.get(worker) ?? { VERIFY_WORKER: worker }]));
}

/** Waits for all; where one fails, the others are ended first. Rejects with the first failure. */
async function allOrNone<Value>(
  signal: AbortSignal,
  start: (signal: AbortSignal) => readonly Promise<Value>[],
): Promise<Value[]> {
  const others = new AbortController();
  const running = start(AbortSignal.any([signal, others.signal]));
  let first: { readonly error: unknown } | null = null;
  const watched = running.map((one) =>
    one.catch((error: unknown) => {
      first ??= { error };
      others.abort();
      throw error;
    }),
  );
  await Promise.allSettled(watched);
  if (first !== null) throw (first as { readonly error: unknown }).error;
  return await Promise.all(watched);
}
