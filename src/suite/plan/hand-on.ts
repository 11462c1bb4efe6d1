import { runnerFacts } from "../../config/runner-facts.ts";
import type { SuiteConfig } from "../../config/schema.ts";
import { withoutAssignments, withScripts } from "../../project/package-script.ts";
import { RequestError } from "../../shared/errors.ts";

/** The beginnings of commands that run a script in each package of a workspace. */
const handsOn: readonly RegExp[] = [
  /^turbo\s/,
  /^nx\s+(run-many|affected)\b/,
  /^lerna\s+(run|exec)\b/,
  /^lage\s/,
  /^npm\s.*(--workspaces|-ws)(?=\s|$)/,
  /^pnpm\s.*(-r|--recursive)(?=\s|$)/,
  /^yarn\s+workspaces\s+(foreach|run)\b/,
];

/**
 * The step, in a command or in the scripts it calls, that runs scripts in each package of a workspace; null where there
 * is none.
 */
function handingOn(command: string, directory: string): string | null {
  const steps = withScripts(command, directory).flatMap(stepsOf);
  return steps.find((step) => handsOn.some((pattern) => pattern.test(step))) ?? null;
}

/** Whether a single step of a command runs a script in each package. */
export function stepHandsOn(step: string): boolean {
  return stepsOf(step).some((one) => handsOn.some((pattern) => pattern.test(one)));
}

/** The steps of a command, without variable assignments and without a package manager that only locates the program. */
function stepsOf(command: string): string[] {
  return command.split(/&&|\|\||[;|&\n]/).map((step) =>
    withoutAssignments(step)
      .replace(
        /^(?:npx|bunx|(?:pnpm|yarn|npm|bun)\s+(?:exec|dlx|x)|(?:pnpm|yarn)(?=\s+(?:turbo|nx|lerna|lage)\b))\s+/,
        "",
      )
      .replace(/^\S*\/(?=(?:turbo|nx|lerna|lage)\s)/, ""),
  );
}

/**
 * Throws RequestError where a suite's command starts the runner once per package: each run would overwrite the results
 * of the one before, and turbo would read the arguments added for vitest as its own.
 */
export function refuseHandingOn({ name, runner, command }: SuiteConfig, directory: string): void {
  if (!runnerFacts[runner].isAdapted) return;
  const found = handingOn(command, directory);
  if (found === null) return;
  const behind = found === command.trim() ? "" : `, which comes to run \`${found}\`,`;
  throw new RequestError(
    `${name}: \`${command}\`${behind} hands on to the packages, each of which starts its own ${runner}. Make each package a suite with its "root" and the command of its own test script; \`verify init\` does so where there is no configuration yet.`,
  );
}
