import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runnerFacts } from "../config/runner-facts.ts";
import { noLeases } from "../database/leases.ts";
import type { Provision } from "../database/provision.ts";
import { withoutPostgresRedirects } from "../database/url.ts";
import { coordinator } from "../model/rejections.ts";
import type { PartlyReused } from "../model/reuse.ts";
import type { RunRecord } from "../model/run-record.ts";
import type { Failure, SuiteSummary } from "../model/summary.ts";
import { filesUnder } from "../project/checkout-files.ts";
import { readProjectFile } from "../project/read-project-file.ts";
import { UnavailableError } from "../shared/errors.ts";
import { type Redact, redactor, type Secret } from "../shared/redact.ts";
import type { Environment } from "../shared/world.ts";
import { failureHints, lackingDatabaseHints } from "./hints/failure-hints.ts";
import { thresholdNotes } from "./hints/own-thresholds.ts";
import { keepsSchema } from "./hints/schema-fixtures.ts";
import { unusedDatabaseNote } from "./hints/unused-database.ts";
import type { Logs } from "./logs.ts";
import { choiceNotes } from "./plan/narrowing.ts";
import type { PlannedSuite } from "./plan/plan.ts";
import { projectEnvironment } from "./plan/project-environment.ts";
import { linkedOut } from "./plan/within-checkout.ts";
import { SuiteProcesses, type SuiteRunResult } from "./processes.ts";
import type { Progress } from "./progress/facts.ts";
import { RunningSuite, type SuiteObserver } from "./progress/running-suite.ts";
import { redactingStore } from "./races/replay-order.ts";
import { findRaces } from "./races/reruns.ts";
import { CollectionMismatchError, NoWorkersError } from "./results/collection-mismatch.ts";
import { redactFailure, redactRecord, redactRejection } from "./results/redact.ts";
import { nameInFile, nothingRan, reportedFile } from "./results/results.ts";
import { recordRun } from "./results/timeline.ts";
import { unfinishedSummary } from "./results/unfinished.ts";
import { runsAlone } from "./reuse/alone.ts";
import { comparedHere, countedHere, partlyReused } from "./reuse/partly-reused.ts";
import { outcomeDifference, type PartOfFiles, readTracedRun, reuseOf, withReused } from "./reuse/test-files.ts";
import { type Tracing, tracingAll } from "./reuse/tracing.ts";
import type { RunContext } from "./run-context.ts";
import { runnerOf } from "./runners/all.ts";
import { workersPackage } from "./runners/pytest.ts";
import type { TestResults } from "./runners/runner.ts";
import type { FileDurations } from "./schedule/durations.ts";
import { scheduleOf, slowestFiles } from "./schedule/schedule.ts";
import { distrustOnShard } from "./shards/join-reuse.ts";
import type { SuiteContext } from "./suite-context.ts";
import type { SuiteOutcome } from "./suite-outcome.ts";

/**
 * Runs one suite with a fresh database for each worker; `server` is null where no suite of the run uses one. The
 * observer is called before the first process starts. Throws where the suite could not run at all.
 */
