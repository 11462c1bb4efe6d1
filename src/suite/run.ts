import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { LcovInput } from "../coverage/lcov.ts";
import type { Provision, WorkerDatabase } from "../database/provision.ts";
import { withoutPostgresRedirects } from "../database/url.ts";
import type { Checkout } from "../push/checkout.ts";
import type { Stage } from "../report/display.ts";
import type { Failure, SuiteSummary } from "../report/summary.ts";
import { plural } from "../report/text.ts";
import type { Environment } from "../world.ts";
import type { Logs } from "./logs.ts";
import type { PlannedSuite } from "./plan.ts";
import { runCommand } from "./process.ts";
import { listenForProgress, type Progress } from "./progress.ts";
import { projectEnvironment } from "./project-environment.ts";
import { type Redact, redactor, type Secret } from "./redact.ts";
import { runnerOf } from "./runners.ts";
import { noteGroup } from "./scratch.ts";

/** What every suite of a verification shares. */
export interface SuiteSurroundings {
  readonly checkout: Checkout;
  /** Null where no suite uses a database. */
  readonly provision: Provision | null;
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
  readonly coverage: LcovInput | null;
}

/** Runs one suite with a fresh database for each of its workers. Throws where it could not be run at all. */
export async function runSuite(planned: PlannedSuite, around: SuiteSurroundings, stage: Stage): Promise<SuiteOutcome> {
  const { suite, directory, workers } = planned;
  const scratch = await mkdtemp(join(around.scratch, "suite-"));
  const databases = planned.usesDatabase && around.provision ? await around.provision.lease(workers) : [];
  const secrets = [...around.secrets, ...(around.provision?.secrets ?? [])];
  const listener = await listenForProgress(scratch);
  const clock = setInterval(() => show(listener.progress, stage), 100);
  try {
    const runner = runnerOf(suite);
    const run = {
      suite,
      directory,
      checkoutRoot: around.checkout.root,
      otherRoots: around.checkout.otherRoots,
      workers: workers.length,
      workerEnvironments: environmentsOf(workers, databases),
      coordinatorEnvironment: { ...around.provision?.coordinatorEnvironment, VERIFY_WORKER: "master" },
      scratch,
      progressSocket: listener.socketPath,
      arguments: around.arguments,
      dependencyNotes: around.checkout.dependencyNotes,
      environment: suiteEnvironment(planned, around),
    };
    const log = around.logs(suite.name);
    const invocation = await runner.invocation(run);
    const end = await runCommand({
      ...invocation,
      onStart: (pid) => void noteGroup(scratch, pid),
      directory,
      log: log.path,
      secrets,
      timeoutSeconds: planned.timeoutSeconds,
      signal: around.signal,
    });
    const results = await runner.collect(run, { ...end, reported: await listener.facts() });
    const redact = redactor(secrets);
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
        failures: results.failures.map((failure) => redactFailure(failure, redact)),
        log: log.name,
      },
      reasons: results.reasons.map(redact),
      foreign: results.foreign,
      coverage: results.coverage,
    };
  } finally {
    clearInterval(clock);
    await listener.close();
  }
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

function suiteEnvironment({ directory }: PlannedSuite, around: SuiteSurroundings): Environment {
  const own = around.provision ? withoutPostgresRedirects(around.environment) : around.environment;
  return projectEnvironment(around.checkout, [directory], own);
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
