import { type LeaseServer, openLeaseServer } from "../database/leases.ts";
import type { Provision, WorkerDatabase, WorkerId } from "../database/provision.ts";
import type { TestId } from "../model/test-id.ts";
import { allOrNone } from "../shared/all-or-none.ts";
import { type Attempt, type AttemptRequest, runAttempt } from "./attempt.ts";
import { type FilesToRun, shareOf } from "./files-to-run.ts";
import type { Logs } from "./logs.ts";
import { type BuiltCommand, builtCommand } from "./plan/build-steps.ts";
import type { PlannedSuite } from "./plan/plan.ts";
import type { Progress } from "./progress/facts.ts";
import { endedServer, groupRejections, withRejections } from "./results/audit.ts";
import { requireSameTests } from "./results/collection-mismatch.ts";
import { mergeReported, mergeResults } from "./results/merge.ts";
import { listingOutput } from "./runners/listing.ts";
import type { ListingRequest, Runner, Selection, Share } from "./runners/runner.ts";
import { shareOut } from "./schedule/shares.ts";
import { dealtNames, filesOfShard, placeOf } from "./shards/deal.ts";
import type { SuiteContext } from "./suite-context.ts";
import { nothingOf, nothingSeen, type SuiteRunResult } from "./suite-run-result.ts";

/** What is needed to run a suite's processes. */
export interface SuiteParts {
  readonly planned: PlannedSuite;
  readonly runner: Runner;
  readonly context: SuiteContext;
  /** Null where the suite uses no database. */
  readonly provision: Provision | null;
  readonly logs: Logs;
  readonly signal: AbortSignal;
  /** Called before each process starts, with a live view of its progress. */
  readonly onProgress: (progress: Progress) => void;
}

/**
 * Starts the processes of one suite, each time with fresh databases. An error from any method means that there is no
 * verdict.
 */
export class SuiteProcesses {
  readonly parts: SuiteParts;
  /** The command split into build and tests; null where it does not build. */
  readonly #command: BuiltCommand | null;
  #isBuilt = false;

  constructor(parts: SuiteParts) {
    this.parts = parts;
    this.#command = builtCommand(parts.planned.suite.command, parts.planned.directory);
  }

