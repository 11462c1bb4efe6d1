import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { requireLaunchers } from "../project/launchers.ts";
import { UnavailableError } from "../shared/errors.ts";
import { type CommandEnd, runCommand } from "../shared/exec/process.ts";
import { quote } from "../shared/shell.ts";
import type { LogFile } from "./logs.ts";
import { allowsNarrowing, narrowingVariable, refuseNarrowing } from "./plan/narrowing.ts";
import type { PlannedSuite } from "./plan/plan.ts";
import type { Progress, ReportedFacts } from "./progress/facts.ts";
import { listenForProgress } from "./progress/listen.ts";
import type { Runner, Selection, SuiteRun, TestResults } from "./runners/runner.ts";
import { noteGroup } from "./scratch.ts";
import type { SuiteContext } from "./suite-context.ts";

/** A request to run one process of a runner. */
export interface AttemptRequest {
  readonly planned: PlannedSuite;
  readonly runner: Runner;
  readonly context: SuiteContext;
  /** How many workers the runner itself runs side by side. */
  readonly workers: number;
  /** Environment variables by worker; only `master` where the process is a single worker. */
  readonly workerEnvironments: SuiteRun["workerEnvironments"];
  /** The worker id of this process, where it is one of several single-worker processes. */
  readonly worker?: string;
  readonly leaseSocket: string | null;
  readonly selection: Selection | null;
  readonly log: LogFile;
  readonly signal: AbortSignal;
  /** Called before the process starts, with a live view of its progress. */
  readonly onProgress?: (progress: Progress) => void;
}

/** A process of a runner that has ended. */
export interface Attempt {
  readonly run: SuiteRun;
  /** The wall time. */
  readonly seconds: number;
  readonly reported: ReportedFacts;
  /**
   * Reads the results. Call it only after checking that the databases survived the run. Rejects as `Runner.collect`
   * does.
   */
  collect(): Promise<TestResults>;
}

/** Starts a runner and waits until it ends. Throws what `Runner.invocation` and `runCommand` throw. */
export async function runAttempt(request: AttemptRequest): Promise<Attempt> {
  const { planned, runner, context, worker } = request;
  const scratch = await mkdtemp(join(context.scratch, "suite-"));
  const listener = await listenForProgress(scratch, worker);
  request.onProgress?.(listener.progress);
  try {
    const run = suiteRun(request, scratch, listener.socketPath);
    requireLaunchers(run.suite, run.directory, run.environment);
    const invocation = await runner.invocation(run);
    const mayBeNarrowed = allowsNarrowing(run.arguments);
    const end = await runCommand({
      command: await shortCommand(invocation.command, scratch),
      environment: { ...invocation.environment, [narrowingVariable]: mayBeNarrowed ? "allowed" : "refused" },
      onStart: (pid) => {
        void noteGroup(scratch, pid);
        context.onStart();
      },
      onEnding: () => listener.keepRunning(),
      directory: planned.directory,
      log: request.log.path,
      secrets: context.secrets,
      timeoutSeconds: planned.timeoutSeconds,
      signal: request.signal,
    });
    const reported = await listener.facts();
    return {
      run,
      seconds: end.seconds,
      reported,
      collect: async () => {
        refuseTooLong(planned, end);
        if (!mayBeNarrowed) refuseNarrowing(planned.suite, reported.narrowings);
        return named(await runner.collect(run, { ...end, reported }), worker);
      },
    };
  } finally {
    await listener.close();
  }
}

/** Linux takes at most 128 KiB as one argument. Bytes, with room for what shells add. */
const longestArgument = 100_000;

/** A command for `sh -c`; a long one, which names many files, is read from a file in an absolute, private directory. */
async function shortCommand(command: string, scratch: string): Promise<string> {
  if (Buffer.byteLength(command) <= longestArgument) return command;
  const path = join(scratch, "command.sh");
  await writeFile(path, `${command}\n`);
  return `. ${quote(path)}`;
}

/** Throws UnavailableError where the shell could not start the runner with the names of all its files. */
function refuseTooLong({ suite }: PlannedSuite, { exitCode, tail }: CommandEnd): void {
  if (exitCode !== 126 || !/Argument list too long/i.test(tail)) return;
  throw new UnavailableError(
    `${suite.name}: the names of its test files are more than this system takes on one command line, so none ran. Divide the suite: several in "suites", each with a part of the files.`,
  );
}

/** What a runner needs to know to start a process. */
function suiteRun(request: AttemptRequest, scratch: string, progressSocket: string): SuiteRun {
  const { planned, context } = request;
  const { checkout } = context;
  return {
    suite: planned.suite,
    checkoutRoot: checkout.root,
    otherRoots: checkout.otherRoots,
    directory: planned.directory,
    workers: request.workers,
    workerEnvironments: request.workerEnvironments,
    coordinatorEnvironment: context.coordinatorEnvironment,
    leaseSocket: request.leaseSocket,
    scratch,
    progressSocket,
    selection: request.selection,
    trackedFiles: context.trackedFiles,
    durations: context.durations,
    // A test that is run again alone is run as it is without that.
    keepsSchema: context.keepsSchema && request.selection?.kind !== "tests",
    tracing: isOfWholeFiles(request.selection) ? context.tracing : null,
    arguments: context.arguments,
    dependencyNotes: checkout.dependencyNotes,
    environment: context.environment,
  };
}

/** Whether one process runs all files of the suite, or of a shard: others say nothing of what whole files rest on. */
function isOfWholeFiles(selection: Selection | null): boolean {
  if (selection === null) return true;
  return selection.kind === "share" && selection.count === 1 && selection.shard !== undefined;
}

/** Relabels results with the worker's id: a single-worker process reports `master`, or no worker. */
function named(results: TestResults, worker: string | undefined): TestResults {
  if (worker === undefined) return results;
  return {
    ...results,
    ran: results.ran.map((test) => ({ ...test, worker })),
    failures: results.failures.map((failure) => ({ ...failure, worker })),
  };
}
