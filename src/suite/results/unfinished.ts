import type { RunningSummary, SuiteSummary } from "../../model/summary.ts";
import type { Redact } from "../../shared/redact.ts";
import type { PlannedSuite } from "../plan/plan.ts";

/** How far a suite came, as its processes told; names relative to the checkout, and as they may be shown. */
export interface SoFar {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  /** How many files were begun. */
  readonly files: number;
  readonly seconds: number;
  readonly failures: readonly { readonly worker: string | undefined; readonly file: string; readonly name: string }[];
  readonly running: readonly RunningSummary[];
}

/** The summary of a suite that came to no end: its counts so far, and the tests that were running. */
export function unfinishedSummary(
  { suite, workers }: PlannedSuite,
  { total, done, failed, skipped, files, seconds, failures, running }: SoFar,
  { redact, logs }: { readonly redact: Redact; readonly logs: readonly string[] },
): SuiteSummary {
  const [log = "", ...others] = logs;
  return {
    name: suite.name,
    runner: suite.runner,
    command: redact(suite.command),
    workers: workers.length,
    seconds,
    // Nothing tells how long each test took.
    workSeconds: 0,
    files,
    tests: { total: Math.max(total, done), passed: done - failed - skipped, failed, skipped },
    databases: [],
    failures: failures.map(({ worker, file, name }) => ({
      file,
      name,
      message: "",
      kind: "failure",
      ...(worker === undefined ? {} : { worker }),
    })),
    running,
    log,
    ...(others.length === 0 ? {} : { logs: [log, ...others] }),
  };
}
