import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { LcovInput } from "../coverage/lcov.ts";
import type { Provision, WorkerDatabase } from "../database/provision.ts";
import { withoutPostgresRedirects } from "../database/url.ts";
import type { Checkout } from "../push/checkout.ts";
import type { Stage } from "../report/display.ts";
import type { SuiteSummary } from "../report/summary.ts";
import { plural } from "../report/text.ts";
import type { Environment } from "../world.ts";
import type { PlannedSuite } from "./plan.ts";
import { runCommand } from "./process.ts";
import { withProjectPrograms } from "./programs.ts";
import { listenForProgress, type Progress } from "./progress.ts";
import { redactor } from "./redact.ts";
import { runnerOf } from "./runners.ts";

/** What every suite of a verification shares. */
export interface SuiteSurroundings {
  readonly checkout: Checkout;
  /** The absolute root of the user's own checkout. */
  readonly mainRoot: string;
  /** Null where no suite uses a database. */
  readonly provision: Provision | null;
  /** The absolute, private directory for what the runners write; each suite gets a part of it. */
  readonly scratch: string;
  /** The absolute directory of the logs, and its name relative to the repo's root. */
  readonly logs: { readonly directory: string; readonly name: string };
  readonly arguments: readonly string[];
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/** What came of a suite. */
export interface SuiteOutcome {
  readonly summary: SuiteSummary;
  /** What makes it not count, beside its failures; a sentence each. */
  readonly reasons: readonly string[];
  /** Where its coverage is, or null where it gave none. */
  readonly coverage: LcovInput | null;
}

/** Runs one suite with a fresh database for each of its workers. Throws where it could not be run at all. */
export async function runSuite(planned: PlannedSuite, around: SuiteSurroundings, stage: Stage): Promise<SuiteOutcome> {
  const { suite, directory, workers } = planned;
  const scratch = join(around.scratch, fileName(suite.name));
  await mkdir(scratch, { recursive: true });
  const databases = planned.usesDatabase && around.provision ? await around.provision.lease(workers) : [];
  const secrets = around.provision?.secrets ?? [];
  const listener = await listenForProgress();
  const clock = setInterval(() => show(listener.progress, stage), 100);
  try {
    const runner = runnerOf(suite);
    const run = {
      suite,
      directory,
      checkoutRoot: around.checkout.root,
      mainRoot: around.mainRoot,
      workers: workers.length,
      workerEnvironments: environmentsOf(workers, databases),
      coordinatorEnvironment: { ...around.provision?.coordinatorEnvironment, VERIFY_WORKER: "master" },
      scratch,
      progressSocket: listener.socketPath,
      arguments: around.arguments,
      dependencyNotes: around.checkout.dependencyNotes,
      environment: suiteEnvironment(planned, around),
    };
    const log = join(around.logs.directory, `${fileName(suite.name)}.log`);
    const invocation = await runner.invocation(run);
    const end = await runCommand({
      ...invocation,
      directory,
      log,
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
        command: suite.command,
        workers: workers.length,
        seconds: end.seconds,
        workSeconds: results.workSeconds,
        files: results.files,
        tests: results.tests,
        databases: databases.map((database) => database.name),
        failures: results.failures.map((failure) => ({ ...failure, message: redact(failure.message) })),
        log: `${around.logs.name}/${fileName(suite.name)}.log`,
      },
      reasons: results.reasons.map(redact),
      coverage: results.coverage,
    };
  } finally {
    clearInterval(clock);
    await listener.close();
  }
}

/** A suite's or check's name as the name of a file. */
export function fileName(name: string): string {
  return name.replace(/[^\w.-]+/g, "-");
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
  const environment = withProjectPrograms(own, [directory, around.checkout.root]);
  // The virtual environment is the user's own: uv would install the worktree's project into it.
  return around.checkout.kind === "worktree" ? { ...environment, UV_NO_SYNC: "1" } : environment;
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
