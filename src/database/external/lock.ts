import { createHash } from "node:crypto";
import type { DatabaseServer } from "../server.ts";

/**
 * Names a base's advisory lock, as 16 hexadecimal digits: while a run holds it, databases of that base belong to it
 * alone.
 */
export function lockKey(base: string): string {
  return createHash("sha256").update(`pushproof:${base}`).digest("hex").slice(0, 16);
}

/** A key, given as the first parameter, as Postgres's functions for advisory locks take it. */
export const keyParameter = "('x' || $1)::bit(64)::bigint";

/**
 * The advisory locks that sessions hold, in whatever database they are: Postgres itself lets sessions in two databases
 * hold the same lock, and runs whose roles may enter different databases would not meet.
 */
export const heldLocks = `SELECT lpad(to_hex(classid::bigint), 8, '0') || lpad(to_hex(objid::bigint), 8, '0') AS key, pid
  FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted`;

/** The keys of all locks that are held on a server. */
export async function heldKeys(server: DatabaseServer): Promise<ReadonlySet<string>> {
  const rows = await server.query(heldLocks);
  return new Set(rows.map(({ key }) => key));
}
