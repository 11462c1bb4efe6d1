import type { RunnerName, SuiteConfig } from "../config.ts";
import type { WorkerDatabase } from "../database/provision.ts";
import type { Failure, TestCounts } from "../report/summary.ts";
import type { Environment } from "../world.ts";

/** One way of running tests. Adding a runner is adding a file that gives this. */
export interface Runner {
  readonly name: RunnerName;
  /** How to start the suite so that each worker has its database and results and coverage are written. */
  invocation(run: SuiteRun): Invocation;
  /** The tests of a run that has ended, from the files it wrote. Throws UnavailableError where the runner could not run. */
  collect(run: SuiteRun, ended: Ended): Promise<TestResults>;
}

/** A suite that is about to run. */
export interface SuiteRun {
  readonly suite: SuiteConfig;
  /** The absolute root of the checkout that is verified. */
  readonly checkoutRoot: string;
  /** The absolute directory the command runs in. */
  readonly directory: string;
  /** How many workers run side by side; 1 is a serial run. */
  readonly workers: number;
  /** Empty for a suite that needs none. */
  readonly databases: readonly WorkerDatabase[];
  /** The absolute, private directory for results and coverage; removed after the run. */
  readonly scratch: string;
  /** The unix socket on which the adapters report progress. */
  readonly progressSocket: string;
  /** What the user put after `--`. */
  readonly arguments: readonly string[];
  /** The environment of the whole verification, runners' and git's own variables scrubbed. */
  readonly environment: Environment;
}

export interface Invocation {
  /** For a shell. */
  readonly command: string;
  readonly environment: Environment;
}

/** How a suite's process came to its end. */
export interface Ended {
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly seconds: number;
  /** The last lines of its output, for messages. */
  readonly tail: string;
}

export interface TestResults {
  readonly tests: TestCounts;
  readonly files: number;
  readonly workSeconds: number;
  readonly failures: readonly Failure[];
  /** The absolute path of the LCOV file, or null where none was written. */
  readonly lcov: string | null;
  /** What makes the run not count, one sentence each, beside the failures; empty when there is nothing. */
  readonly reasons: readonly string[];
}
