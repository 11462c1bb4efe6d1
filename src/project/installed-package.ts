import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type RunnerName, runnerFacts } from "../config/runner-facts.ts";
import type { SuiteConfig } from "../config/schema.ts";
import { UnavailableError } from "../shared/errors.ts";
import { addNodePackages } from "./packages/add-node-packages.ts";
import { additionText, type LackingPlace } from "./packages/additions.ts";

/** Where a suite looks for packages. */
export interface PackagePlace extends LackingPlace {
  readonly suite: Pick<SuiteConfig, "name" | "root" | "runner">;
  /** Differences between installed and committed packages, one sentence each. */
  readonly dependencyNotes: readonly string[];
}

/** The version of a package that a suite would use, or null. */
export function installedVersion({ directory }: Pick<PackagePlace, "directory">, name: string): string | null {
  try {
    const require = createRequire(join(directory, "package.json"));
    return JSON.parse(readFileSync(require.resolve(`${name}/package.json`), "utf8")).version;
  } catch {
    return null;
  }
}

/** What is wrong with a runner that is too old to be run from outside; null where it is not. */
export function oldRunner(runner: RunnerName, version: string): string | null {
  const [major, minor] = runnerFacts[runner].oldest ?? [0, 0];
  const [ownMajor = 0, ownMinor = 0] = version.split(".").map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return null;
  return `${runner} ${version} is too old to be run with databases, results and coverage added from outside: ${major}.${minor} or later is needed`;
}

/** The version of a suite's runner. Throws UnavailableError where it is missing or too old. */
export function requireRunner(place: PackagePlace, packages: readonly string[]): string {
  const { runner, name } = place.suite;
  const version = installedVersion(place, runner);
  if (version === null) throw missingPackage(place, runner, packages);
  const old = oldRunner(runner, version);
  if (old !== null) throw new UnavailableError(`${name}: ${old}.`);
  return version;
}

/**
 * The error for a missing package with the command that installs it; where installed packages differ from the commit's,
 * it names those differences instead, as installing would not help.
 */
export function missingPackage(place: PackagePlace, what: string, packages: readonly string[]): UnavailableError {
  const { suite, dependencyNotes } = place;
  const where = suite.root === "." ? "the repo's root" : suite.root;
  const why = dependencyNotes.join(" ");
  if (why !== "") return new UnavailableError(`${suite.name}: ${what} is not available in ${where}: ${why}`);
  const addition = addNodePackages(place, packages, [suite.runner]);
  return new UnavailableError(
    `${suite.name}: ${what} is not installed in ${where}. Install with: ${additionText(addition)}`,
  );
}
