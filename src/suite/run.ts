import type { DatabaseConfig } from "../config.ts";
import type { LcovInput } from "../coverage/lcov.ts";
import type { Measuring } from "../coverage/measuring.ts";
import { noLeases } from "../database/leases.ts";
import type { Provision } from "../database/provision.ts";
import { withoutPostgresRedirects } from "../database/url.ts";
import { filesUnder } from "../init/project-files.ts";
import type { Checkout } from "../push/checkout.ts";
import type { Stage } from "../report/display.ts";
import type { RunRecord } from "../report/run-record.ts";
import type { Failure, SuiteSummary } from "../report/summary.ts";
import type { Environment } from "../world.ts";
import { DifferentTestsError } from "./different-tests.ts";
import type { DurationStore } from "./durations.ts";
import type { Logs } from "./logs.ts";
import { type OrderBook, redactedOrders } from "./order.ts";
import type { PlannedSuite } from "./plan.ts";
import { type Conducted, SuiteProcesses } from "./processes.ts";
import { projectEnvironment } from "./project-environment.ts";
import { redactor, type Secret } from "./redact.ts";
import { redactFailure, redactRecord, redactRejection } from "./redact-results.ts";
import { tellRaces } from "./reruns.ts";
import { nothingRan } from "./results.ts";
import { runnerOf } from "./runners.ts";
import type { SuiteScene } from "./scene.ts";
import { scheduleOf, slowestFiles } from "./schedule.ts";
import { showProgress } from "./show-progress.ts";
import { recordRun } from "./timeline.ts";
import { unusedDatabaseNote } from "./unused-database.ts";

