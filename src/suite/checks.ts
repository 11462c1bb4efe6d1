import type { CheckSummary } from "../model/summary.ts";
import { requireLaunchers } from "../project/launchers.ts";
import { runCommand } from "../shared/exec/process.ts";
import { redactor } from "../shared/redact.ts";
import type { PlannedSuite } from "./plan/plan.ts";
import { projectEnvironment } from "./plan/project-environment.ts";
import type { RunContext } from "./run-context.ts";

/** A check of the configuration: a command that has to succeed. */
export interface Check {
  readonly name: string;
  readonly command: string;
}

/**
 * Runs a check in the root of the checkout; one that takes too long has not passed. Throws UnavailableError where the
 * package manager or task runner that it begins with is not there.
 */
export async function runCheck(
  check: Check,
  timeoutSeconds: PlannedSuite["timeoutSeconds"],
  around: Omit<RunContext, "scratch">,
): Promise<CheckSummary> {
  const { checkout, secrets, signal } = around;
  const environment = projectEnvironment(checkout, [], around.environment);
  requireLaunchers({ name: `The check "${check.name}"`, command: check.command }, checkout.root, environment);
  const log = around.logs(`check-${check.name}`);
  const end = await runCommand({
    command: check.command,
    directory: checkout.root,
    environment,
    log: log.path,
    secrets,
    timeoutSeconds,
    signal,
  });
  return {
    name: check.name,
    command: redactor(secrets)(check.command),
    passed: end.exitCode === 0 && !end.timedOut,
    seconds: end.seconds,
    log: log.name,
  };
}
