import type { RunnerName } from "../../config/runner-facts.ts";
import type { SuiteConfig } from "../../config/schema.ts";
import type { Measuring } from "../../coverage/files/measuring.ts";
import type { LcovInput } from "../../coverage/lcov/merge.ts";
import type { Failure, TestCounts } from "../../model/summary.ts";
import type { RanTest, TestId } from "../../model/test-id.ts";
import type { CommandEnd } from "../../shared/exec/process.ts";
import type { Environment } from "../../shared/world.ts";
import type { ReportedFacts } from "../progress/listen.ts";
import type { FileDurations } from "../schedule/durations.ts";

/** One way of running tests. Adding a runner is adding a file that gives this. */
export interface Runner {
  readonly name: RunnerName;
  /**
   * How to start the suite so that each worker has its database and results and coverage are written. Throws
   * UnavailableError where the runner or its coverage provider is missing, with the command that installs it.
   */
  invocation(run: SuiteRun): Promise<Invocation>;
  /** How many workers the user's own command, or the configuration in its directory, asks for; null where that is left open. */
  workersAskedFor(command: string, directory: string): number | null;
  /**
   * Why its workers have to be processes of their own, each over a share of the test files: a phrase that follows
   * "because"; null where the runner itself can run them side by side.
   */
  whyProcesses(suite: SuiteConfig, directory: string): string | null;
  /**
   * The suite's test files, absolute, to be shared out among processes; null where each process finds its own share while
   * it collects.
   */
  readonly listFiles: ((request: ListingRequest) => Promise<readonly string[]>) | null;
  /** Whether it can be told to run some tests only. */
  selectsTests(suite: SuiteConfig): boolean;
  /** Whether one process runs selected tests of several files in the order that they are named in. */
  readonly keepsOrder: boolean;
  readonly leasing: Leasing;
  readonly needs: Needs;
  /** The tests of a run that has ended, from the files it wrote. Throws UnavailableError where the runner could not run. */
  collect(run: SuiteRun, ended: Ended): Promise<TestResults>;
}

/**
 * Whether a suite's processes lease their databases, rather than that each worker is told its own as it starts: `never`, where a
 * worker runs many files; `per file`, where each file has a process of its own and is to have a database of its own; `always`,
 * where each file has such a process, and none is told which worker it is; `as configured`, where only the configuration knows.
 */
export type Leasing = "never" | "per file" | "always" | "as configured";

/** What has to be installed for a runner. */
export type Needs =
  | {
      readonly from: "npm";
      readonly package: string;
      /** The packages of which one measures its coverage, the one to add first; empty where nothing has to be added for that. */
      readonly providers: readonly string[];
    }
  | {
      readonly from: "pip";
      packages(place: PythonPlace): readonly string[];
      /** The one of them by which it runs several workers; without it, they can be processes over shares of the files. */
      readonly forWorkers: string;
    }
  /** It is there; `describe` says what it is. */
  | { readonly from: "nowhere"; describe(suite: SuiteConfig): string };

/** Where the packages of a suite are, and whether its runner runs several workers by itself. */
interface PythonPlace {
  readonly suite: SuiteConfig;
  readonly directory: string;
  readonly runsWorkers: boolean;
}

/** What is known before a suite's processes are told what to run. */
export interface ListingRequest
  extends Pick<
    SuiteRun,
    "suite" | "directory" | "checkoutRoot" | "environment" | "arguments" | "dependencyNotes" | "scratch"
  > {
  readonly signal: AbortSignal;
}

/** What of a suite a process runs. */
export type Selection = Share | SelectedTests;

/** The part of one of several processes. */
export interface Share {
  readonly kind: "share";
  /** From 0. */
  readonly index: number;
  readonly count: number;
  /** Absolute, the ones that are expected to take longest first; null where the process finds its share by itself. */
  readonly files: readonly string[] | null;
  /** The files of the other shares, absolute; null where the processes find theirs by themselves. */
  readonly otherFiles: readonly string[] | null;
}

/** Some tests, in this order, to see how they fare: without coverage. */
export interface SelectedTests {
  readonly kind: "tests";
  readonly tests: readonly TestId[];
}

/** What an id ends in that stands for a whole group, as where a hook of it failed: to run it, all of its tests are run. */
export const groupEnd = " > ";

/** A suite that is about to run. */
export interface SuiteRun {
  readonly suite: SuiteConfig;
  /** The absolute root of the checkout that is verified. */
  readonly checkoutRoot: string;
  /** The absolute roots of the repository's other checkouts, from which environments may have been installed. */
  readonly otherRoots: readonly string[];
  /** The absolute directory the command runs in. */
  readonly directory: string;
  /** How many workers run side by side; 1 is a serial run. */
  readonly workers: number;
  /** What each worker gets as its own, by its id: `gw0`, `gw1`, …, or `master` alone in a serial run. */
  readonly workerEnvironments: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What the process gets that only coordinates the workers: database variables that open nothing. */
  readonly coordinatorEnvironment: Readonly<Record<string, string>>;
  /** The unix socket on which processes lease their database, where they do. */
  readonly leaseSocket: string | null;
  /** The absolute, private directory for results and coverage; removed after the run. */
  readonly scratch: string;
  /** The unix socket on which the adapters report progress. */
  readonly progressSocket: string;
  /** What of the suite runs; null for all of it. */
  readonly selection: Selection | null;
  /** The files that git knows, relative to the checkout's root. */
  readonly trackedFiles: ReadonlySet<string>;
  /** How long each test file took before; empty where nothing is recorded. */
  readonly durations: FileDurations;
  /** What the user put after `--`. */
  readonly arguments: readonly string[];
  /** What is known about the checkout's dependencies, for the message about a missing one. */
  readonly dependencyNotes: readonly string[];
  /** The environment of the whole verification, runners' and git's own variables scrubbed, the project's programs on PATH. */
  readonly environment: Environment;
}

export interface Invocation {
  /** For a shell. */
  readonly command: string;
  readonly environment: Environment;
}

/** How a suite's process came to its end, and what its adapters told on the way. */
export interface Ended extends CommandEnd {
  readonly reported: ReportedFacts;
}

export interface TestResults {
  readonly tests: TestCounts;
  /** Every test, in the order in which the runner wrote them. */
  readonly ran: readonly RanTest[];
  /**
   * The ids of all tests that the process found before it kept its share, where it finds that by itself; null where it did
   * not get so far, undefined elsewhere.
   */
  readonly collected?: readonly string[] | null;
  readonly files: number;
  readonly workSeconds: number;
  readonly failures: readonly Failure[];
  /** Where its LCOV files are, and what the names in them are relative to; null where none was written. */
  readonly coverage: readonly LcovInput[] | null;
  /** What its runner says of what it measures. */
  readonly measuring: Measuring;
  /** Absolute files of other checkouts of the repository whose code ran. */
  readonly foreign: readonly string[];
  /** What was to run and did not, a sentence; null where all ran. It counts unless a failure says enough. */
  readonly leftOut: string | null;
  /** What makes the run not count, one sentence each, beside the failures; empty when there is nothing. */
  readonly reasons: readonly string[];
}
