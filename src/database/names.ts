import { RequestError } from "../errors.ts";
import type { WorkerId } from "./provision.ts";

/** The bytes Postgres keeps of a name; it cuts longer ones without a word, and two workers would share a database. */
const longestName = 63;
const systemDatabases = new Set(["postgres", "template0", "template1"]);

/** The name of a worker's database: `{base}_gw0`, or the base name itself for a serial run. */
export function workerDatabaseName(base: string, worker: WorkerId): string {
  return worker === "master" ? base : `${base}_${worker}`;
}

/** The name of a database that is never made: where a process that only coordinates workers is led. */
export function coordinatorName(base: string): string {
  return `${base}_coordinator`;
}

/** The name of the template that `database.setup` has built. */
export function templateName(base: string): string {
  return `${base}_template`;
}

/** The name of the template while `database.setup` builds it, so that a half-built one is never taken for a whole one. */
export function buildingName(name: string): string {
  return `${name}_building`;
}

/** Throws RequestError for a database name that Postgres would cut, cannot hold, or needs for itself. */
export function checkDatabaseName(name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes > longestName) {
    throw new RequestError(
      `The database name "${name}" has ${bytes} bytes and Postgres keeps only ${longestName}: set a shorter database.name.`,
    );
  }
  if (name.includes("\0"))
    throw new RequestError("database.name holds a NUL character, which Postgres does not allow.");
  if (systemDatabases.has(name)) {
    throw new RequestError(`The database "${name}" is Postgres's own: set another database.name.`);
  }
}

/** Throws RequestError where a database of this base would get a name that is too long. */
export function checkBaseName(base: string, hasTemplate: boolean): void {
  checkDatabaseName(hasTemplate ? buildingName(templateName(base)) : workerDatabaseName(base, "gw0"));
}
