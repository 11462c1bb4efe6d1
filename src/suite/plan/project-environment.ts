import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { withoutCaller } from "../../git/environment.ts";
import type { Checkout } from "../../push/checkout.ts";
import { adapterPath } from "../../shared/paths.ts";
import type { Environment } from "../../shared/world.ts";

/** Turns off the caches of moon, turbo and nx: a cached result was not run now. */
const withoutKeptResults = { MOON_CACHE: "off", TURBO_FORCE: "true", NX_SKIP_NX_CACHE: "true" };

/** turbo 2 filters out variables that turbo.json does not name, including those of the workers' databases. */
const keepsVariables = { TURBO_ENV_MODE: "loose" };

/**
 * Prevents installs: uv would install the worktree's project into the user's virtual environment, and pnpm 10 and later
 * may install before every script.
 */
const installsNothing: Environment = {
  UV_NO_SYNC: "1",
  npm_config_verify_deps_before_run: "false",
  pnpm_config_verify_deps_before_run: "false",
};

/**
 * The environment of project commands (suites, checks, `database.setup`): the project's own programs come first on
 * PATH, those of the directories before those of the checkout; variables about how the verification was called are
 * removed.
 */
export function projectEnvironment(
  checkout: Pick<Checkout, "kind" | "root">,
  directories: readonly string[],
  environment: Environment,
): Environment {
  const environmentOfRun = { ...withoutCaller(environment), ...withoutKeptResults, ...keepsVariables };
  const own = withProjectPrograms(environmentOfRun, [...directories, checkout.root]);
  return checkout.kind === "worktree" ? { ...own, ...installsNothing } : own;
}

/**
 * The same for `database.setup`. In a worktree, Python must import the worktree's code even where another checkout is
 * installed, whose models may differ.
 */
export function setupEnvironment(
  checkout: Pick<Checkout, "kind" | "root" | "otherRoots">,
  directory: string,
  environment: Environment,
): Environment {
  const own = projectEnvironment(checkout, [directory], environment);
  if (checkout.kind !== "worktree") return own;
  return {
    ...own,
    PYTHONPATH: [adapterPath("python/setup"), own.PYTHONPATH].filter(Boolean).join(delimiter),
    VERIFY_CHECKOUT: checkout.root,
    VERIFY_OTHER_CHECKOUTS: checkout.otherRoots.join(delimiter),
  };
}

const programDirectories = [".venv/bin", "venv/bin", "env/bin", "node_modules/.bin"];

/**
 * The environment with the project's own programs first on PATH, those of the first directory before those of the
 * others: a virtual environment need not be activated, and a hook started by a graphical client finds what a shell does.
 */
export function withProjectPrograms(environment: Environment, directories: readonly string[]): Environment {
  const found = [...new Set(directories)]
    .flatMap((directory) => programDirectories.map((programs) => join(directory, programs)))
    .filter((programs) => existsSync(programs));
  return { ...environment, PATH: [...found, environment.PATH].filter(Boolean).join(delimiter) };
}
