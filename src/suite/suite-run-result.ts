import type { Audit, WorkerDatabase } from "../database/provision.ts";
import type { RejectionSummary } from "../model/summary.ts";
import type { FilesToRun } from "./files-to-run.ts";
import { mergeReported, mergeResults } from "./results/merge.ts";
import type { TestResults } from "./runners/runner.ts";
import { type Dealt, dealtNames } from "./shards/deal.ts";

/** The result of a suite's run, after all its processes have ended. */
export interface SuiteRunResult {
  readonly results: TestResults;
  readonly databases: readonly WorkerDatabase[];
  readonly audit: Audit;
  readonly rejections: readonly RejectionSummary[];
  /** The wall time of the tests, from the first process's start to the last one's end. */
  readonly seconds: number;
  /** The log files, relative to the repository's root. */
  readonly logs: readonly string[];
  /** What the processes reported while they ran, merged. */
  readonly reported: ReturnType<typeof mergeReported>;
  /** Set where only a shard ran: the files of the suite, and of the shard. */
  readonly dealt: Dealt | null;
}

/** The audit of a suite without a database. */
export const nothingSeen: Audit = { connected: null, rejections: [] };

/** The result of a shard that got none of a suite's files. */
export function nothingOf({ all }: FilesToRun, root: string): SuiteRunResult {
  return {
    results: { ...mergeResults([]), coverage: [] },
    databases: [],
    audit: nothingSeen,
    rejections: [],
    seconds: 0,
    logs: [],
    reported: mergeReported([]),
    dealt: dealtNames(all, [], root),
  };
}
