import { runnerFacts } from "../config/runner-facts.ts";
import type { Measuring } from "../coverage/files/measuring.ts";
import type { LcovInput } from "../coverage/lcov/merge.ts";
import { noLeases } from "../database/leases.ts";
import type { Provision } from "../database/provision.ts";
import { withoutPostgresRedirects } from "../database/url.ts";
import { coordinator } from "../model/rejections.ts";
import type { RunRecord } from "../model/run-record.ts";
import type { Failure, SuiteSummary } from "../model/summary.ts";
import { filesUnder } from "../project/project-files.ts";
import { readProjectFile } from "../project/read-project-file.ts";
import { UnavailableError } from "../shared/errors.ts";
import { redactor, type Secret } from "../shared/redact.ts";
import type { Environment } from "../shared/world.ts";
import { failureHints, lackingDatabaseHints } from "./hints/failure-hints.ts";
import { thresholdNotes } from "./hints/own-thresholds.ts";
import { unusedDatabaseNote } from "./hints/unused-database.ts";
import type { Logs } from "./logs.ts";
import { choiceNotes } from "./plan/narrowing.ts";
import type { PlannedSuite } from "./plan/plan.ts";
import { projectEnvironment } from "./plan/project-environment.ts";
import { linkedOut } from "./plan/within-checkout.ts";
import { type Conducted, SuiteProcesses } from "./processes.ts";
import type { Progress } from "./progress/listen.ts";
import { RunningSuite, type SuiteObserver } from "./progress/running-suite.ts";
import { redactedOrders } from "./races/order.ts";
import { tellRaces } from "./races/reruns.ts";
import { DifferentTestsError, NoWorkersError } from "./results/different-tests.ts";
import { redactFailure, redactRecord, redactRejection } from "./results/redact.ts";
import { nameInFile, nothingRan, toldFile } from "./results/results.ts";
import { recordRun } from "./results/timeline.ts";
import { unfinishedSummary } from "./results/unfinished.ts";
import type { RunContext } from "./run-context.ts";
import { runnerOf } from "./runners/all.ts";
import { workersPackage } from "./runners/pytest.ts";
import { scheduleOf, slowestFiles } from "./schedule/schedule.ts";
import type { SuiteContext } from "./suite-context.ts";

/** What came of a suite. */
export interface SuiteOutcome {
  readonly summary: SuiteSummary;
  /** What makes it not count, beside its failures; a sentence each. */
  readonly reasons: readonly string[];
  /** Absolute files that are not part of what is verified and whose code it ran: of other checkouts, or behind links. */
  readonly foreign: readonly string[];
  /** Where its coverage is, or null where it gave none. */
  readonly coverage: readonly LcovInput[] | null;
  /** What its runner says of what it measures. */
  readonly measuring: Measuring;
  /** What would help, a sentence each, the most likely first. */
  readonly advice: readonly string[];
  /** What a reader should know though it does not count, a sentence each. */
  readonly notes: readonly string[];
  /** What each of its tests did. */
  readonly record: RunRecord;
}

/**
 * Runs one suite with a fresh database for each of its workers; `server` is null where no suite of the run uses one. The
 * observer is told of the suite before its first process starts. Throws where the suite could not be run at all.
 */
