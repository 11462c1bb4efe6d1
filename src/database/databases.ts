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

/** A database to create. */
export interface NewDatabase {
  readonly name: string;
  /** Its purpose: `gw0`, `master`, `template`. */
  readonly worker: string;
  /** The database to clone; defaults to the server's own template. */
  readonly template?: string | undefined;
  /** Its final name, where that differs; it must not exist either. */
  readonly becomes?: string;
}

/** The databases of one run on a server. */
export interface Databases {
  /** Creates a database and replaces one of ours. Throws RequestError where somebody else's has that name. */
  create(database: NewDatabase): Promise<void>;
  /** Drops all databases of this run. */
  dropAll(): Promise<void>;
}

/**
 * Creates a database in the fastest way for the server. Throws UnavailableError that names who is connected to the
 * cloned database, after Postgres itself has waited.
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

/**
 * Drops a database of ours, with connections that a killed worker left. Throws UnavailableError that names who holds
 * it.
 */
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

/** Connections of other roles, which we may not terminate, may still close. */
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

/** Throws UnavailableError where a database belongs to another role, with the options. */
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
