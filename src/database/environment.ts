import type { DatabaseConfig } from "../config.ts";
import type { WorkerId } from "./provision.ts";
import { postgresVariables, renderUrl, type ServerAddress } from "./url.ts";

/** The variables that lead a worker to its database. */
export function workerEnvironment(
  config: DatabaseConfig,
  address: ServerAddress,
  database: string,
  worker: WorkerId | "template",
): Record<string, string> {
  const urls = Object.entries(config.variables).map(([variable, scheme]) => [
    variable,
    renderUrl(address, scheme, database),
  ]);
  return { ...postgresVariables(address, database), ...Object.fromEntries(urls), VERIFY_WORKER: worker };
}
