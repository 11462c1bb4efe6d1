import { createHash, randomBytes } from "node:crypto";
import pg from "pg";
import { InterruptedError, UnavailableError } from "../errors.ts";
import {
  type ClientSettings,
  clientSettings,
  codeOf,
  connectFirst,
  describeFailure,
  isServersAnswer,
} from "./connection.ts";
import { dropDatabase, type LockedServer, markedDatabases } from "./databases.ts";
import { chooseCloneStrategy } from "./server.ts";
import { describeAddress, passwordSecrets, type ServerAddress } from "./url.ts";

const oldestVersion = 130000;
/** Few: the tests need the server's connections more. */
const poolSize = 4;

export interface ExternalServer extends LockedServer {
  readonly kind: "external";
  /**
   * Takes the base name's lock, which is held until `close`; false where another run has it. While it is held, marked
   * databases of that base belong to no other live run.
   */
  tryLock(base: string): Promise<boolean>;
  /** Gives a lock back that `tryLock` has taken. */
  unlock(base: string): Promise<void>;
}

/**
 * Connects to a server that somebody else runs. Throws UnavailableError where that fails, or where the role may not
 * create databases; the message holds the server's own words and no password.
 */
export async function connectExternalServer(address: ServerAddress, signal: AbortSignal): Promise<ExternalServer> {
  const { client, way } = await connectMaintenance(address, signal);
  try {
    await liftTimeouts(client);
    const { rows } = await client.query(
      `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
        current_setting('fsync') = 'on' AS fsync, pg_is_in_recovery() AS standby, current_user AS role,
        (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user) AS "mayCreate"`,
    );
    const facts = rows[0] as Facts;
    checkFacts(facts, address);
    if (facts.number >= 140000) await client.query("SET idle_session_timeout = 0");
    return externalServer(address, client, way, facts);
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

/** Drops what killed runs of a base name have left. A database whose lock another run holds stays. */
export async function sweepDatabases(server: ExternalServer, base: string, family: string): Promise<void> {
  const marked = (await markedDatabases(server)).filter(({ marker }) => marker.family === family);
  const others = [...new Set(marked.map(({ marker }) => marker.base))].filter((other) => other !== base);
  const free = new Set([base]);
  for (const other of others) if (await server.tryLock(other)) free.add(other);
  // One that another role owns cannot be dropped by us; where it is in the way, its making says so.
  const leftovers = marked.filter(({ marker }) => free.has(marker.base));
  await Promise.all(leftovers.map(({ name }) => dropDatabase(server, name).catch(() => {})));
  for (const other of others) if (free.has(other)) await server.unlock(other);
}

/** A base name that no other run has at the moment. */
export function saltedBase(base: string): string {
  return `${base}_${randomBytes(2).toString("hex")}`;
}

interface Facts {
  readonly version: string;
  readonly number: number;
  readonly fsync: boolean;
  readonly standby: boolean;
  readonly role: string;
  readonly mayCreate: boolean;
}

function checkFacts({ version, number, standby, role, mayCreate }: Facts, address: ServerAddress): void {
  const place = `Postgres at ${describeAddress(address)}`;
  if (number < oldestVersion)
    throw new UnavailableError(`${place} is version ${version}; pushproof needs 13 or newer.`);
  if (standby) throw new UnavailableError(`${place} is a standby, which takes no writes: name its primary.`);
  if (mayCreate) return;
  throw new UnavailableError(
    `The role "${role}" may not create databases on ${place}: a superuser can allow it with \`ALTER ROLE ${pg.escapeIdentifier(role)} CREATEDB\`.`,
  );
}

function externalServer(
  address: ServerAddress,
  pinned: pg.Client,
  way: ClientSettings,
  { version, number, fsync }: Facts,
): ExternalServer {
  const place = describeAddress(address);
  const pool = new pg.Pool({
    ...way,
    max: poolSize,
    idleTimeoutMillis: 1_000,
    allowExitOnIdle: true,
    onConnect: liftTimeouts,
  });
  pool.on("error", () => {});
  let closing: Promise<void> | undefined;
  const query = async (asker: pg.Client | pg.Pool, statement: string, values: readonly unknown[] = []) => {
    if (closing) throw new UnavailableError(`The connection to Postgres at ${place} has been closed.`);
    try {
      return (await asker.query(statement, [...values])).rows;
    } catch (error) {
      throw isServersAnswer(error)
        ? error
        : new UnavailableError(`The connection to Postgres at ${place} broke: ${describeFailure(error)}.`);
    }
  };
  return {
    kind: "external",
    description: `Postgres ${version.split(" ")[0]} at ${place}`,
    address,
    secrets: passwordSecrets(address),
    cloneStrategy: chooseCloneStrategy(number, fsync),
    defaultTemplate: way.database === "template1" ? "template0" : undefined,
    query: (statement, values) => query(pool, statement, values),
    tryLock: async (base) =>
      (await query(pinned, "SELECT pg_try_advisory_lock($1) AS locked", [lockKey(base)]))[0]?.locked === true,
    unlock: async (base) => {
      await query(pinned, "SELECT pg_advisory_unlock($1)", [lockKey(base)]);
    },
    checkLock: async () => {
      await query(pinned, "SELECT 1");
    },
    close: () => (closing ??= Promise.allSettled([pool.end(), pinned.end()]).then(() => {})),
  };
}

/** A role may have limits that suit its application, and not the copying of a large template. */
async function liftTimeouts(client: pg.ClientBase): Promise<void> {
  await client.query("SET statement_timeout = 0");
  await client.query("SET lock_timeout = 0");
}

/** The key of a base name's advisory lock, a signed 64-bit number. */
function lockKey(base: string): string {
  return createHash("sha256").update(`pushproof:${base}`).digest().readBigInt64BE(0).toString();
}

/** Connects to a database from which others can be made: `postgres`, else whichever lets us in. */
async function connectMaintenance(
  address: ServerAddress,
  signal: AbortSignal,
): Promise<{ client: pg.Client; way: ClientSettings }> {
  const databases = [...new Set(["postgres", "template1", ...(address.database ? [address.database] : [])])];
  let failure: unknown;
  for (const database of databases) {
    if (signal.aborted) throw new InterruptedError();
    try {
      return await untilAborted(connectFirst(await clientSettings(address, database)), signal);
    } catch (error) {
      if (error instanceof InterruptedError) throw error;
      failure ??= error;
      // Another database can help only where this one is not there, or is not for us.
      if (!["3D000", "42501", "28000"].includes(codeOf(error) ?? "")) break;
    }
  }
  throw new UnavailableError(`Cannot connect to Postgres at ${describeAddress(address)}: ${describeFailure(failure)}.`);
}

/** Waits no longer than until the signal; a connection that comes later is given up. */
async function untilAborted<Result extends { client: pg.Client }>(
  connecting: Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  return await new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(new InterruptedError());
      connecting.then(({ client }) => client.end()).catch(() => {});
    };
    signal.addEventListener("abort", abort, { once: true });
    connecting.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