export async function runSuite(
  planned: PlannedSuite,
  server: Provision | null,
  context: RunContext,
  observe: SuiteObserver,
): Promise<SuiteOutcome> {
  const { suite } = planned;
  const part = context.reuse.partOf(planned);
  const provision = planned.usesDatabase ? server : null;
  const secrets = [...context.secrets, ...(server?.secrets ?? [])];
  const redact = redactor(secrets);
  const suiteContext = await suiteContextOf(planned, server, context, secrets);
  const running = new RunningSuite({
    checkoutRoot: context.checkout.root,
    workers: planned.workers.length,
    // Recorded durations describe a full run, so they do not apply to a part.
    durations: planned.replay === undefined && context.arguments.length === 0 ? suiteContext.durations : new Map(),
    redact,
  });
  observe(running);
  const { signal } = context;
  const logNames: string[] = [];
  const logs: Logs = (name) => {
    const log = context.logs(name);
    logNames.push(log.name);
    return log;
  };
  const onProgress = (progress: Progress): void => running.follow(progress);
  const runner = runnerOf(suite);
  const byWorkers = withWorkers(suiteContext);
  const processes = new SuiteProcesses({ planned, runner, context: byWorkers, provision, logs, signal, onProgress });
  try {
    const whole = { planned, processes, suiteContext, onStartAgain: () => running.startAgain() };
    const { result, parallel, why, reused: standing, partly } = await runInPart(part, whole, context);
    const reused = standing && countedHere(standing, planned.shard);
    const { databases, audit, seconds } = result;
    const results = reused === null ? result.results : withReused(result.results, reused, context.checkout.root);
    const rejections = result.rejections.map((rejection) => redactRejection(rejection, redact));
    const onProgress = (phrase: string): void => running.rerun(phrase);
    const reruns =
      planned.replay === undefined
        ? await findRaces({
            suiteRun: result,
            rejections,
            processes,
            replays: redactingStore(context.replays, redact),
            onProgress,
          })
        : { failures: results.failures, notes: [] };
    const { failures } = reruns;
    const races = failures.filter(({ kind }) => kind === "race").length;
    const unloaded = failures.filter(({ kind }) => kind === "collection").length;
    const flaky = result.reported.flaky.map(({ file, name }) => ({
      file: redact(reportedFile(context.checkout.root, result.reported.root, file)),
      name: redact(nameInFile(file, name)),
    }));
    const { dealt } = result;
    // Whether a suite has tests is judged where all shards are together.
    const empty = dealt !== null && dealt.all.length > 0 ? null : nothingRan(suite, results.tests);
    // What stopped the runner is a better reason than "no tests".
    const reasonsOfRun = results.reasons.length > 0 || empty === null ? results.reasons : [empty];
    // A race may be accepted, but then the tests that did not run after it remain open.
    const isOpen = reasonsOfRun.length === 0 && failures.length === races && results.leftOut !== null;
    const reasons = [
      ...(isOpen ? [results.leftOut] : reasonsOfRun),
      ...(partly === undefined ? [] : distrustOnShard(suite.name, partly)),
    ];
    const isWhole = reasons.length === 0 && planned.replay === undefined && planned.shard === undefined;
    if (isWhole) await context.durations.record(suite.name, results.ran);
    const schedule = isWhole && reused === null ? scheduleOf(results.ran, planned.workers.length, seconds) : null;
    const [log = "", ...others] = result.logs;
    const summary: SuiteSummary = {
      name: suite.name,
      runner: suite.runner,
      command: redact(suite.command),
      workers: planned.workers.length,
      seconds,
      workSeconds: results.workSeconds,
      files: results.files,
      tests: {
        ...results.tests,
        ...(races > 0 ? { races } : {}),
        ...(unloaded > 0 ? { unloaded } : {}),
        ...(flaky.length > 0 ? { flaky: flaky.length } : {}),
      },
      databases: databases.map((database) => database.name),
      ...(provision && context.database ? { isolation: context.database.isolation } : {}),
      ...(result.reported.schema === null ? {} : { schema: result.reported.schema }),
      failures: failures.map((failure) => redactFailure(failure, redact)),
      ...(flaky.length > 0 ? { flaky } : {}),
      rejections,
      ...(reused === null ? {} : { reuse: reuseOf(reused, result.results.ran) }),
      parallel,
      ...(schedule === null ? {} : { schedule }),
      slowestFiles: slowestFiles(results.ran).map((time) => ({ ...time, file: redact(time.file) })),
      log,
      ...(others.length === 0 ? {} : { logs: [log, ...others] }),
    };
    context.soFar.push(summary);
    return {
      summary,
      reasons: reasons.map(redact),
      foreign: [
        ...results.foreign,
        ...linkedOut(
          context.checkout.root,
          results.ran.map(({ file }) => file),
        ),
      ],
      coverage: dealt?.own.length === 0 ? (results.coverage ?? []) : results.coverage,
      measuring: results.measuring,
      advice: [
        ...(await hintsFor(planned, failures, context)).map(redact),
        ...(audit.connected === false && reused === null
          ? await unusedNotes(planned, results.tests, rejections.length > 0, context)
          : []),
        ...thresholdNotes(suite.name, result.reported.thresholds, context.gate),
      ],
      keepsSchema: suiteContext.keepsSchema && isWhole && context.arguments.length === 0,
      notes: [
        ...reruns.notes.map(redact),
        ...(planned.replay === undefined ? choiceNotes(suite.name, result.reported.narrowings).map(redact) : []),
        ...(why === null ? [] : [redact(why)]),
      ],
      dealt,
      record: redactRecord(recordOf(planned, { ...result, results }, failures, context, reused), redact),
      ...tracedIn(result.results, planned, redact),
      ...(partly === undefined ? {} : { partly }),
    };
  } catch (error) {
    // After other errors, such as a dead server, partial counts are meaningless.
    if (signal.aborted) context.soFar.push(unfinishedSummary(planned, running.soFar(), { redact, logs: logNames }));
    throw error;
  }
}

