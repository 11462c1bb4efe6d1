import pg from "pg";
import { UnavailableError } from "../../shared/errors.ts";
import { type ClientSettings, connectFirst, describeFailure, isServersAnswer } from "../connection.ts";
import { chooseCloneStrategy, type Row } from "../server.ts";
import { describeAddress, passwordSecrets, type ServerAddress } from "../url.ts";
import { poolSize } from "./capacity.ts";
import type { ExternalServer } from "./external-server.ts";
import { heldLocks, keyParameter, lockKey } from "./lock.ts";
import { connectMaintenance } from "./maintenance.ts";
import { readFacts, type ServerFacts } from "./server-facts.ts";

const oldestVersion = 130000;

/**
 * Connects to an external server. Throws UnavailableError where that fails, or where it accepts no databases; the
 * message contains the server's own, without a password.
 */
export async function connectExternalServer(address: ServerAddress, signal: AbortSignal): Promise<ExternalServer> {
  const { client, way } = await connectMaintenance(address, signal);
  try {
    await liftTimeouts(client);
    const facts = await readFacts(client);
    checkFacts(facts, address);
    if (facts.number >= 140000) await client.query("SET idle_session_timeout = 0");
    return externalServer(address, client, way, facts);
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

/** Throws UnavailableError where the role may not create databases. */
export function checkMayCreate({ facts, description }: ExternalServer): void {
  if (facts.mayCreate) return;
  throw new UnavailableError(
    `The role "${facts.role}" may not create databases on ${description}: a superuser can allow it with \`ALTER ROLE ${pg.escapeIdentifier(facts.role)} CREATEDB\`.`,
  );
}

function checkFacts({ version, number, standby }: ServerFacts, address: ServerAddress): void {
  const place = `Postgres at ${describeAddress(address)}`;
  if (number < oldestVersion)
    throw new UnavailableError(`${place} is version ${version}; pushproof needs 13 or newer.`);
  if (standby) throw new UnavailableError(`${place} is a standby, which takes no writes: name its primary.`);
}

function externalServer(
  address: ServerAddress,
  pinned: pg.Client,
  way: ClientSettings,
  facts: ServerFacts,
): ExternalServer {
  const place = `Postgres at ${describeAddress(address)}`;
  const pool = new pg.Pool({
    ...way,
    max: poolSize,
    idleTimeoutMillis: 1_000,
    allowExitOnIdle: true,
    onConnect: liftTimeouts,
  });
  pool.on("error", () => {});
  let closing: Promise<void> | undefined;
  const lost = watch(pinned, place, () => closing !== undefined);
  const asking = async (ask: () => Promise<{ rows: Row[] }>): Promise<Row[]> => {
    if (closing) throw new UnavailableError(`The connection to ${place} has been closed.`);
    try {
      return (await ask()).rows;
    } catch (error) {
      throw isServersAnswer(error) ? error : brokenConnection(place, describeFailure(error));
    }
  };
  const lock = async (call: string, key: string): Promise<boolean> => {
    const [row] = await asking(() => pinned.query(`SELECT ${call}(${keyParameter}) AS done`, [key]));
    return row?.done === true;
  };
  const holders = (key: string): Promise<Row[]> =>
    asking(() => pool.query(`SELECT pid FROM (${heldLocks}) AS locks WHERE key = $1`, [key]));
  const unlock = async (key: string): Promise<void> => void (await lock("pg_advisory_unlock", key));
  return {
    kind: "external",
    description: `Postgres ${facts.version.split(" ")[0]} at ${describeAddress(address)}`,
    address,
    facts,
    secrets: passwordSecrets(address),
    cloneStrategy: chooseCloneStrategy(facts.number, facts.fsync),
    defaultTemplate: way.database === "template1" ? "template0" : undefined,
    lost,
    query: (statement, values = []) => asking(() => pool.query(statement, [...values])),
    queryIn: (database, statement) => asking(() => queryOnce({ ...way, database }, statement)),
    tryLock: async (key) => {
      if (!(await lock("pg_try_advisory_lock", key))) return false;
      if ((await holders(key)).every(({ pid }) => pid === facts.process)) return true;
      await unlock(key);
      return false;
    },
    unlock,
    checkLock: async (base) => {
      if ((await holders(lockKey(base))).some(({ pid }) => pid === facts.process)) return;
      throw brokenConnection(place, "the server no longer knows the one that holds this run's lock");
    },
    close: () => (closing ??= Promise.allSettled([pool.end(), pinned.end()]).then(() => {})),
  };
}

/** Aborted when a connection ends unexpectedly, as its locks are lost. */
function watch(client: pg.Client, place: string, isClosing: () => boolean): AbortSignal {
  const lost = new AbortController();
  const lose = (why: string): void => {
    if (!isClosing()) lost.abort(brokenConnection(place, why));
  };
  client.on("error", (error) => lose(describeFailure(error)));
  client.on("end", () => lose("it was ended"));
  return lost.signal;
}

function brokenConnection(place: string, why: string): UnavailableError {
  return new UnavailableError(`The connection to ${place} broke: ${why}.`);
}

async function queryOnce(way: ClientSettings, statement: string): Promise<{ rows: Row[] }> {
  const { client } = await connectFirst([way]);
  try {
    await liftTimeouts(client);
    return await client.query(statement);
  } finally {
    await client.end().catch(() => {});
  }
}

/** The role's timeouts may suit an application but not the copying of a large template. */
async function liftTimeouts(client: pg.ClientBase): Promise<void> {
  await client.query("SET statement_timeout = 0; SET lock_timeout = 0");
}
