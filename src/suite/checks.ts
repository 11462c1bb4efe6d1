import { join } from "node:path";
import type { CheckSummary } from "../report/summary.ts";
import type { PlannedSuite } from "./plan.ts";
import { runCommand } from "./process.ts";
import { withProjectPrograms } from "./programs.ts";
import { fileName, type SuiteSurroundings } from "./run.ts";

/** A check of the configuration: a command that has to succeed. */
export interface Check {
  readonly name: string;
  readonly command: string;
}

/** Runs a check in the root of the checkout; one that takes too long has not passed. */
export async function runCheck(
  check: Check,
  timeoutSeconds: PlannedSuite["timeoutSeconds"],
  around: Omit<SuiteSurroundings, "provision" | "scratch">,
): Promise<CheckSummary> {
  const name = `check-${fileName(check.name)}.log`;
  const end = await runCommand({
    command: check.command,
    directory: around.checkout.root,
    environment: withProjectPrograms(around.environment, [around.checkout.root]),
    log: join(around.logs.directory, name),
    secrets: [],
    timeoutSeconds,
    signal: around.signal,
  });
  return {
    name: check.name,
    command: check.command,
    passed: end.exitCode === 0 && !end.timedOut,
    seconds: end.seconds,
    log: `${around.logs.name}/${name}`,
  };
}
