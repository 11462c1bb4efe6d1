import type { Measuring } from "../../coverage/files/measuring.ts";
import type { SchemaUse } from "../../model/schema-use.ts";
import type { OwnThresholds } from "../hints/own-thresholds.ts";
import type { Narrowing } from "../plan/narrowing.ts";

/** A suite's progress: a live view. */
export interface Progress {
  /** The number of tests known so far; 0 before any is known. */
  readonly total: number;
  /** Whether more tests may turn up. */
  readonly isTotalFinal: boolean;
  readonly done: number;
  readonly failed: number;
  /** How many of the done tests were skipped. */
  readonly skipped: number;
  /** By worker id, in order of first appearance. */
  readonly workers: ReadonlyMap<string, WorkerProgress>;
  /** Reported failures in order; a test may appear twice. */
  readonly failures: readonly BegunTest[];
  /** Which worker began which file when, in order of report. */
  readonly visits: readonly Visit[];
  /** The directory that the runner's file names are relative to; null before the runner connects. */
  readonly root: string | null;
  /** See `ReportedFacts`. */
  readonly keptAlive: KeptAlive | null;
  /** The tests that have begun and not ended. */
  readonly running: readonly RunningTest[];
}

export interface WorkerProgress {
  /** The last file that it began, as the runner names it. */
  readonly file: string;
  /** Tests done. */
  readonly done: number;
  /** Those of them that failed. */
  readonly failed: number;
}

/** Everything that a process of a runner reported during its run. */
export interface ReportedFacts {
  /** The directory that the runner's file names are relative to; null where no runner connected. */
  readonly root: string | null;
  /** The directory that names in the coverage data are relative to; null where no runner connected. */
  readonly directory: string | null;
  /** How many runner processes connected. With more than one, coverage describes only one of them. */
  readonly connectedRunners: number;
  /** How many tests were reported as failed. */
  readonly failed: number;
  /** The exit code that the runner reported; null where it did not finish. */
  readonly status: number | null;
  /** The project's own thresholds, which were not applied to this part. */
  readonly thresholds: OwnThresholds;
  /** What kept the runner's process alive after its tests; null where it ended in time. */
  readonly keptAlive: KeptAlive | null;
  /** Absolute files of other checkouts whose code ran. */
  readonly foreign: readonly string[];
  readonly measuring: Measuring;
  /** How the schema was kept; null where it was not to be, or no test makes one. */
  readonly schema: SchemaUse | null;
  /** Such as "python 3.11.7"; null where no runner connected. */
  readonly runtime: string | null;
  /** Packages that the runner reported as missing. */
  readonly missing: readonly string[];
  /** SQLAlchemy's version where it takes a driver by itself that is not installed, while psycopg2 is; else null. */
  readonly sqlAlchemyWithoutDriver: string | null;
  /** Why the runner cannot be run as the configuration asks, a phrase each. */
  readonly refusals: readonly string[];
  /** What leaves tests out, without duplicates. */
  readonly narrowings: readonly Narrowing[];
  /** The option that made the runner stop at a failure, such as `--bail`; null where it did not. */
  readonly stoppedBy: string | null;
  /** How many of the requested test files did not run, as the runner reports. */
  readonly filesLeftOut: number;
  /** Tests that failed and then passed when the runner itself retried them; files as the runner names them. */
  readonly flaky: readonly { readonly file: string; readonly name: string }[];
  /** Tests that began and never ended; files as the runner names them. */
  readonly unfinished: readonly { readonly file: string; readonly name: string }[];
  /** Files with focused tests (`.only`), as the runner names them. */
  readonly focused: readonly string[];
  /** Errors outside of any test. */
  readonly errors: readonly string[];
  /** The last file that each worker began, as the runner names it. */
  readonly lastFiles: ReadonlyMap<string, string>;
  /**
   * The tests that began and did not end, those of dead processes first; if there are none, the last test that began.
   */
  readonly lastTests: readonly BegunTest[];
  /** The worker that ran each file; files as the runner names them. */
  readonly workerOfFile: ReadonlyMap<string, string>;
  /** How many tests the runner announced; null where it never announced a total. */
  readonly collected: number | null;
  /** Which worker began which file when, in order of report. */
  readonly visits: readonly Visit[];
}

/** A test that a worker began; the file as the runner names it. */
export interface BegunTest {
  /** Undefined where no worker was reported. */
  readonly worker: string | undefined;
  readonly file: string;
  readonly name: string;
  /** Whether it had ended by then. */
  readonly isOver?: boolean;
}

/** A runner process that did not end after its tests. */
export interface KeptAlive {
  /** What keeps it alive, a phrase each, such as "a connection to the database"; empty where unknown. */
  readonly by: readonly string[];
  /** Whether it was killed because of that. */
  readonly isEnded: boolean;
}

/** A test that has begun and not ended. */
export interface RunningTest extends BegunTest {
  /** When it was reported to begin, in milliseconds since the epoch. */
  readonly since: number;
}

/** A worker began a file; the visit lasts until it begins the next. */
export interface Visit {
  readonly worker: string;
  /** As the runner names it. */
  readonly file: string;
  /** In milliseconds since the epoch. */
  readonly at: number;
}
