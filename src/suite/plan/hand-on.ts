import type { SuiteConfig } from "../../config/schema.ts";
import { withoutAssignments, withScripts } from "../../project/package-script.ts";
import { RequestError } from "../../shared/errors.ts";

/** How a step begins that starts a script in each package of a workspace. */
const handsOn: readonly RegExp[] = [
  /^turbo\s/,
  /^nx\s+(run-many|affected)\b/,
  /^lerna\s+(run|exec)\b/,
  /^lage\s/,
  /^npm\s.*(--workspaces|-ws)(?=\s|$)/,
  /^pnpm\s.*(-r|--recursive)(?=\s|$)/,
  /^yarn\s+workspaces\s+(foreach|run)\b/,
];

/** What in a command, or in the scripts that it calls, hands on to the packages of a workspace; null where nothing does. */
export function handingOn(command: string, directory: string): string | null {
  const steps = withScripts(command, directory).flatMap(stepsOf);
  return steps.find((step) => handsOn.some((pattern) => pattern.test(step))) ?? null;
}

/** Whether a single step of a command hands on to the packages. */
export function stepHandsOn(step: string): boolean {
  return stepsOf(step).some((one) => handsOn.some((pattern) => pattern.test(one)));
}

/** The steps of a command, without what they set and without a package manager that only finds the program. */
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
 * Throws RequestError where a suite's command starts the runner once in each package: each would write over the results of the
 * one before, and turbo takes what is added to vitest's command line for its own.
 */
export function refuseHandingOn({ name, runner, command }: SuiteConfig, directory: string): void {
  if (runner === "command") return;
  const found = handingOn(command, directory);
  if (found === null) return;
  const behind = found === command.trim() ? "" : `, which comes to run \`${found}\`,`;
  throw new RequestError(
    `${name}: \`${command}\`${behind} hands on to the packages, each of which starts its own ${runner}. Make each package a suite with its "root" and the command of its own test script; \`verify init\` does so where there is no configuration yet.`,
  );
}
