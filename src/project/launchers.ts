import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { UnavailableError } from "../shared/errors.ts";
import type { Environment } from "../shared/world.ts";
import { withoutAssignments, withScripts } from "./package-script.ts";

/** Programs that suite commands begin with, and how to install each. */
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

/** A program that a command needs and PATH lacks. */
export interface MissingLauncher {
  readonly program: string;
  /** How to install it: a command, or a few words. */
  readonly install: string;
}

/** The missing package manager or task runner of a command or a script that it calls; null where all exist. */
export function missingLauncher(command: string, directory: string, environment: Environment): MissingLauncher | null {
  const programs = withScripts(command, directory).flatMap(stepPrograms);
  const program = programs.find((name) => launchers[name] !== undefined && findOnPath(name, environment) === null);
  return program === undefined ? null : { program, install: launchers[program] ?? "" };
}

/** A sentence about a missing program, without a remedy. */
export function missingLauncherText({ program }: MissingLauncher, command: string): string {
  return `${program} is not installed, which \`${command}\` needs`;
}

/** The remedy for a missing program. */
export function launcherRemedy({ install }: MissingLauncher): string {
  return /^(pipx|npm) /.test(install) ? `Run: ${install}` : `${install[0]?.toUpperCase()}${install.slice(1)}.`;
}

/** Throws UnavailableError where a suite's command needs a missing package manager or task runner. */
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

/** The first word of each step, after variable assignments. */
function stepPrograms(command: string): string[] {
  return command.split(/&&|\|\||[;|&\n]/).flatMap((step) => {
    return /^[\w.-]+(?=\s|$)/.exec(withoutAssignments(step))?.[0] ?? [];
  });
}

/** The path of a program on PATH, or null. */
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
