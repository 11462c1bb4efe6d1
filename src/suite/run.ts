import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseConfig } from "../config.ts";
import type { LcovInput } from "../coverage/lcov.ts";
import { type LeaseOffice, noLeases, openLeaseOffice } from "../database/leases.ts";
import type { Audit, Provision, WorkerDatabase } from "../database/provision.ts";
import { withoutPostgresRedirects } from "../database/url.ts";
import { filesUnder } from "../init/project-files.ts";
import type { Checkout } from "../push/checkout.ts";
import type { Stage } from "../report/display.ts";
import type { Failure, RejectionSummary, SuiteSummary } from "../report/summary.ts";
import { plural } from "../report/text.ts";
import type { Environment } from "../world.ts";
import { endedServer, groupRejections, withRejections } from "./audit.ts";
import type { Logs } from "./logs.ts";
import type { PlannedSuite } from "./plan.ts";
import { runCommand } from "./process.ts";
import { listenForProgress, type Progress } from "./progress.ts";
import { projectEnvironment } from "./project-environment.ts";
import { type Redact, redactor, type Secret } from "./redact.ts";
import { runnerOf } from "./runners.ts";
import { noteGroup } from "./scratch.ts";
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
  /** What a reader should know though it does not count, a sentence each. */
  readonly notes: readonly string[];
}

/** Runs one suite with a fresh database for each of its workers. Throws where it could not be run at all. */
export async function runSuite(planned: PlannedSuite, around: SuiteSurroundings, stage: Stage): Promise<SuiteOutcome> {
  const { suite, directory, workers } = planned;
  const provision = planned.usesDatabase ? around.provision : null;
  const scratch = await mkdtemp(join(around.scratch, "suite-"));
  const listener = await listenForProgress(scratch);
  const secrets = [...around.secrets, ...(around.provision?.secrets ?? [])];
  const clock = setInterval(() => show(listener.progress, stage), 100);
  let office: LeaseOffice | null = null;
  try {
    const databases = (await provision?.lease(planned.databases)) ?? [];
    if (provision && planned.leases) office = await openLeaseOffice(provision, databases, scratch);
    const runner = runnerOf(suite);
    const run = {
      suite,
      directory,
      checkoutRoot: around.checkout.root,
      otherRoots: around.checkout.otherRoots,
      workers: workers.length,
      workerEnvironments: environmentsOf(workers, databases),
      coordinatorEnvironment: { ...around.provision?.coordinatorEnvironment, VERIFY_WORKER: "master" },
      leaseSocket: office?.socketPath ?? null,
      scratch,
      progressSocket: listener.socketPath,
      arguments: around.arguments,
      dependencyNotes: around.checkout.dependencyNotes,
      environment: suiteEnvironment(planned, around),
    };
    const log = around.logs(suite.name);
    const ends = [around.signal, provision?.lost, office?.failed];
    const invocation = await runner.invocation(run);
    const end = await runCommand({
      ...invocation,
      onStart: (pid) => void noteGroup(scratch, pid),
      directory,
      log: log.path,
      secrets,
      timeoutSeconds: planned.timeoutSeconds,
      signal: AbortSignal.any(ends.filter((signal) => signal !== undefined)),
    });
    const reported = await listener.facts();
    const redact = redactor(secrets);
    // Before the results are read: where the server is gone, they are not the suite's own.
    const audit = (await provision?.audit().catch((error) => Promise.reject(endedServer(error)))) ?? nothingSeen;
    const rejections = groupRejections(audit.rejections, reported, around.checkout.root).map((rejection) =>
      redactRejection(rejection, redact),
    );
    const results = await runner.collect(run, { ...end, reported }).catch((error) => {
      throw withRejections(error, rejections);
    });
    return {
      summary: {
        name: suite.name,
        runner: suite.runner,
        command: redact(suite.command),
        workers: workers.length,
        seconds: end.seconds,
        workSeconds: results.workSeconds,
        files: results.files,
        tests: results.tests,
        databases: databases.map((database) => database.name),
        ...(provision && around.database ? { isolation: around.database.isolation } : {}),
        failures: results.failures.map((failure) => redactFailure(failure, redact)),
        rejections,
        log: log.name,
      },
      reasons: results.reasons.map(redact),
      foreign: results.foreign,
      coverage: results.coverage,
      notes: audit.connected === false ? await unusedNotes(planned, results.tests, around) : [],
    };
  } catch (error) {
    if (around.signal.aborted) throw error;
    // Without its server a suite says nothing: why it was ended is the server's end.
    if (provision?.lost.aborted) throw endedServer(provision.lost.reason);
    throw office?.failed.aborted ? office.failed.reason : error;
  } finally {
    clearInterval(clock);
    await office?.close();
    await listener.close();
  }
}

const nothingSeen: Audit = { connected: null, rejections: [] };

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

function redactRejection({ database, files, ...rest }: RejectionSummary, redact: Redact): RejectionSummary {
  return { ...rest, database: redact(database), files: files.map(redact) };
}

/** A password may come up anywhere in what a test says of itself: a parameter is part of its name. */
function redactFailure(failure: Failure, redact: Redact): Failure {
  const { file, name, message } = failure;
  return { ...failure, file: redact(file), name: redact(name), message: redact(message) };
}

function environmentsOf(
  workers: PlannedSuite["workers"],
  databases: readonly WorkerDatabase[],
): Record<string, Readonly<Record<string, string>>> {
  const own = new Map(databases.map((database) => [database.worker, database.environment]));
  return Object.fromEntries(workers.map((worker) => [worker, own.get(worker) ?? { VERIFY_WORKER: worker }]));
}

function suiteEnvironment({ directory, usesDatabase }: PlannedSuite, around: SuiteSurroundings): Environment {
  const own = around.provision ? withoutPostgresRedirects(around.environment) : around.environment;
  const project = projectEnvironment(around.checkout, [directory], own);
  // What it starts must not take the caller's own database for the one that this suite does not have.
  return usesDatabase ? project : { ...project, VERIFY_LEASES: noLeases };
}

function show(progress: Progress, stage: Stage): void {
  if (progress.total === 0) {
    stage.progress("collecting tests");
    return;
  }
  const failed = progress.failed > 0 ? `, ${progress.failed} failed` : "";
  const lines = [...progress.workers].sort(([left], [right]) => left.localeCompare(right, "en", { numeric: true }));
  stage.progress(
    `${progress.done} of ${progress.isTotalFinal ? "" : "at least "}${plural(progress.total, "test")}${failed}`,
    lines.map(([worker, { done, file }]) => `${worker}  ${String(done).padStart(4)} done  ${file}`),
  );
}
