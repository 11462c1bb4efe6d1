import type { RunningSummary, SuiteSummary } from "../../model/summary.ts";
import type { Redact } from "../../shared/redact.ts";
import type { PlannedSuite } from "../plan/plan.ts";
import { logFacts, suiteFacts } from "./suite-facts.ts";

/** How far a suite got before it was interrupted; names are relative to the checkout and redacted. */
export interface SoFar {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  /** The number of files that began. */
  readonly files: number;
  readonly seconds: number;
  readonly failures: readonly { readonly worker: string | undefined; readonly file: string; readonly name: string }[];
  readonly running: readonly RunningSummary[];
}

/** The summary of an interrupted suite: its counts so far, and the tests that were running. */
export function unfinishedSummary(
  planned: PlannedSuite,
  { total, done, failed, skipped, files, seconds, failures, running }: SoFar,
  { redact, logs }: { readonly redact: Redact; readonly logs: readonly string[] },
): SuiteSummary {
  return {
    ...suiteFacts(planned, redact),
    seconds,
    // Durations of single tests are unknown.
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
    ...logFacts(logs),
  };
}