/** What runs a suite whole. */
interface WholeRun {
  readonly planned: PlannedSuite;
  readonly processes: SuiteProcesses;
  readonly suiteContext: SuiteContext;
  readonly onStartAgain: () => void;
}

/**
 * Runs a part of a suite's test files, and the whole suite where there is no part, or where what ran shows that the rest
 * cannot be reused. `reused` is the part whose other files are reused, else null.
 */
async function runInPart(part: PartOfFiles | null, whole: WholeRun, { reuse }: RunContext): Promise<PartialRun> {
  const { planned, processes, suiteContext, onStartAgain } = whole;
  const run = (await runAlone(whole)) ?? (await runInParallel(planned, processes, suiteContext, onStartAgain));
  if (part === null || run.parallel !== "runner") return { ...run, reused: null };
  const { ran, trace, tests } = run.result.results;
  const traced = trace === undefined ? null : await readTracedRun(trace);
  if (planned.shard !== undefined) {
    // Only all shards together can tell whether the rest stands, and no other one would run everything.
    const own = run.result.dealt?.own ?? [];
    return { ...run, reused: part, partly: partlyReused(traced, outcomeDifference(comparedHere(part, own), ran), own) };
  }
  const difference = outcomeDifference(part, ran) ?? traced?.differences[0] ?? null;
  if (difference !== null) await reuse.distrust(planned, difference);
  // Where a test failed the verdict stands, and what it did not reach is no wonder.
  else if (traced?.why === null && (!traced.lost || tests.failed > 0)) return { ...run, reused: part };
  onStartAgain();
  const context = { ...suiteContext, tracing: tracingAll };
  const again = new SuiteProcesses({ ...processes.parts, context });
  const all = await runInParallel(planned, again, context, onStartAgain);
  const cause = traced?.lost ? `coverage (${traced.lost}) that may be another file's is missing` : null;
  const note =
    difference === null && cause !== null ? `Everything of ${planned.suite.name} ran after its part: ${cause}.` : null;
  return { ...all, why: all.why ?? note, reused: null };
}

/** Runs a part of a suite in one process, where that is to be; null where it is not, or where not everything passed there. */
async function runAlone({ processes, suiteContext, onStartAgain }: WholeRun): Promise<ParallelRun | null> {
  if (!suiteContext.tracing?.isAlone) return null;
  const alone = new SuiteProcesses({ ...processes.parts, context: suiteContext });
  try {
    const result = await alone.runWhole();
    if (result.results.tests.failed === 0 && result.results.reasons.length === 0)
      return { result, parallel: "runner", why: null };
  } catch (error) {
    if (processes.parts.signal.aborted) throw error;
  }
  onStartAgain();
  return null;
}

