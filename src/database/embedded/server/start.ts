import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { messageOf, RequestError, UnavailableError } from "../../../shared/errors.ts";
import { isServersAnswer } from "../../connection.ts";
import { chooseCloneStrategy, type DatabaseServer, type Row } from "../../server.ts";
import type { ServerAddress } from "../../url.ts";
import { postgresVersion } from "../binaries/find.ts";
import type { Installation } from "../binaries/installation.ts";
import { type Login, loginStatements } from "../cluster/roles.ts";
import { openServerLog, type ServerLog } from "./log.ts";
import { type Postmaster, startPostmaster } from "./postmaster.ts";
import { type RunDirectory, removeRunDirectory } from "./run-directory.ts";
import { type ServerSizing, settingsComplaint, superuser, writeConfiguration } from "./settings.ts";

export interface ServerStart {
  readonly installation: Installation;
  /** Its data directory is filled, and no server runs in it. */
  readonly directory: RunDirectory;
  /** The content of pg_hba.conf. */
  readonly rules: string;
  readonly sizing: ServerSizing;
  /** The roles that may connect over TCP, with passwords. */
  readonly logins: readonly [Login, ...Login[]];
  /** Chooses the port; by default a free one. */
  readonly choosePort?: (() => Promise<number>) | undefined;
}

export interface EmbeddedServer extends DatabaseServer {
  readonly kind: "embedded";
  /** The private directory with everything. */
  readonly directory: RunDirectory;
  readonly log: ServerLog;
  /** Aborted when the server ends by itself; the reason is the UnavailableError. */
  readonly lost: AbortSignal;
  /** The address for a login. */
  addressOf(login: Login): ServerAddress;
  /** Stops the server so that its data can be kept; the directory stays. */
  stopCleanly(): Promise<void>;
}

/**
 * Starts an embedded Postgres server on a random port of 127.0.0.1. Throws UnavailableError where it cannot start,
 * RequestError where `database.settings` are the cause, and InterruptedError when aborted; the directory stays in any
 * case.
 */
export async function startServer(request: ServerStart): Promise<EmbeddedServer> {
  const { installation, directory, logins, sizing, choosePort } = request;
  await writeConfiguration(directory, sizing, request.rules);
  let areMade = false;
  const probe = async (port: number): Promise<void> => {
    const socket = socketSettings(directory, port);
    // Only once, as this runs again where another program took the port.
    if (!areMade) await queryOnce(socket, loginStatements(logins));
    areMade = true;
    // Over TCP another server might answer, so its data directory is compared.
    const [{ role: user, password }] = logins;
    const [row] = await queryOnce(
      { ...socket, host: "127.0.0.1", user, password },
      "SELECT current_setting('data_directory') AS data",
    );
    if (row?.data !== directory.data) throw new Error(`another server answers on port ${port}`);
  };
  try {
    return embeddedServer(request, await startPostmaster(installation, directory, probe, choosePort));
  } catch (error) {
    const complaint = error instanceof UnavailableError ? settingsComplaint(error.message) : null;
    if (complaint === null || Object.keys(sizing.settings).length === 0) throw error;
    throw new RequestError(`The embedded Postgres server does not take database.settings: ${complaint}.`);
  }
}

function embeddedServer({ installation, directory, logins }: ServerStart, postmaster: Postmaster): EmbeddedServer {
  const { port } = postmaster;
  const socket = socketSettings(directory, port);
  const pool = new pg.Pool({ ...socket, max: 8, allowExitOnIdle: true });
  // An idle connection broke; the next query reports it.
  pool.on("error", () => {});
  const loss = watch(postmaster);
  let closing: Promise<void> | undefined;
  const ask = async (question: () => Promise<Row[]>): Promise<Row[]> => {
    if (closing) throw new UnavailableError("The embedded Postgres server has been closed.");
    try {
      return await question();
    } catch (error) {
      throw isServersAnswer(error) ? error : await explain(error, postmaster);
    }
  };
  const end = async (stop: () => Promise<void>): Promise<void> => {
    loss.expect();
    await Promise.all([stop(), pool.end().catch(() => {})]);
  };
  return {
    kind: "embedded",
    description: `embedded Postgres ${postgresVersion(installation.binaries)}`,
    directory,
    log: openServerLog(directory.log),
    lost: loss.signal,
    address: addressOf(port, logins[0]),
    addressOf: (login) => addressOf(port, login),
    secrets: logins.map(({ password }) => password),
    cloneStrategy: chooseCloneStrategy(installation.major * 10_000, false),
    query: (statement, values) => ask(async () => (await pool.query(statement, values as unknown[])).rows),
    queryIn: (database, statement) => ask(() => queryOnce({ ...socket, database }, statement)),
    stopCleanly: () => end(() => postmaster.stopCleanly()),
    close: () => {
      closing ??= end(() => postmaster.stop()).then(() => removeRunDirectory(directory.path));
      return closing;
    },
  };
}

/** Reports when a server ends by itself. */
function watch(postmaster: Postmaster): { readonly signal: AbortSignal; expect(): void } {
  const controller = new AbortController();
  let isExpected = false;
  void postmaster.ended.then(async () => {
    if (!isExpected) controller.abort(await endOf(postmaster));
  });
  return {
    signal: controller.signal,
    expect: () => {
      isExpected = true;
    },
  };
}

function addressOf(port: number, { role, password }: Login): ServerAddress {
  return {
    host: "127.0.0.1",
    port,
    user: role,
    password,
    database: undefined,
    // The user's PGSSLMODE is for other servers.
    sslmode: "disable",
    parameters: [],
  };
}

/** Our application name in the server's log, to tell our sessions from the suite's. */
export const applicationName = "pushproof";

function socketSettings(directory: RunDirectory, port: number): pg.ClientConfig {
  return {
    host: directory.sockets,
    port,
    user: superuser,
    database: "postgres",
    ssl: false,
    application_name: applicationName,
  };
}

async function queryOnce(settings: pg.ClientConfig, statement: string): Promise<Row[]> {
  const client = new pg.Client(settings);
  client.on("error", () => {});
  try {
    await client.connect();
    return (await client.query(statement)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

/** A broken connection shortly precedes the known end of the server, whose reason is better. */
async function explain(error: unknown, postmaster: Postmaster): Promise<UnavailableError> {
  for (let waited = 0; waited < 50 && postmaster.ending() === undefined; waited++) await sleep(10);
  if (postmaster.ending() !== undefined) return await endOf(postmaster);
  return new UnavailableError(
    `The embedded Postgres server broke a connection (${messageOf(error)}). Last output: ${await postmaster.lastLogLines()}`,
  );
}

async function endOf(postmaster: Postmaster): Promise<UnavailableError> {
  return new UnavailableError(
    `The embedded Postgres server ended in the middle of the run (${postmaster.ending()}). Last output: ${await postmaster.lastLogLines()}`,
  );
}
