import type { Measuring } from "../coverage/files/measuring.ts";
import type { LcovInput } from "../coverage/lcov/merge.ts";
import type { PartlyReused } from "../model/reuse.ts";
import type { RunRecord } from "../model/run-record.ts";
import type { SuiteSummary } from "../model/summary.ts";
import type { RanTest } from "../model/test-id.ts";
import type { Dealt } from "./shards/deal.ts";

/** The outcome of a suite. */
export interface SuiteOutcome {
  readonly summary: SuiteSummary;
  /** Why it does not count, besides its failures; one sentence each. */
  readonly reasons: readonly string[];
  /** Absolute files outside of the verified tree whose code ran: from other checkouts, or behind links. */
  readonly foreign: readonly string[];
  /** Its coverage files, or null where it wrote none. */
  readonly coverage: readonly LcovInput[] | null;
  /** What its runner reports about coverage configuration. */
  readonly measuring: Measuring;
  /** Suggestions, one sentence each, the most likely first. */
  readonly advice: readonly string[];
  /** Notes that do not affect the verdict, one sentence each. */
  readonly notes: readonly string[];
  /** Whether all its tests ran with a schema that is to be kept. */
  readonly keepsSchema: boolean;
  /** Set where only a shard ran: the files of the suite, and of the shard. */
  readonly dealt: Dealt | null;
  /** Every test with its outcome, and the timeline. */
  readonly record: RunRecord;
  /** What was traced of the test files that ran; missing where nothing was. */
  readonly traced?: TracedFiles;
  /** Set on a shard that ran a part while other files are reused. */
  readonly partly?: PartlyReused;
}

/** What test files rest on, as they were traced. */
export interface TracedFiles {
  /** The absolute file with what was traced. */
  readonly path: string;
  /** The tests that ran, of files whose result would come again or not. */
  readonly ran: readonly RanTest[];
}