export async function runSuite(
  planned: PlannedSuite,
  server: Provision | null,
  around: RunContext,
  observe: SuiteObserver,
): Promise<SuiteOutcome> {
  const { suite } = planned;
  const provision = planned.usesDatabase ? server : null;
  const secrets = [...around.secrets, ...(server?.secrets ?? [])];
  const redact = redactor(secrets);
  const scene = await contextOf(planned, server, around, secrets);
  const running = new RunningSuite({
    checkoutRoot: around.checkout.root,
    workers: planned.workers.length,
    // Of a part of the tests the record of the whole says nothing.
    durations: planned.order === undefined && around.arguments.length === 0 ? scene.durations : new Map(),
    redact,
  });
  observe(running);
  const { signal } = around;
  const logNames: string[] = [];
  const logs: Logs = (name) => {
    const log = around.logs(name);
    logNames.push(log.name);
    return log;
  };
  const onProgress = (progress: Progress): void => running.follow(progress);
  const runner = runnerOf(suite);
  const processes = new SuiteProcesses({ planned, runner, scene, provision, logs, signal, onProgress });
  try {
    const { conducted, parallel, why } = await runInParallel(planned, processes, scene, () => running.startAgain());
    const { results, databases, audit, seconds } = conducted;
    const rejections = conducted.rejections.map((rejection) => redactRejection(rejection, redact));
    const onProgress = (phrase: string): void => running.rerun(phrase);
    const retold =
      planned.order === undefined
        ? await tellRaces({
            conducted,
            rejections,
            processes,
            orders: redactedOrders(around.orders, redact),
            onProgress,
          })
        : { failures: results.failures, notes: [] };
    const { failures } = retold;
    const races = failures.filter(({ kind }) => kind === "race").length;
    const unloaded = failures.filter(({ kind }) => kind === "collection").length;
    const flaky = conducted.told.flaky.map(({ file, name }) => ({
      file: redact(toldFile(around.checkout.root, conducted.told.root, file)),
      name: redact(nameInFile(file, name)),
    }));
    const empty = nothingRan(suite, results.tests);
    // What kept the runner from its tests says more than that there are none.
    const told = results.reasons.length > 0 || empty === null ? results.reasons : [empty];
    // A failure that stands says enough. A race may be let through, and what did not run behind it is then open.
    const isOpen = told.length === 0 && failures.length === races && results.leftOut !== null;
    const reasons = isOpen ? [results.leftOut] : told;
    const isWhole = reasons.length === 0 && planned.order === undefined;
    if (isWhole) await around.durations.record(suite.name, results.ran);
    const schedule = isWhole ? scheduleOf(results.ran, planned.workers.length, seconds) : null;
    const [log = "", ...others] = conducted.logs;
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
      ...(provision && around.database ? { isolation: around.database.isolation } : {}),
      failures: failures.map((failure) => redactFailure(failure, redact)),
      ...(flaky.length > 0 ? { flaky } : {}),
      rejections,
      parallel,
      ...(schedule === null ? {} : { schedule }),
      slowestFiles: slowestFiles(results.ran).map((time) => ({ ...time, file: redact(time.file) })),
      log,
      ...(others.length === 0 ? {} : { logs: [log, ...others] }),
    };
    around.soFar.push(summary);
    return {
      summary,
      reasons: reasons.map(redact),
      foreign: [
        ...results.foreign,
        ...linkedOut(
          around.checkout.root,
          results.ran.map(({ file }) => file),
        ),
      ],
      coverage: results.coverage,
      measuring: results.measuring,
      advice: [
        ...(await hintsFor(planned, failures, around)).map(redact),
        ...(audit.connected === false ? await unusedNotes(planned, results.tests, rejections.length > 0, around) : []),
        ...thresholdNotes(suite.name, conducted.told.thresholds, around.gate),
      ],
      notes: [
        ...retold.notes.map(redact),
        ...(planned.order === undefined ? choiceNotes(suite.name, conducted.told.narrowings).map(redact) : []),
        ...(why === null ? [] : [redact(why)]),
      ],
      record: redactRecord(recordOf(planned, conducted, failures, around), redact),
    };
  } catch (error) {
    // What else ends a suite, such as a server that is gone, makes failures of tests that say nothing.
    if (signal.aborted) around.soFar.push(unfinishedSummary(planned, running.soFar(), { redact, logs: logNames }));
    throw error;
  }
}

/** What a suite's run was, and why it ran in another way than the configuration says. */
interface ParallelRun {
  readonly conducted: Conducted;
  readonly parallel: PlannedSuite["parallel"];
  readonly why: string | null;
}

/**
 * Runs the suite as it is planned. Where its runner cannot run it side by side, because workers find different tests or the
 * process that coordinates them opens the database, it goes as processes instead, each with its share of the files;
 * `onStartAgain` is called before.
 */
