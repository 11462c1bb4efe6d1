import type { DatabaseConfig } from "../config/schema.ts";
import type { WorkerId } from "./provision.ts";
import { postgresVariables, type ServerAddress } from "./url.ts";
import { variableValue } from "./variable-values.ts";

/** The variables that lead a worker to its database. */
export function workerEnvironment(
  config: DatabaseConfig,
  address: ServerAddress,
  database: string,
  worker: WorkerId | "template",
): Record<string, string> {
  const own = Object.entries(config.variables).map(([variable, value]) => [
    variable,
    variableValue(value, address, database),
  ]);
  return { ...postgresVariables(address, database), ...Object.fromEntries(own), VERIFY_WORKER: worker };
}
