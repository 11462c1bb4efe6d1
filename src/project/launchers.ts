import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { UnavailableError } from "../shared/errors.ts";
import type { Environment } from "../shared/world.ts";
import { withoutAssignments, withScripts } from "./package-script.ts";

/** The programs that commands of suites begin with, and how each comes onto a machine. */
const launchers: Readonly<Record<string, string>> = {
  uv: "pipx install uv",
  uvx: "pipx install uv",
  poetry: "pipx install poetry",
  pipenv: "pipx install pipenv",
  pdm: "pipx install pdm",
  hatch: "pipx install hatch",
  tox: "pipx install tox",
  nox: "pipx install nox",
  rye: "pipx install rye",
  poe: "pipx install poethepoet",
  npm: "install Node.js with npm",
  npx: "install Node.js with npm",
  pnpm: "npm install --global pnpm",
  pnpx: "npm install --global pnpm",
  yarn: "npm install --global yarn",
  bun: "npm install --global bun",
  bunx: "npm install --global bun",
  moon: "npm install --global @moonrepo/cli",
  make: "install make with your system's packages",
  just: "install just with your system's packages",
};

/** A program that a command needs and that is not on PATH. */
export interface MissingLauncher {
  readonly program: string;
  /** What installs it: a command, or a few words. */
  readonly install: string;
}

/**
 * The package manager or task runner that a command, or a script that it calls, begins a step with, where it is not on PATH;
 * null where all are there.
 */
export function missingLauncher(command: string, directory: string, environment: Environment): MissingLauncher | null {
  const programs = withScripts(command, directory).flatMap(stepPrograms);
  const program = programs.find((name) => launchers[name] !== undefined && findOnPath(name, environment) === null);
  return program === undefined ? null : { program, install: launchers[program] ?? "" };
}

/** The sentence on a program that is not there, without its remedy. */
export function missingLauncherText({ program }: MissingLauncher, command: string): string {
  return `${program} is not installed, which \`${command}\` needs`;
}

/** What to do about a program that is not there. */
export function launcherRemedy({ install }: MissingLauncher): string {
  return /^(pipx|npm) /.test(install) ? `Run: ${install}` : `${install[0]?.toUpperCase()}${install.slice(1)}.`;
}

/** Throws UnavailableError where a suite's command begins with a package manager or task runner that is not there. */
export function requireLaunchers(
  suite: { readonly name: string; readonly command: string },
  directory: string,
  environment: Environment,
): void {
  const missing = missingLauncher(suite.command, directory, environment);
  if (missing === null) return;
  const remedy = launcherRemedy(missing).replace(/^Run: /, "Install it with: ");
  throw new UnavailableError(`${suite.name}: ${missingLauncherText(missing, suite.command)}. ${remedy}`);
}

/** The first word of each step, behind the variables that it sets. */
function stepPrograms(command: string): string[] {
  return command.split(/&&|\|\||[;|&\n]/).flatMap((step) => {
    return /^[\w.-]+(?=\s|$)/.exec(withoutAssignments(step))?.[0] ?? [];
  });
}

/** The path of the program that a command of this name starts, or null where PATH has none. */
export function findOnPath(program: string, { PATH }: Environment): string | null {
  const paths = (PATH ?? "").split(delimiter).map((directory) => join(directory, program));
  return paths.find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
