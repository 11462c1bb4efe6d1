import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { buildingName } from "../names.ts";
import { lockKey } from "./lock.ts";

/** What a database of ours carries as its comment, so that nothing else is ever dropped. */
export interface Marker {
  /** The base name whose advisory lock a live run holds. */
  readonly base: string;
  /** The base name of the configuration, which differs from `base` where two runs are on one server at once. */
  readonly family: string;
  /** What a database is for: `gw0`, `master`, `template`. */
  readonly worker: string;
  /** The name we gave it: a database that a person has renamed is that person's. */
  readonly name: string;
  /** The run that made it. */
  readonly run: string;
  /** For people who find it: where it was made. */
  readonly directory: string;
  readonly host: string;
  readonly pid: number;
  /** ISO 8601, in UTC. */
  readonly made: string;
}

/** The parts of a marker that are the same for all databases of a run. */
export type RunMarker = Pick<Marker, "base" | "family" | "run" | "directory" | "host" | "pid">;

const prefix = "pushproof ";
/** Databases that were not marked yet when their run was killed have a name of this kind, which is in nobody's way. */
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

/** A name for a database of a base while it is made: before it carries its marker, the name tells whose it is. */
export function temporaryName(base: string): string {
  return `${newPrefix}${lockKey(base)}_${randomBytes(8).toString("hex")}`;
}

/** The key of the lock of the run that makes a database of that name, or undefined where it is no temporary name. */
export function temporaryKey(name: string): string | undefined {
  return newName.exec(name)?.[1];
}

/** Whether a database still has a name that we gave it. */
export function hasOwnName(name: string, marker: Marker): boolean {
  return name === marker.name || buildingName(name) === marker.name || temporaryKey(name) === lockKey(marker.base);
}
