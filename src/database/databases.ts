import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { messageOf, UnavailableError } from "../shared/errors.ts";
import { codeOf } from "./connection.ts";
import type { DatabaseServer } from "./server.ts";
import { heldBy, patienceMilliseconds } from "./sessions.ts";

const { escapeIdentifier } = pg;
const permissionDenied = "42501";
const objectInUse = "55006";
const wrongKind = "42809";

/** What is to be made. */
export interface NewDatabase {
  readonly name: string;
  /** What it is for: `gw0`, `master`, `template`. */
  readonly worker: string;
  /** The database to clone; left out, the server's own template. */
  readonly template?: string | undefined;
  /** The name that it gets when it is done, where that is another: there has to be room for it, too. */
  readonly becomes?: string;
}

/** The databases that one run has on a server. */
export interface Databases {
  /** Makes a database in place of one that this program has made. Throws RequestError where another's is in the way. */
  create(database: NewDatabase): Promise<void>;
  /** Drops all that this run has made. */
  dropAll(): Promise<void>;
}

/**
 * Makes a database, in the fastest way for the server. Throws UnavailableError naming who is connected to the database
 * that it is cloned from, which Postgres itself has waited for.
 */
export async function createDatabase(
  server: DatabaseServer,
  name: string,
  template: string | undefined,
): Promise<void> {
  const from = template === undefined ? "" : `TEMPLATE ${escapeIdentifier(template)}`;
  try {
    await server.query(`CREATE DATABASE ${escapeIdentifier(name)} ${from} ${server.cloneStrategy}`);
  } catch (error) {
    if (codeOf(error) !== objectInUse) throw error;
    const source = template ?? "template1";
    const holders = await heldBy(server, source);
    throw new UnavailableError(
      `${server.description} cannot clone the database "${source}" while something is connected to it${holders}. Close that connection.`,
    );
  }
}

/** Drops a database of ours with the connections that a killed worker has left. Throws UnavailableError naming who holds it. */
export async function dropDatabase(server: DatabaseServer, name: string): Promise<void> {
  try {
    await server.query(`${dropStatement(name)} WITH (FORCE)`);
  } catch (error) {
    if (codeOf(error) === wrongKind) return await dropTemplate(server, name);
    if (codeOf(error) !== permissionDenied && codeOf(error) !== objectInUse) throw error;
    await checkOwner(server, name);
    await dropOnceUnused(server, name);
  }
}

function dropStatement(name: string): string {
  return `DROP DATABASE IF EXISTS ${escapeIdentifier(name)}`;
}

async function dropTemplate(server: DatabaseServer, name: string): Promise<void> {
  await checkOwner(server, name);
  await server.query(`ALTER DATABASE ${escapeIdentifier(name)} IS_TEMPLATE false`);
  await dropDatabase(server, name);
}

/** Another role's connection, which we may not end, may yet end by itself. */
async function dropOnceUnused(server: DatabaseServer, name: string): Promise<void> {
  const deadline = performance.now() + patienceMilliseconds;
  for (;;) {
    try {
      await server.query(dropStatement(name));
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

/** Throws UnavailableError where a database is another role's, with who could do what about it. */
async function checkOwner(server: DatabaseServer, name: string): Promise<void> {
  const [row] = await server.query(
    `SELECT rolname AS owner, pg_has_role(datdba, 'USAGE') AS "isOurs", current_user AS role
      FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba WHERE datname = $1`,
    [name],
  );
  if (row === undefined || row.isOurs) return;
  const give = `ALTER DATABASE ${escapeIdentifier(name)} OWNER TO ${escapeIdentifier(row.role)}`;
  throw new UnavailableError(
    `The database "${name}" cannot be dropped by the role "${row.role}", as it belongs to "${row.owner}": that role can drop it, or a superuser can give it away with \`${give}\`.`,
  );
}
