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
  return { ...environment, NODE_OPTIONS: withPreload(environment, "schema-preload.mjs") };
}

/**
 * The variables that lead a runner to its databases: a serial run has its own, else the preload chooses each worker's
 * among them.
 */
export function databaseVariables(run: SuiteRun): Environment {
  if (run.workers === 1) return run.workerEnvironments.master ?? {};
  return { ...run.coordinatorEnvironment, VERIFY_WORKER_ENVIRONMENTS: JSON.stringify(run.workerEnvironments) };
}
