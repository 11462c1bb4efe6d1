import type { RunnerName } from "../../config/runner-facts.ts";
import type { SuiteConfig } from "../../config/schema.ts";
import type { Measuring } from "../../coverage/files/measuring.ts";
import type { LcovInput } from "../../coverage/lcov/merge.ts";
import type { Failure, TestCounts } from "../../model/summary.ts";
import type { RanTest, TestId } from "../../model/test-id.ts";
import type { CommandEnd } from "../../shared/exec/process.ts";
import type { Environment } from "../../shared/world.ts";
import type { ReportedFacts } from "../progress/facts.ts";
import type { Tracing } from "../reuse/tracing.ts";
import type { FileDurations } from "../schedule/durations.ts";
import type { Dealt } from "../shards/deal.ts";

/** A test runner. To add one, add a file that exports this. */
export interface Runner {
  readonly name: RunnerName;
  /**
   * The command and environment that give each worker its database and write results and coverage. Throws
   * UnavailableError where the runner or its coverage provider is missing, with the command that installs it.
   */
  invocation(run: SuiteRun): Promise<Invocation>;
  /** The number of workers in the user's command or in the configuration in its directory; null where unset. */
  workersAskedFor(command: string, directory: string): number | null;
  /**
   * Why workers must be separate processes, each with a share of the test files: a phrase that follows "because"; null
   * where the runner manages workers itself.
   */
  whyProcesses(suite: SuiteConfig, directory: string): string | null;
  /**
   * The suite's absolute test files, to be shared out among processes; null where each process chooses its own share
   * during collection.
   */
  readonly listFiles: ((request: ListingRequest) => Promise<readonly string[]>) | null;
  /** Whether it can run selected tests only. */
  selectsTests(suite: SuiteConfig): boolean;
  /** Whether one process runs selected tests of several files in the given order. */
  readonly keepsOrder: boolean;
  readonly leasing: Leasing;
  readonly needs: Needs;
  /** The tests of a run that has ended, from the files it wrote. Throws UnavailableError where the runner could not run. */
  collect(run: SuiteRun, ended: EndedProcess): Promise<TestResults>;
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

/** The part of a suite that a process runs. */
export type Selection = Share | SelectedTests;

/** One of several shares of a suite. */
export interface Share {
  readonly kind: "share";
  /** Counted from 0. */
  readonly index: number;
  readonly count: number;
  /** Absolute, the slowest expected first; null where the process chooses its own share. */
  readonly files: readonly string[] | null;
  /** The files that this process leaves out, absolute; null where the processes choose their own. */
  readonly otherFiles: readonly string[] | null;
  /** Set where the shares are of one shard only: its place among `total`, from 0. */
  readonly shard?: { readonly place: number; readonly total: number };
}

/** Selected tests in this order, without coverage. */
export interface SelectedTests {
  readonly kind: "tests";
  readonly tests: readonly TestId[];
}

/** The ending of an id that selects a whole group, for example after a failed hook. */
export const groupEnd = " > ";

/** A run of one process of a suite. */
export interface SuiteRun {
  readonly suite: SuiteConfig;
  /** The absolute root of the verified checkout. */
  readonly checkoutRoot: string;
  /** The absolute roots of the repository's other checkouts, which may be installed in environments. */
  readonly otherRoots: readonly string[];
  /** The absolute directory in which the command runs. */
  readonly directory: string;
  /** How many workers run side by side; 1 is a serial run. */
  readonly workers: number;
  /** Variables by worker id: `gw0`, `gw1`, …, or only `master` in a serial run. */
  readonly workerEnvironments: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Variables for the coordinating process: database settings that open nothing. */
  readonly coordinatorEnvironment: Readonly<Record<string, string>>;
  /** The unix socket for leasing databases, where the suite leases them. */
  readonly leaseSocket: string | null;
  /** The absolute, private directory for results and coverage; removed after the run. */
  readonly scratch: string;
  /** The unix socket on which the adapters report progress. */
  readonly progressSocket: string;
  /** The part of the suite to run; null for all of it. */
  readonly selection: Selection | null;
  /** The files that git knows, relative to the checkout's root. */
  readonly trackedFiles: ReadonlySet<string>;
  /** The recorded duration of each test file; empty where unknown. */
  readonly durations: FileDurations;
  /** Whether the schema is kept where tests make and drop it: see `database.schema`. */
  readonly keepsSchema: boolean;
  /** Whether what each test file rests on is traced, and what of it is left out; null where it is not. */
  readonly tracing?: Tracing | null;
  /** What the user put after `--`. */
  readonly arguments: readonly string[];
  /** Notes on the checkout's dependencies, for the message about a missing package. */
  readonly dependencyNotes: readonly string[];
  /** The environment of the verification: variables of runners and git removed, the project's programs on PATH. */
  readonly environment: Environment;
}

export interface Invocation {
  /** A shell command. */
  readonly command: string;
  readonly environment: Environment;
}

/** A finished process of a suite, and what its adapters reported. */
export interface EndedProcess extends CommandEnd {
  readonly reported: ReportedFacts;
}

export interface TestResults {
  readonly tests: TestCounts;
  /** Every test, in the order in which the runner wrote them. */
  readonly ran: readonly RanTest[];
  /**
   * The ids of all collected tests, before the process chose its share; null where it did not get that far, undefined
   * where it does not choose.
   */
  readonly collected?: readonly string[] | null;
  /** Set where only a shard ran and the process chose it: the files of the suite, and of the shard. */
  readonly dealt?: Dealt;
  readonly files: number;
  readonly workSeconds: number;
  readonly failures: readonly Failure[];
  /** The LCOV files, and what names in them are relative to; null where there are none. */
  readonly coverage: readonly LcovInput[] | null;
  /** What the runner reports about coverage configuration. */
  readonly measuring: Measuring;
  /** The absolute file with what was traced; missing where nothing was. */
  readonly trace?: string;
  /** Absolute files of other checkouts of the repository whose code ran. */
  readonly foreign: readonly string[];
  /** Why tests did not run, a sentence; null where all ran. Ignored where there is a failure. */
  readonly leftOut: string | null;
  /** Why the run does not count, besides failures, one sentence each. */
  readonly reasons: readonly string[];
}
