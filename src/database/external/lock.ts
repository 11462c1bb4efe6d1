import { createHash } from "node:crypto";
import type { DatabaseServer } from "../server.ts";

/**
 * The key of a base's advisory lock, as 16 hexadecimal digits. The run that holds it owns all databases of that base.
 */
export function lockKey(base: string): string {
  return createHash("sha256").update(`pushproof:${base}`).digest("hex").slice(0, 16);
}

/** The key, passed as the first parameter, in the form that Postgres's lock functions take. */
export const keyParameter = "('x' || $1)::bit(64)::bigint";

/**
 * The advisory locks of sessions in all databases: Postgres scopes locks to a database, and runs whose roles may
 * connect to different databases would not see each other's.
 */
export const heldLocks = `SELECT lpad(to_hex(classid::bigint), 8, '0') || lpad(to_hex(objid::bigint), 8, '0') AS key, pid
  FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted`;

/** The keys of all held locks on a server. */
export async function heldKeys(server: DatabaseServer): Promise<ReadonlySet<string>> {
  const rows = await server.query(heldLocks);
  return new Set(rows.map(({ key }) => key));
}