/** What every suite of a verification shares. */
export interface SuiteSurroundings {
  readonly checkout: Checkout;
  /** Null where no suite uses a database. */
  readonly provision: Provision | null;
  readonly database: DatabaseConfig | false;
  /** The absolute, private directory for what the runners write; each suite gets a part of it. */
  readonly scratch: string;
  readonly logs: Logs;
  readonly durations: DurationStore;
  readonly orders: OrderBook;
  /** When the verification began. */
  readonly startedAt: Date;
  /** What must not be shown, beside the provision's own secrets. */
  readonly secrets: readonly Secret[];
  readonly arguments: readonly string[];
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/** What came of a suite. */
export interface SuiteOutcome {
  readonly summary: SuiteSummary;
  /** What makes it not count, beside its failures; a sentence each. */
  readonly reasons: readonly string[];
  /** Absolute files of other checkouts of the repository whose code it ran. */
  readonly foreign: readonly string[];
  /** Where its coverage is, or null where it gave none. */
  readonly coverage: readonly LcovInput[] | null;
  /** What its runner says of what it measures. */
  readonly measuring: Measuring;
  /** What a reader should know though it does not count, a sentence each. */
  readonly notes: readonly string[];
  /** What each of its tests did. */
  readonly record: RunRecord;
}

/** Runs one suite with a fresh database for each of its workers. Throws where it could not be run at all. */
export async function runSuite(planned: PlannedSuite, around: SuiteSurroundings, stage: Stage): Promise<SuiteOutcome> {
  const { suite } = planned;
  const provision = planned.usesDatabase ? around.provision : null;
  const secrets = [...around.secrets, ...(around.provision?.secrets ?? [])];
  const redact = redactor(secrets);
  const scene = await sceneOf(planned, around, secrets);
  const display = showProgress(stage, {
    checkoutRoot: around.checkout.root,
    workers: planned.workers.length,
    // Of a part of the tests the record of the whole says nothing.
    durations: planned.order === undefined && around.arguments.length === 0 ? scene.durations : new Map(),
    redact,
  });
  const { logs, signal } = around;
  const onProgress = display.follow;
  const runner = runnerOf(suite);
  const processes = new SuiteProcesses({ planned, runner, scene, provision, logs, signal, onProgress });
  try {
    const { conducted, parallel, why } = await runInParallel(planned, processes);
    const { results, databases, audit, seconds } = conducted;
    const rejections = conducted.rejections.map((rejection) => redactRejection(rejection, redact));
    const onProgress = display.rerun;
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
    const empty = nothingRan(suite, results.tests);
    // What kept the runner from its tests says more than that there are none.
    const reasons = results.reasons.length > 0 || empty === null ? results.reasons : [empty];
    const isWhole = reasons.length === 0 && planned.order === undefined;
    if (isWhole) await around.durations.record(suite.name, results.ran);
    const schedule = isWhole ? scheduleOf(results.ran, planned.workers.length, seconds) : null;
    const [log = "", ...others] = conducted.logs;
    return {
      summary: {
        name: suite.name,
        runner: suite.runner,
        command: redact(suite.command),
        workers: planned.workers.length,
        seconds,
        workSeconds: results.workSeconds,
        files: results.files,
        tests: races > 0 ? { ...results.tests, races } : results.tests,
        databases: databases.map((database) => database.name),
        ...(provision && around.database ? { isolation: around.database.isolation } : {}),
        failures: failures.map((failure) => redactFailure(failure, redact)),
        rejections,
        parallel,
        ...(schedule === null ? {} : { schedule }),
        slowestFiles: slowestFiles(results.ran).map((time) => ({ ...time, file: redact(time.file) })),
        log,
        ...(others.length === 0 ? {} : { logs: [log, ...others] }),
      },
      reasons: reasons.map(redact),
      foreign: results.foreign,
      coverage: results.coverage,
      measuring: results.measuring,
      notes: [
        ...(why === null ? [] : [redact(why)]),
        ...retold.notes.map(redact),
        ...(audit.connected === false ? await unusedNotes(planned, results.tests, around) : []),
      ],
      record: redactRecord(recordOf(planned, conducted, failures, around), redact),
    };
  } finally {
    display.end();
  }
}

/** What a suite's run was, and why it ran in another way than the configuration says. */
interface ParallelRun {
  readonly conducted: Conducted;
  readonly parallel: PlannedSuite["parallel"];
  readonly why: string | null;
}

/** A suite whose workers find different tests is run by processes instead, each with its share of the files. */
async function runInParallel(planned: PlannedSuite, processes: SuiteProcesses): Promise<ParallelRun> {
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
  try {
    return { conducted: await processes.runWhole(), parallel, why: null };
  } catch (error) {
    if (!(error instanceof DifferentTestsError) || suite.parallel !== "auto") throw error;
    const why = processesNote(suite.name, "its workers name the same tests differently");
    return { conducted: await processes.runShares(), parallel: "processes", why };
  }
}

function processesNote(name: string, why: string): string {
  return `${name} ran as several processes, each over a share of the files, because ${why}.`;
}

async function sceneOf(
  planned: PlannedSuite,
  around: SuiteSurroundings,
  secrets: readonly Secret[],
): Promise<SuiteScene> {
  return {
    checkout: around.checkout,
    scratch: around.scratch,
    secrets,
    coordinatorEnvironment: { ...around.provision?.coordinatorEnvironment, VERIFY_WORKER: "master" },
    arguments: around.arguments,
    environment: suiteEnvironment(planned, around),
    durations: await around.durations.ofSuite(planned.suite.name),
    trackedFiles: await around.checkout.trackedFiles(),
  };
}

/** Tests that ran without the database they were to be held against may be right, but somebody has to know. */
async function unusedNotes(
  { suite }: PlannedSuite,
  { passed, failed }: SuiteSummary["tests"],
  { checkout, database }: SuiteSurroundings,
): Promise<string[]> {
  if (passed + failed === 0 || database === false) return [];
  const project = filesUnder(checkout.root, [...(await checkout.trackedFiles())]);
  return [unusedDatabaseNote({ suite: suite.name, runner: suite.runner, variables: database.variables }, project)];
}

function recordOf(
  { suite }: PlannedSuite,
  { results, told }: Conducted,
  failures: readonly Failure[],
  { checkout, startedAt }: SuiteSurroundings,
): RunRecord {
  return recordRun({ suite: suite.name, told, ran: results.ran, failures, checkoutRoot: checkout.root, startedAt });
}

function suiteEnvironment({ directory, usesDatabase }: PlannedSuite, around: SuiteSurroundings): Environment {
  const own = around.provision ? withoutPostgresRedirects(around.environment) : around.environment;
  const project = projectEnvironment(around.checkout, [directory], own);
  // What it starts must not take the caller's own database for the one that this suite does not have.
  return usesDatabase ? project : { ...project, VERIFY_LEASES: noLeases };
}
