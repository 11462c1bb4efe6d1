import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Environment } from "../shared/world.ts";

const programDirectories = [".venv/bin", "venv/bin", "env/bin", "node_modules/.bin"];

/**
 * The environment with the project's own programs first on PATH, in order of directories: a virtual environment need
 * not be active, and a hook started by a graphical client finds the same programs as a shell.
 */
export function withProjectPrograms(environment: Environment, directories: readonly string[]): Environment {
  const found = [...new Set(directories)]
    .flatMap((directory) => programDirectories.map((programs) => join(directory, programs)))
    .filter((programs) => existsSync(programs));
  return { ...environment, PATH: [...found, environment.PATH].filter(Boolean).join(delimiter) };
}
