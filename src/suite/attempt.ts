import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { requireLaunchers } from "../project/launchers.ts";
import { runCommand } from "../shared/exec/process.ts";
import type { LogFile } from "./logs.ts";
import { allowsNarrowing, narrowingVariable, refuseNarrowing } from "./plan/narrowing.ts";
import type { PlannedSuite } from "./plan/plan.ts";
import { listenForProgress, type Progress, type ReportedFacts } from "./progress/listen.ts";
import type { Runner, Selection, SuiteRun, TestResults } from "./runners/runner.ts";
import { noteGroup } from "./scratch.ts";
import type { SuiteContext } from "./suite-context.ts";

/** One process of a runner, and what it is to do. */
export interface AttemptRequest {
  readonly planned: PlannedSuite;
  readonly runner: Runner;
  readonly scene: SuiteContext;
  /** How many workers the runner itself runs side by side. */
  readonly workers: number;
  /** By worker; `master` alone where the process is one worker. */
  readonly workerEnvironments: SuiteRun["workerEnvironments"];
  /** The worker that the process is as a whole, where it is not the suite's only one. */
  readonly worker?: string;
  readonly leaseSocket: string | null;
  readonly selection: Selection | null;
  readonly log: LogFile;
  readonly signal: AbortSignal;
  /** Called before it starts, with the view of how far it is. */
  readonly onProgress?: (progress: Progress) => void;
}

/** A process of a runner that has ended. */
export interface Attempt {
  readonly run: SuiteRun;
  /** The wall time. */
  readonly seconds: number;
  readonly reported: ReportedFacts;
  /** Reads its results: for after it is known that the databases were there to the end. Rejects as `Runner.collect` does. */
  collect(): Promise<TestResults>;
}

/** Starts a runner and waits for its end. Throws what `Runner.invocation` and `runCommand` throw. */
export async function runAttempt(request: AttemptRequest): Promise<Attempt> {
  const { planned, runner, scene, worker } = request;
  const scratch = await mkdtemp(join(scene.scratch, "suite-"));
  const listener = await listenForProgress(scratch, worker);
  request.onProgress?.(listener.progress);
  try {
    const run = suiteRun(request, scratch, listener.socketPath);
    requireLaunchers(run.suite, run.directory, run.environment);
    const invocation = await runner.invocation(run);
    const mayBeNarrowed = allowsNarrowing(run.arguments);
    const end = await runCommand({
      command: invocation.command,
      environment: { ...invocation.environment, [narrowingVariable]: mayBeNarrowed ? "allowed" : "refused" },
      onStart: (pid) => void noteGroup(scratch, pid),
      onEnding: () => listener.keepRunning(),
      directory: planned.directory,
      log: request.log.path,
      secrets: scene.secrets,
      timeoutSeconds: planned.timeoutSeconds,
      signal: request.signal,
    });
    const reported = await listener.facts();
    return {
      run,
      seconds: end.seconds,
      reported,
      collect: async () => {
        if (!mayBeNarrowed) refuseNarrowing(planned.suite, reported.narrowings);
        return named(await runner.collect(run, { ...end, reported }), worker);
      },
    };
  } finally {
    await listener.close();
  }
}

/** What a runner needs to know of a process that it is to start. */
function suiteRun(request: AttemptRequest, scratch: string, progressSocket: string): SuiteRun {
  const { planned, scene } = request;
  const { checkout } = scene;
  return {
    suite: planned.suite,
    checkoutRoot: checkout.root,
    otherRoots: checkout.otherRoots,
    directory: planned.directory,
    workers: request.workers,
    workerEnvironments: request.workerEnvironments,
    coordinatorEnvironment: scene.coordinatorEnvironment,
    leaseSocket: request.leaseSocket,
    scratch,
    progressSocket,
    selection: request.selection,
    trackedFiles: scene.trackedFiles,
    durations: scene.durations,
    arguments: scene.arguments,
    dependencyNotes: checkout.dependencyNotes,
    environment: scene.environment,
  };
}

/** A process that is one worker as a whole knows itself as `master`, or not at all. */
function named(results: TestResults, worker: string | undefined): TestResults {
  if (worker === undefined) return results;
  return {
    ...results,
    ran: results.ran.map((test) => ({ ...test, worker })),
    failures: results.failures.map((failure) => ({ ...failure, worker })),
  };
}