/** The context of processes that run the runner's workers, however few files there are. */
function withWorkers(context: SuiteContext): SuiteContext {
  const { tracing } = context;
  return tracing === null ? context : { ...context, tracing: { ...tracing, isAlone: false } };
}

/** A run with the part whose other files are reused, and what a shard found of it. */
interface PartialRun extends ParallelRun {
  readonly reused: PartOfFiles | null;
  readonly partly?: PartlyReused;
}

/** What was traced; of a shard, whose trace leaves the machine, only where no test's name holds a secret. */
function tracedIn(
  { trace, ran }: TestResults,
  { shard }: PlannedSuite,
  redact: Redact,
): Pick<SuiteOutcome, "traced"> | undefined {
  if (trace === undefined || (shard !== undefined && ran.some(({ id }) => redact(id) !== id))) return undefined;
  return { traced: { path: trace, ran } };
}

/** A suite's run, and how it differed from the plan. */
interface ParallelRun {
  readonly result: SuiteRunResult;
  readonly parallel: PlannedSuite["parallel"];
  readonly why: string | null;
}

/**
 * Runs the suite as planned. Where the runner cannot run its workers side by side, because they collect different tests
 * or the coordinating process opens the database, runs one process per share instead, and calls `onStartAgain` first.
 */
async function runInParallel(
  planned: PlannedSuite,
  processes: SuiteProcesses,
  { coordinatorEnvironment }: SuiteContext,
  onStartAgain: () => void,
): Promise<ParallelRun> {
  const { suite, parallel, replay } = planned;
  if (replay !== undefined) {
    return {
      result: await processes.runTests(replay.tests, { worker: replay.worker }),
      parallel: "runner",
      why: null,
    };
  }
  if (parallel === "processes") {
    const why = planned.whyProcesses && processesNote(suite.name, planned.whyProcesses);
    return { result: await processes.runShares(), parallel, why };
  }
  const mayFallBack = suite.parallel === "auto" && runnerFacts[suite.runner].isAdapted && planned.workers.length > 1;
  let result: SuiteRunResult | null = null;
  let reason: string | null;
  try {
    result = await processes.runWhole();
    reason = mayFallBack ? whyCoordinatorFailed(result) : null;
  } catch (error) {
    reason = mayFallBack ? whyNoneRan(error, coordinatorEnvironment.PGDATABASE) : null;
    if (reason === null) throw error;
  }
  if (result !== null && reason === null) return { result, parallel, why: null };
  onStartAgain();
  return {
    result: await processes.runShares(),
    parallel: "processes",
    why: processesNote(suite.name, reason ?? ""),
  };
}

const noWorkers = `${workersPackage} is not installed`;
const coordinatorOpens = "the process that coordinates its workers opens the database itself";

/**
 * Why a suite failed because its coordinating process has no database: a phrase after "because"; null for other causes.
 */
function whyCoordinatorFailed({ results, rejections }: SuiteRunResult): string | null {
  const hasFailed = results.tests.failed > 0 || results.reasons.length > 0 || results.tests.total === 0;
  return hasFailed && rejections.some(({ worker }) => worker === coordinator) ? coordinatorOpens : null;
}

/** The same for a suite that could not run; `database` is the name that the coordinating process was given. */
function whyNoneRan(error: unknown, database: string | undefined): string | null {
  if (error instanceof CollectionMismatchError) return "its workers name the same tests differently";
  if (error instanceof NoWorkersError) return noWorkers;
  const looksForIt = error instanceof UnavailableError && database !== undefined && error.message.includes(database);
  return looksForIt ? coordinatorOpens : null;
}

function processesNote(name: string, why: string): string {
  return `${name} ran as several processes, each over a share of the files, because ${why}.`;
}

