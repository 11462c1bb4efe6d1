import { randomBytes } from "node:crypto";
import { RequestError } from "../shared/errors.ts";
import type { WorkerId } from "./provision.ts";

/**
 * The maximum length of a name in bytes; Postgres silently truncates longer ones, so that two workers would share a
 * database.
 */
const longestName = 63;
const systemDatabases = new Set(["postgres", "template0", "template1"]);

/** The name of a worker's database: `{base}_gw0`, or the base name for a serial run. */
export function workerDatabaseName(base: string, worker: WorkerId): string {
  return worker === "master" ? base : `${base}_${worker}`;
}

/** The name of a database that is never created, for processes that only coordinate workers. */
export function coordinatorName(base: string): string {
  return `${base}_coordinator`;
}

/** The name of the template that `database.setup` built, distinct from any that suites use. */
export function templateName(base: string): string {
  return `${base}_verify_template`;
}

/** The template's name during `database.setup`, so that an incomplete one is never used. */
export function buildingName(name: string): string {
  return `${name}_building`;
}

/** Throws RequestError for a database name that Postgres would truncate, cannot contain, or reserves. */
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

/** Throws RequestError where a database name with this base would be truncated. */
export function checkBaseName(base: string, workers: readonly WorkerId[], hasTemplate: boolean): void {
  checkDatabaseName(base);
  for (const name of neededNames(base, workers, hasTemplate)) checkDatabaseName(name);
}

/** The names that a run gives to databases on a server. */
export function neededNames(base: string, workers: readonly WorkerId[], hasTemplate: boolean): string[] {
  const template = templateName(base);
  const names = workers.map((worker) => workerDatabaseName(base, worker));
  return hasTemplate ? [template, buildingName(template), ...names] : names;
}

/** Another base name for a run whose own is locked: salted, and shortened as needed. */
export function saltedBase(base: string, workers: readonly WorkerId[], hasTemplate: boolean): string {
  const salt = `_${randomBytes(2).toString("hex")}`;
  const longest = Math.max(
    ...[salt, ...neededNames(salt, workers, hasTemplate)].map((name) => Buffer.byteLength(name)),
  );
  return cut(base, longestName - longest) + salt;
}

/** The longest beginning of a text with at most so many bytes and no broken characters. */
function cut(text: string, bytes: number): string {
  let kept = "";
  for (const character of text) {
    if (Buffer.byteLength(kept + character) > bytes) break;
    kept += character;
  }
  return kept;
}