  /** The suite with the command for its next process, which does not build again. */
  get #suite(): PlannedSuite["suite"] {
    const { suite } = this.parts.planned;
    return this.#isBuilt && this.#command !== null ? { ...suite, command: this.#command.tests } : suite;
  }

  /** The whole suite in one process of its runner, which runs the workers. */
  async runWhole(): Promise<SuiteRunResult> {
    const { planned, context, logs } = this.parts;
    const files = planned.shard === undefined ? null : await this.#filesToRun();
    if (files?.own.length === 0) return nothingOf(files, this.parts.context.checkout.root);
    const selection = this.#shardSelection(files);
    const log = logs(planned.suite.name);
    const alone = context.tracing?.isAlone ? planned.workers[0] : undefined;
    const used = alone === undefined ? planned.databases : planned.databases.filter((worker) => worker === alone);
    const result = await this.#runWithDatabases(used, [log.name], async (databases, leases, signal) => {
      const environments = environmentsOf(planned.workers, databases);
      const workers =
        alone === undefined
          ? { workers: planned.workers.length, workerEnvironments: environments }
          : { workers: 1, workerEnvironments: { master: environments[alone] ?? {} }, worker: alone };
      const attempt = await this.#attempt({ ...workers, leases, selection, log, signal });
      this.#isBuilt = attempt.reported.connectedRunners > 0;
      return [attempt];
    });
    return this.#asDealt(result, files);
  }

  /** The suite in as many processes as it has workers, each over a share of the test files. */
  async runShares(): Promise<SuiteRunResult> {
    const { planned, logs } = this.parts;
    const { workers, suite } = planned;
    await this.#build();
    const found = await this.#filesToRun();
    if (found?.own.length === 0 && planned.shard !== undefined)
      return nothingOf(found, this.parts.context.checkout.root);
    const shares = this.#shares(found);
    const files = workers.slice(0, shares.length).map((worker) => logs(`${suite.name}-${worker}`));
    const names = files.map(({ name }) => name);
    const result = await this.#runWithDatabases(planned.databases, names, async (databases, leases, signal) => {
      const environments = environmentsOf(workers, databases);
      return await allOrNone(signal, (ends) =>
        files.map((log, index) => {
          const worker = workers[index] ?? "master";
          const selection = shareOf(shares, index, { all: found?.all ?? null, shard: this.#shardPlace });
          const workerEnvironments = { master: environments[worker] ?? {} };
          return this.#attempt({ workers: 1, workerEnvironments, worker, leases, selection, log, signal: ends });
        }),
      );
    });
    return this.#asDealt(result, found);
  }

  /**
   * Runs some tests serially and in order on one fresh database: in one process where the runner keeps the order, else
   * one process per file. Uses the given worker id where the suite has it. The timeout applies to each process and
   * defaults to the suite's.
   */
  async runTests(
    tests: readonly TestId[],
    { worker: wanted, timeoutSeconds }: { readonly worker?: string; readonly timeoutSeconds?: number } = {},
  ): Promise<SuiteRunResult> {
    const { planned, runner, logs } = this.parts;
    const worker = planned.workers.find((one) => one === wanted) ?? planned.workers[0] ?? "master";
    const steps = runner.keepsOrder ? [tests] : byFile(tests);
    const files = steps.map(() => logs(`${planned.suite.name}-again`));
    const names = files.map(({ name }) => name);
    return await this.#runWithDatabases(
      planned.usesDatabase ? [worker] : [],
      names,
      async (databases, leases, signal) => {
        const workerEnvironments = { master: environmentsOf([worker], databases)[worker] ?? {} };
        const attempts: Attempt[] = [];
        for (const [index, log] of files.entries()) {
          const selection = { kind: "tests", tests: steps[index] ?? [] } as const;
          const request = { workers: 1, workerEnvironments, worker, leases, selection, log, signal, timeoutSeconds };
          attempts.push(await this.#attempt(request));
        }
        return attempts;
      },
    );
  }

  /** Builds once for all processes: building side by side would rewrite files that others read. */
  async #build(): Promise<void> {
    if (this.#isBuilt || this.#command === null) return;
    await listingOutput({ ...this.#listing(), command: this.#command.build, purpose: "its build failed" });
    this.#isBuilt = true;
  }

  /** The context for commands of the suite that run no tests. */
  #listing(): ListingRequest {
    const { planned, context, signal } = this.parts;
    return {
      suite: this.#suite,
      directory: planned.directory,
      checkoutRoot: context.checkout.root,
      environment: { ...context.environment, ...context.coordinatorEnvironment },
      arguments: context.arguments,
      dependencyNotes: context.checkout.dependencyNotes,
      scratch: context.scratch,
      signal,
    };
  }

  /** The result of a shard, with the files that were dealt to it where the processes did not choose them. */
  #asDealt(result: SuiteRunResult, files: FilesToRun | null): SuiteRunResult {
    const { planned, context } = this.parts;
    if (planned.shard === undefined || files === null) return result;
    return { ...result, dealt: dealtNames(files.all, files.own, context.checkout.root) };
  }

  /** The files that are to run here; null where each process chooses its own. */
  async #filesToRun(): Promise<FilesToRun | null> {
    const { planned, runner, context } = this.parts;
    const { shard } = planned;
    if (runner.listFiles === null) return null;
    const all = await runner.listFiles(this.#listing());
    const { durations } = context;
    const { root } = context.checkout;
    return { all, own: shard === undefined ? all : filesOfShard(all, { root, durations, shard, turn: shard.turn }) };
  }

  /** The place of the shard that runs, for processes that choose their own files. */
  get #shardPlace(): Share["shard"] {
    const { shard } = this.parts.planned;
    return shard && { place: placeOf(shard, shard.turn), total: shard.total };
  }

  /** What the one process of a runner is limited to: the files of its shard; null for all. */
  #shardSelection(files: FilesToRun | null): Selection | null {
    if (this.parts.planned.shard === undefined) return null;
    return shareOf([files?.own ?? null], 0, { all: files?.all ?? null, shard: this.#shardPlace });
  }

  /** The files of each share; null where the processes choose their own shares. */
  #shares(files: FilesToRun | null): readonly (readonly string[] | null)[] {
    const { planned, context } = this.parts;
    if (files === null) return planned.workers.map(() => null);
    const shares = shareOut(files.own, context.checkout.root, context.durations, planned.workers.length);
    // A suite without files gets one process, which reports in the runner's own way that there are none. An empty list
    // would make a runner run everything it finds.
    return shares.length === 0 ? [null] : shares;
  }

  async #attempt({
    leases,
    timeoutSeconds = this.parts.planned.timeoutSeconds,
    ...request
  }: Omit<AttemptRequest, "planned" | "runner" | "context" | "leaseSocket"> & {
    readonly leases: LeaseServer | null;
    readonly timeoutSeconds?: number | undefined;
  }): Promise<Attempt> {
    const { planned, runner, context, onProgress } = this.parts;
    return await runAttempt({
      planned: { ...planned, suite: this.#suite, timeoutSeconds },
      runner,
      context,
      leaseSocket: leases?.socketPath ?? null,
      onProgress,
      ...request,
    });
  }

  async #runWithDatabases(
    workers: readonly WorkerId[],
    logs: readonly string[],
    start: (
      databases: readonly WorkerDatabase[],
      leases: LeaseServer | null,
      signal: AbortSignal,
    ) => Promise<readonly Attempt[]>,
  ): Promise<SuiteRunResult> {
    const { planned, provision, context, signal } = this.parts;
    let leases: LeaseServer | null = null;
    try {
      const databases = (await provision?.lease(workers)) ?? [];
      if (provision && planned.leases)
        leases = await openLeaseServer(provision, databases, context.scratch, { renews: planned.renewsLeases });
      const ends = [signal, provision?.lost, leases?.failed].filter((end) => end !== undefined);
      const started = performance.now();
      const attempts = await start(databases, leases, AbortSignal.any(ends));
      const seconds = (performance.now() - started) / 1000;
      // Checked before the results are read: failures after the server died are not the suite's fault.
      const audit = (await provision?.audit().catch((error) => Promise.reject(endedServer(error)))) ?? nothingSeen;
      const reported = mergeReported(attempts.map(({ reported }) => reported));
      const rejections = groupRejections(audit.rejections, reported, context.checkout.root);
      const results = await Promise.all(attempts.map((attempt) => attempt.collect())).catch((error) => {
        throw withRejections(error, rejections);
      });
      requireSameTests(planned.suite.name, results);
      const dealt = results.find((part) => part.dealt !== undefined)?.dealt ?? null;
      return { results: mergeResults(results), databases, audit, rejections, seconds, logs, reported, dealt };
    } catch (error) {
      if (signal.aborted) throw error;
      // If the server died, its error is the reason; results are meaningless.
      if (provision?.lost.aborted) throw endedServer(provision.lost.reason);
      throw leases?.failed.aborted ? leases.failed.reason : error;
    } finally {
      await leases?.close();
    }
  }
}

/** Splits the tests into runs of the same file, in order. */
function byFile(tests: readonly TestId[]): TestId[][] {
  const steps: TestId[][] = [];
  for (const test of tests) {
    const last = steps.at(-1);
    if (last?.[0]?.file === test.file) last.push(test);
    else steps.push([test]);
  }
  return steps;
}

function environmentsOf(
  workers: readonly WorkerId[],
  databases: readonly WorkerDatabase[],
): Record<string, Readonly<Record<string, string>>> {
  const own = new Map(databases.map((database) => [database.worker, database.environment]));
  return Object.fromEntries(workers.map((worker) => [worker, own.get(worker) ?? { VERIFY_WORKER: worker }]));
}
