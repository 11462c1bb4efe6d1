import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { adapterPath } from "../../shared/paths.ts";
import type { Environment } from "../../shared/world.ts";
import type { SuiteRun } from "./runner.ts";

/** NODE_OPTIONS that load an adapter before a runner starts, after the user's own; wrappers such as `npm test` pass them on. */
export function withPreload({ NODE_OPTIONS: own }: Environment, adapter: string): string {
  return [own, `--import ${pathToFileURL(adapterPath(adapter)).href}`].filter(Boolean).join(" ");
}

/** The environment of a JavaScript runner whose tests may keep their schema: see `database.schema`. */
export function schemaEnvironment({ environment, keepsSchema }: SuiteRun): Environment {
  if (!keepsSchema) return environment;
  return { ...environment, NODE_OPTIONS: withPreload(environment, "schema/preload.mjs") };
}

/**
 * The variables that have a preload add to a runner's own options. The additions go by a file in the scratch directory: a
 * variable may not be long enough for the names of all files.
 */
export async function additionsEnvironment(
  runner: "jest" | "mocha",
  { scratch, environment, additions }: { scratch: string; environment: Environment; additions: object },
): Promise<Environment> {
  const path = join(scratch, `${runner}-additions.json`);
  await writeFile(path, JSON.stringify(additions));
  return {
    NODE_OPTIONS: withPreload(environment, `${runner}/preload.mjs`),
    [`VERIFY_${runner.toUpperCase()}`]: path,
  };
}

/** The absolute file with what was traced of a run. */
export function traceFile({ scratch }: Pick<SuiteRun, "scratch">): string {
  return join(scratch, "trace", "record.json");
}

/**
 * The environment in which each process also traces what its test files rest on, by an adapter that is loaded first; the given
 * one where that is not asked for.
 */
export async function tracedEnvironment(
  run: SuiteRun,
  environment: Environment,
  adapter: string,
): Promise<Environment> {
  if (!run.tracing) return environment;
  const directory = dirname(traceFile(run));
  await mkdir(directory);
  const { reused } = run.tracing;
  return {
    ...environment,
    NODE_OPTIONS: withPreload(environment, adapter),
    VERIFY_TRACE: directory,
    VERIFY_CHECKOUT: run.checkoutRoot,
    ...(reused === null ? {} : { VERIFY_REUSED: reused }),
  };
}

/**
 * The variables that lead a runner to its databases: a serial run has its own, else the preload chooses each worker's
 * among them.
 */
export function databaseVariables(run: SuiteRun): Environment {
  if (run.workers === 1) return run.workerEnvironments.master ?? {};
  return { ...run.coordinatorEnvironment, VERIFY_WORKER_ENVIRONMENTS: JSON.stringify(run.workerEnvironments) };
}
