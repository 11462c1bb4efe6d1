import { setTimeout as sleep } from "node:timers/promises";
import { UnavailableError } from "../shared/errors.ts";
import type { DatabaseServer } from "./server.ts";

/** How long to wait for sessions to end. */
export const patienceMilliseconds = 3_000;

/** Waits until nobody is connected to a database. Throws UnavailableError that names who still is. */
export async function waitUntilUnused(server: DatabaseServer, name: string): Promise<void> {
  const deadline = performance.now() + patienceMilliseconds;
  for (;;) {
    const holders = await holdersOf(server, name);
    if (holders.length === 0) return;
    if (performance.now() > deadline) {
      throw new UnavailableError(
        `database.setup has ended and still something is connected to its database, which therefore cannot be cloned: ${holders.join(", ")}. Close the connection at the end of database.setup.`,
      );
    }
    await sleep(20);
  }
}

/** Who is connected to a database, as the end of a sentence; empty where nobody is known. */
export async function heldBy(server: DatabaseServer, name: string): Promise<string> {
  const holders = await holdersOf(server, name).catch(() => []);
  return holders.length === 0 ? "" : `; connected to it: ${holders.join(", ")}`;
}

async function holdersOf(server: DatabaseServer, name: string): Promise<string[]> {
  // Autovacuum, which yields by itself, has no role; sessions of other roles show no type.
  const rows = await server.query(
    "SELECT pid, usename, application_name FROM pg_stat_activity WHERE datname = $1 AND usesysid IS NOT NULL",
    [name],
  );
  return rows.map(({ pid, usename, application_name: application }) => {
    return `process ${pid} of role ${usename}${application ? ` (${application})` : ""}`;
  });
}
