import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { buildingName } from "../names.ts";
import { lockKey } from "./lock.ts";

/** The comment on our databases, so that nothing else is ever dropped. */
export interface Marker {
  /** The base name whose advisory lock the run holds. */
  readonly base: string;
  /**
   * The configured base name, which differs from `base` where two runs share a server. The key is stored on servers, so
   * its name stays.
   */
  readonly family: string;
  /** The purpose: `gw0`, `master`, `template`. */
  readonly worker: string;
  /** The name we gave it; a renamed database belongs to whoever renamed it. */
  readonly name: string;
  /** The id of the run. */
  readonly run: string;
  /** For people: the directory it was created from. */
  readonly directory: string;
  readonly host: string;
  readonly pid: number;
  /** ISO 8601, in UTC. */
  readonly made: string;
}

/** The marker fields that are equal for all databases of a run. */
export type RunMarker = Pick<Marker, "base" | "family" | "run" | "directory" | "host" | "pid">;

const prefix = "pushproof ";
/** Names of databases that were not yet marked; such names collide with no others. */
const newPrefix = "pushproof_new_";
const newName = /^pushproof_new_([0-9a-f]{16})_[0-9a-f]{16}$/;

export function newRunMarker(base: string, configuredBase: string, directory: string): RunMarker {
  return {
    base,
    family: configuredBase,
    directory,
    run: randomBytes(8).toString("hex"),
    host: hostname(),
    pid: process.pid,
  };
}

export function markerComment(run: RunMarker, name: string, worker: string): string {
  const marker: Marker = { ...run, name, worker, made: new Date().toISOString() };
  return prefix + JSON.stringify(marker);
}

/** The marker in a database's comment, or undefined where the database is not ours. */
export function parseMarker(comment: unknown): Marker | undefined {
  if (typeof comment !== "string" || !comment.startsWith(prefix)) return undefined;
  try {
    const marker = JSON.parse(comment.slice(prefix.length)) as Partial<Marker>;
    return typeof marker.base === "string" && typeof marker.name === "string" ? (marker as Marker) : undefined;
  } catch {
    return undefined;
  }
}

/** A database's name during its creation; until it is marked, the name shows whose it is. */
export function temporaryName(base: string): string {
  return `${newPrefix}${lockKey(base)}_${randomBytes(8).toString("hex")}`;
}

/** The key of the run's lock in a temporary name, or undefined for other names. */
export function temporaryKey(name: string): string | undefined {
  return newName.exec(name)?.[1];
}

/** Whether a database still has the name we gave it. */
export function hasOwnName(name: string, marker: Marker): boolean {
  return name === marker.name || buildingName(name) === marker.name || temporaryKey(name) === lockKey(marker.base);
}
