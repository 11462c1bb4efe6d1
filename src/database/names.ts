import { randomBytes } from "node:crypto";
import { RequestError } from "../shared/errors.ts";
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

/** The name of the template that `database.setup` has built: one that no suite gives to a template of its own. */
export function templateName(base: string): string {
  return `${base}_verify_template`;
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

/** Throws RequestError where a database of this base would get a name that Postgres would cut. */
export function checkBaseName(base: string, workers: readonly WorkerId[], hasTemplate: boolean): void {
  checkDatabaseName(base);
  for (const name of databaseNames(base, workers, hasTemplate)) checkDatabaseName(name);
}

/**
 * Another base name for a run whose own is taken: with a salt, and shortened where a database of that base would get a
 * name that Postgres would cut.
 */
export function saltedBase(base: string, workers: readonly WorkerId[], hasTemplate: boolean): string {
  const salt = `_${randomBytes(2).toString("hex")}`;
  const longest = Math.max(...databaseNames(salt, workers, hasTemplate).map((name) => Buffer.byteLength(name)));
  return cut(base, longestName - longest) + salt;
}

function databaseNames(base: string, workers: readonly WorkerId[], hasTemplate: boolean): string[] {
  const names = workers.map((worker) => workerDatabaseName(base, worker));
  return hasTemplate ? [buildingName(templateName(base)), ...names] : [base, ...names];
}

/** The beginning of a text, of at most so many bytes and of whole characters. */
function cut(text: string, bytes: number): string {
  let kept = "";
  for (const character of text) {
    if (Buffer.byteLength(kept + character) > bytes) break;
    kept += character;
  }
  return kept;
}