async function runInParallel(
  planned: PlannedSuite,
  processes: SuiteProcesses,
  { coordinatorEnvironment }: SuiteContext,
  onStartAgain: () => void,
): Promise<ParallelRun> {
  const { suite, parallel, order } = planned;
  if (order !== undefined) {
    return {
      conducted: await processes.runTests(order.tests, { worker: order.worker }),
      parallel: "runner",
      why: null,
    };
  }
  if (parallel === "processes") {
    const why = planned.whyProcesses && processesNote(suite.name, planned.whyProcesses);
    return { conducted: await processes.runShares(), parallel, why };
  }
  const mayFallBack = suite.parallel === "auto" && runnerFacts[suite.runner].isAdapted && planned.workers.length > 1;
  let conducted: Conducted | null = null;
  let reason: string | null;
  try {
    conducted = await processes.runWhole();
    reason = mayFallBack ? whyCoordinatorFailed(conducted) : null;
  } catch (error) {
    reason = mayFallBack ? whyNoneRan(error, coordinatorEnvironment.PGDATABASE) : null;
    if (reason === null) throw error;
  }
  if (conducted !== null && reason === null) return { conducted, parallel, why: null };
  onStartAgain();
  return {
    conducted: await processes.runShares(),
    parallel: "processes",
    why: processesNote(suite.name, reason ?? ""),
  };
}

const noWorkers = `${workersPackage} is not installed`;
const coordinatorOpens = "the process that coordinates its workers opens the database itself";

/** Why a suite that ran did not pass, where that is because its coordinating process has no database: a phrase after "because". */
function whyCoordinatorFailed({ results, rejections }: Conducted): string | null {
  const hasFailed = results.tests.failed > 0 || results.reasons.length > 0 || results.tests.total === 0;
  return hasFailed && rejections.some(({ worker }) => worker === coordinator) ? coordinatorOpens : null;
}

/** The same for a suite that could not run; `database` is the one that the coordinating process was led to. */
function whyNoneRan(error: unknown, database: string | undefined): string | null {
  if (error instanceof DifferentTestsError) return "its workers name the same tests differently";
  if (error instanceof NoWorkersError) return noWorkers;
  const looksForIt = error instanceof UnavailableError && database !== undefined && error.message.includes(database);
  return looksForIt ? coordinatorOpens : null;
}

function processesNote(name: string, why: string): string {
  return `${name} ran as several processes, each over a share of the files, because ${why}.`;
}

async function contextOf(
  planned: PlannedSuite,
  server: Provision | null,
  around: RunContext,
  secrets: readonly Secret[],
): Promise<SuiteContext> {
  return {
    checkout: around.checkout,
    scratch: around.scratch,
    secrets,
    coordinatorEnvironment: { ...server?.coordinatorEnvironment, VERIFY_WORKER: "master" },
    arguments: around.arguments,
    environment: suiteEnvironment(planned, server, around),
    durations: await around.durations.ofSuite(planned.suite.name),
    trackedFiles: await around.checkout.trackedFiles(),
  };
}

/** Tests that ran without the database they were to be held against may be right, but somebody has to know. */
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

/** What is missing in the configuration, as far as failures tell. */
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
  { results, told }: Conducted,
  failures: readonly Failure[],
  { checkout, startedAt }: RunContext,
): RunRecord {
  return recordRun({ suite: suite.name, told, ran: results.ran, failures, checkoutRoot: checkout.root, startedAt });
}

function suiteEnvironment(
  { directory, usesDatabase }: PlannedSuite,
  server: Provision | null,
  around: RunContext,
): Environment {
  const own = server ? withoutPostgresRedirects(around.environment) : around.environment;
  const project = projectEnvironment(around.checkout, [directory], own);
  // What it starts must not take the caller's own database for the one that this suite does not have.
  return usesDatabase ? project : { ...project, VERIFY_LEASES: noLeases };
}
