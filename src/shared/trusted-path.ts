import { existsSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join, sep } from "node:path";
import { canonicalPath, isWithin } from "./within.ts";
import type { Environment } from "./world.ts";

/**
 * The environment with a PATH that no file of the repository around a directory is on: npm and npx put `node_modules/.bin`
 * first, where a branch may have a `git` or an `ssh-keygen` of its own.
 */
export function withTrustedPath(environment: Environment, directory: string): Environment {
  const root = repositoryAround(directory);
  const isOutside = (entry: string): boolean => root === null || !isWithin(canonicalPath(entry), canonicalPath(root));
  const kept = (environment.PATH ?? "")
    .split(delimiter)
    .filter((entry) => isAbsolute(entry) && !entry.split(sep).includes("node_modules") && isOutside(entry));
  return { ...environment, PATH: kept.join(delimiter) };
}

/** The nearest directory upward that holds a `.git`; null where there is none, or it is the root of all. */
function repositoryAround(directory: string): string | null {
  for (let current = directory; dirname(current) !== current; current = dirname(current)) {
    if (existsSync(join(current, ".git"))) return current;
  }
  return null;
}
