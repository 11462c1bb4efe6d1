import type { SuiteSummary } from "../../model/summary.ts";
import type { Redact } from "../../shared/redact.ts";
import type { PlannedSuite } from "../plan/plan.ts";

/** What a summary says of a suite whatever became of its run. */
export function suiteFacts(
  { suite, workers }: PlannedSuite,
  redact: Redact,
): Pick<SuiteSummary, "name" | "runner" | "command" | "workers"> {
  return { name: suite.name, runner: suite.runner, command: redact(suite.command), workers: workers.length };
}

/** The log files of a suite, as a summary names them. */
export function logFacts([log = "", ...others]: readonly string[]): Pick<SuiteSummary, "log" | "logs"> {
  return { log, ...(others.length === 0 ? {} : { logs: [log, ...others] }) };
}
