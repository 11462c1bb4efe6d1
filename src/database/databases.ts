import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { messageOf, RequestError, UnavailableError } from "../errors.ts";
import { codeOf } from "./connection.ts";
import { hasOwnName, type Marker, markerComment, parseMarker, type RunMarker, temporaryName } from "./marker.ts";
import type { DatabaseServer } from "./server.ts";

const { escapeIdentifier, escapeLiteral } = pg;
const patienceMilliseconds = 3_000;
const permissionDenied = "42501";
const objectInUse = "55006";

/** What is to be made. */
export interface NewDatabase {
  readonly name: string;
  /** What it is for: `gw0`, `master`, `template`. */
  readonly worker: string;
  /** The database to clone; left out, the server's own template. */
  readonly template?: string | undefined;
}

/** The databases that one run has on a server. */
export interface Databases {
  /** Makes a database in place of one that this program has made. Throws RequestError where another's is in the way. */
  create(database: NewDatabase): Promise<void>;
  /** Drops all that this run has made. */
  dropAll(): Promise<void>;
}

/** A server on which a run holds its base name's lock. */
export interface LockedServer extends DatabaseServer {
  /** The template for databases without one of their own, where the server's usual one is in our way. */
  readonly defaultTemplate: string | undefined;
  /** Throws UnavailableError where the connection that holds the lock is gone. */
  checkLock(): Promise<void>;
}

/** Databases on a server that is ours alone: all of them are, and go with it. */
export function embeddedDatabases(server: DatabaseServer): Databases {
  const made = new Set<string>();
  return {
    create: async ({ name, template }) => {
      if (made.has(name)) await dropDatabase(server, name);
      made.add(name);
      await server.query(createStatement(server, name, template));
    },
    dropAll: async () => {},
  };
}

/** Databases on a server that others use too: each of ours carries a marker, and nothing without one is touched. */
export function externalDatabases(server: LockedServer, run: RunMarker): Databases {
  return {
    create: async ({ name, worker, template = server.defaultTemplate }) => {
      await makeRoom(server, run, name);
      // Marked before it gets its name: a run that is killed in between leaves nothing that is in the way later.
      const temporary = temporaryName();
      await server.query(createStatement(server, temporary, template));
      try {
        const comment = escapeLiteral(markerComment(run, name, worker));
        await server.query(`COMMENT ON DATABASE ${escapeIdentifier(temporary)} IS ${comment}`);
        await server.query(`ALTER DATABASE ${escapeIdentifier(temporary)} RENAME TO ${escapeIdentifier(name)}`);
      } catch (error) {
        await dropDatabase(server, temporary).catch(() => {});
        throw error;
      }
    },
    dropAll: async () => {
      const ours = (await markedDatabases(server)).filter(({ marker }) => marker.run === run.run);
      await Promise.all(ours.map(({ name }) => dropDatabase(server, name)));
    },
  };
}

/** The databases of a server that this program has made and nobody has renamed. */
export async function markedDatabases(server: DatabaseServer): Promise<{ name: string; marker: Marker }[]> {
  const rows = await server.query("SELECT datname, shobj_description(oid, 'pg_database') AS comment FROM pg_database");
  return rows.flatMap(({ datname, comment }) => {
    const marker = parseMarker(comment);
    return marker !== undefined && hasOwnName(datname, marker) ? [{ name: datname as string, marker }] : [];
  });
}

/** Drops a database of ours with the connections that a killed worker has left. Throws UnavailableError naming who holds it. */
export async function dropDatabase(server: DatabaseServer, name: string): Promise<void> {
  const statement = `DROP DATABASE IF EXISTS ${escapeIdentifier(name)}`;
  try {
    await server.query(`${statement} WITH (FORCE)`);
    return;
  } catch (error) {
    if (codeOf(error) !== permissionDenied && codeOf(error) !== objectInUse) throw error;
  }
  // Another role's connection, which we may not end, may yet end by itself.
  const deadline = performance.now() + patienceMilliseconds;
  for (;;) {
    try {
      await server.query(statement);
      return;
    } catch (error) {
      if (codeOf(error) === objectInUse && performance.now() < deadline) await sleep(100);
      else
        throw new UnavailableError(
          `The database "${name}" cannot be dropped: ${messageOf(error)}${await heldBy(server, name)}.`,
        );
    }
  }
}

/** Waits until nobody is connected to a database. Throws UnavailableError naming who still is after some seconds. */
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

async function makeRoom(server: LockedServer, run: RunMarker, name: string): Promise<void> {
  const rows = await server.query(
    "SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1",
    [name],
  );
  if (rows.length === 0) return;
  const marker = parseMarker(rows[0]?.comment);
  if (marker !== undefined && hasOwnName(name, marker) && marker.base === run.base) {
    // While we hold our base's lock, a database that another run of that base has made belongs to nobody alive.
    if (marker.run !== run.run) await server.checkLock();
    return await dropDatabase(server, name);
  }
  throw new RequestError(
    `The database "${name}" exists already and was not made by pushproof, so it is left alone: drop it yourself, or set another database.name.`,
  );
}

function createStatement(server: DatabaseServer, name: string, template: string | undefined): string {
  const source = template === undefined ? "" : `TEMPLATE ${escapeIdentifier(template)}`;
  return `CREATE DATABASE ${escapeIdentifier(name)} ${source} ${server.cloneStrategy}`;
}

async function heldBy(server: DatabaseServer, name: string): Promise<string> {
  const holders = await holdersOf(server, name).catch(() => []);
  return holders.length === 0 ? "" : `; connected to it: ${holders.join(", ")}`;
}

async function holdersOf(server: DatabaseServer, name: string): Promise<string[]> {
  // Sessions of other roles show no type; autovacuum makes way by itself.
  const rows = await server.query(
    "SELECT pid, usename, application_name FROM pg_stat_activity WHERE datname = $1 AND backend_type IS DISTINCT FROM 'autovacuum worker'",
    [name],
  );
  return rows.map(({ pid, usename, application_name: application }) => {
    return `process ${pid} of role ${usename}${application ? ` (${application})` : ""}`;
  });
}
