import pg from "pg";
import { UnavailableError } from "../../shared/errors.ts";
import { plural } from "../../shared/text.ts";
import type { ProvisionRequest } from "../provision.ts";
import type { ServerFacts } from "./server-facts.ts";

/** The maximum of our own connections: few, as tests need the server's. */
export const poolSize = 4;

/** The expected load on a server. */
export interface Load {
  /** How many workers run at the same time. */
  readonly workers: number;
  /** How many connections each may have open at once. */
  readonly connections: number;
}

/** The load of a request. */
export function loadOf({ workers, database }: Pick<ProvisionRequest, "workers" | "database">): Load {
  const parallel = workers.filter((worker) => worker !== "master").length;
  // With a database per file, half of the databases are spares.
  const atOnce = database.isolation === "file" ? Math.ceil(parallel / 2) : parallel;
  return { workers: Math.max(1, atOnce), connections: database.connections };
}

/**
 * Throws UnavailableError, with figures and a remedy, where the server has less than one connection per worker; returns
 * a note where workers may need more than are free.
 */
export function checkCapacity(facts: ServerFacts, load: Load, place: string): string[] {
  const own = poolSize + 1;
  const free = Math.max(0, facts.connections - facts.reserved - facts.used);
  const freeOfRole = facts.roleLimit === null ? free : Math.max(0, facts.roleLimit - facts.roleUsed);
  const isRoles = freeOfRole < free;
  const left = Math.min(free, freeOfRole);
  const least = own + load.workers;
  const most = own + load.workers * load.connections;
  if (left >= most) return [];
  const figures = isRoles
    ? `${place} allows the role "${facts.role}" ${plural(left, "more connection")} (CONNECTION LIMIT ${facts.roleLimit}, ${facts.roleUsed} in use)`
    : `${place} has room for ${plural(left, "more connection")} (max_connections ${facts.connections}, ${facts.reserved} reserved, ${facts.used} in use)`;
  const remedy = isRoles
    ? `raise the limit with \`ALTER ROLE ${pg.escapeIdentifier(facts.role)} CONNECTION LIMIT ${facts.roleUsed + most}\``
    : "raise max_connections";
  const workers = plural(load.workers, "worker");
  if (left < least) {
    throw new UnavailableError(
      `${figures}, and a run with ${workers} needs at least ${least}: use fewer --workers, or ${remedy}.`,
    );
  }
  return [
    `${figures}, and ${workers} may want ${most} with database.connections at ${load.connections}: should tests say "too many clients" or "too many connections", use fewer --workers, or ${remedy}.`,
  ];
}