async function suiteContextOf(
  planned: PlannedSuite,
  server: Provision | null,
  context: RunContext,
  secrets: readonly Secret[],
): Promise<SuiteContext> {
  const durations = await context.durations.ofSuite(planned.suite.name);
  return {
    checkout: context.checkout,
    scratch: context.scratch,
    secrets,
    coordinatorEnvironment: { ...server?.coordinatorEnvironment, VERIFY_WORKER: "master" },
    keepsSchema: keepsSchema(planned.suite, planned.usesDatabase, context.database),
    tracing: await tracingOf(planned, context, durations),
    arguments: context.arguments,
    environment: suiteEnvironment(planned, server, context),
    durations,
    trackedFiles: await context.checkout.trackedFiles(),
  };
}

/** Whether a suite's processes are traced, and which test files they leave out. */
async function tracingOf(
  planned: PlannedSuite,
  { reuse, scratch, checkout, environment }: RunContext,
  durations: FileDurations,
): Promise<Tracing | null> {
  if (!reuse.traces(planned)) return null;
  const part = reuse.partOf(planned);
  if (part === null) return tracingAll;
  const { reasons, compared } = part.reach;
  const files = part.hasNewFiles ? null : Object.keys({ ...reasons, ...compared }).length;
  const reused = join(scratch, `reused-${planned.suite.name.replace(/\W/g, "-")}.json`);
  const isShard = planned.shard !== undefined;
  await writeFile(reused, JSON.stringify({ ...part.reach.plugin, isShard }));
  return { reused, files, isAlone: await runsAlone({ planned, part, durations, checkout, environment }) };
}

/** Notes about tests that ran without opening the database they were given. */
async function unusedNotes(
  { suite, directory }: PlannedSuite,
  { passed, failed }: SuiteSummary["tests"],
  triedOthers: boolean,
  { checkout, database, environment }: RunContext,
): Promise<string[]> {
  if (passed + failed === 0 || database === false) return [];
  const project = filesUnder(checkout.root, [...(await checkout.trackedFiles())]);
  const unused = {
    suite: suite.name,
    runner: suite.runner,
    command: suite.command,
    variables: database.variables,
    triedOthers,
    readFile: (name: string) => readProjectFile(directory, name),
    hasFailed: failed > 0,
  };
  return [await unusedDatabaseNote(unused, project, projectEnvironment(checkout, [directory], environment))];
}

/** Suggestions for settings that failures show to be missing. */
async function hintsFor(
  planned: PlannedSuite,
  failures: readonly Failure[],
  { checkout, database }: RunContext,
): Promise<string[]> {
  if (failures.length === 0) return [];
  if (database === false) return lackingDatabaseHints(planned.suite, failures, "everywhere");
  if (!planned.usesDatabase) return lackingDatabaseHints(planned.suite, failures, "here");
  const tracked = [...(await checkout.trackedFiles())];
  return failureHints({ planned, failures, database }, () => filesUnder(checkout.root, tracked));
}

function recordOf(
  { suite }: PlannedSuite,
  { results, reported }: SuiteRunResult,
  failures: readonly Failure[],
  { checkout, startedAt }: RunContext,
  part: PartOfFiles | null,
): RunRecord {
  const ran = { suite: suite.name, reported, ran: results.ran, failures, checkoutRoot: checkout.root, startedAt };
  const { tests, timeline } = recordRun(ran);
  if (part === null) return { tests, timeline };
  return {
    tests: tests.map((test) => (test.file in part.reach.reused ? { ...test, reused: true } : test)),
    timeline,
  };
}

function suiteEnvironment(
  { directory, usesDatabase }: PlannedSuite,
  server: Provision | null,
  context: RunContext,
): Environment {
  const own = server ? withoutPostgresRedirects(context.environment) : context.environment;
  const project = projectEnvironment(context.checkout, [directory], own);
  // A suite without a database must not lease the caller's.
  return usesDatabase ? project : { ...project, VERIFY_LEASES: noLeases };
}
