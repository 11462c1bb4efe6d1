import { existsSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join, sep } from "node:path";
import { canonicalPath, isWithin } from "./within.ts";
import type { Environment } from "./world.ts";

/**
 * The environment with a PATH that no file of the repository around a directory is on: npm and npx put `node_modules/.bin`
 * first, where a branch may have a `git` or an `ssh-keygen` of its own.
 */
export function withTrustedPath(environment: Environment, directory: string): Environment {
  const root = canonicalPath(repositoryAround(directory));
  const kept = (environment.PATH ?? "")
    .split(delimiter)
    .filter((entry) => isAbsolute(entry) && !entry.split(sep).includes("node_modules"))
    .filter((entry) => !isWithin(canonicalPath(entry), root));
  return { ...environment, PATH: kept.join(delimiter) };
}

/** The nearest directory upward that holds a `.git`; the directory itself where there is none. */
function repositoryAround(directory: string): string {
  for (let current = directory; ; current = dirname(current)) {
    if (existsSync(join(current, ".git"))) return current;
    if (dirname(current) === current) return directory;
  }
}
