import { appendFile, chown, lchown, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { InterruptedError, messageOf, UnavailableError } from "../../errors.ts";
import type { Environment } from "../../world.ts";
import { isServersAnswer } from "../connection.ts";
import { chooseCloneStrategy, type DatabaseServer, type Row } from "../server.ts";
import type { ServerAddress } from "../url.ts";
import { type Account, chooseAccount } from "./account.ts";
import { clusterArchive, extractArchive } from "./archive.ts";
import { type Binaries, findBinaries, postgresVersion } from "./binaries.ts";
import { randomPassword, scramVerifier } from "./credentials.ts";
import { type Postmaster, startPostmaster } from "./postmaster.ts";
import { makeRunDirectory, openPassage, type RunDirectory, removeRunDirectory } from "./run-directory.ts";
import { hostRules, serverSettings, superuser } from "./settings.ts";
import { sweepRuns } from "./sweep.ts";

export interface EmbeddedRequest {
  /** Postgres's major version. */
  readonly version: number;
  /** The directory whose node_modules may hold Postgres binaries. */
  readonly projectRoot: string;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Where the server is to listen; a free port of the system's choice where it is left out. */
  readonly choosePort?: () => Promise<number>;
}

export interface EmbeddedServer extends DatabaseServer {
  readonly kind: "embedded";
  /** The private directory that holds all of it. */
  readonly directory: string;
}

/**
 * Starts a Postgres server of our own, with its data in memory where there is room, on a random port of 127.0.0.1 and
 * with a random password. Throws UnavailableError where it cannot start, and InterruptedError when aborted; either way
 * nothing is left behind.
 */
export async function startEmbeddedServer(request: EmbeddedRequest): Promise<EmbeddedServer> {
  const { environment, signal } = request;
  if (signal.aborted) throw new InterruptedError();
  const swept = sweepRuns();
  const binaries = await findBinaries(request.version, request.projectRoot, environment);
  const directory = await makeRunDirectory();
  try {
    const account = await prepareData(binaries, directory, environment, signal);
    const server = await start(binaries, account, directory, request);
    await swept;
    return server;
  } catch (error) {
    await removeRunDirectory(directory.path);
    throw error;
  }
}

async function prepareData(
  binaries: Binaries,
  directory: RunDirectory,
  environment: Environment,
  signal: AbortSignal,
): Promise<Account> {
  const choosing = chooseAccount(binaries, environment);
  // Told here, thrown below: the archive may not need an account, and then the two go on side by side.
  choosing.catch(() => {});
  const archive = await clusterArchive(binaries, () => choosing, environment, signal);
  await extractArchive(archive, directory.data, environment);
  await appendFile(join(directory.data, "postgresql.conf"), serverSettings(directory));
  await writeFile(join(directory.data, "pg_hba.conf"), hostRules);
  const account = await choosing;
  if (account.user) await giveAway(directory, account.user);
  return account;
}

async function giveAway(directory: RunDirectory, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  await openPassage(directory);
  const names = await readdir(directory.data, { recursive: true });
  await Promise.all(names.map((name) => lchown(join(directory.data, name), uid, gid)));
  await Promise.all([chown(directory.data, uid, gid), chown(directory.sockets, uid, gid)]);
}

async function start(
  binaries: Binaries,
  account: Account,
  directory: RunDirectory,
  { environment, signal, choosePort }: EmbeddedRequest,
): Promise<EmbeddedServer> {
  const password = randomPassword();
  const verifier = scramVerifier(password);
  const probe = async (port: number): Promise<void> => {
    await queryOnce(socketSettings(directory, port), `ALTER ROLE ${superuser} PASSWORD '${verifier}'`);
    // On TCP somebody else's server may answer.
    const overTcp = { ...socketSettings(directory, port), host: "127.0.0.1", password };
    const [row] = await queryOnce(overTcp, "SELECT current_setting('data_directory') AS data");
    if (row?.data !== directory.data) throw new Error(`another server answers on port ${port}`);
  };
  const postmaster = await startPostmaster(account, directory, environment, signal, probe, choosePort);
  return embeddedServer(binaries, directory, postmaster, password);
}

function embeddedServer(
  binaries: Binaries,
  directory: RunDirectory,
  postmaster: Postmaster,
  password: string,
): EmbeddedServer {
  const { port } = postmaster;
  const address: ServerAddress = {
    host: "127.0.0.1",
    port,
    user: superuser,
    password,
    database: undefined,
    // What the user's PGSSLMODE asks of another server must not be asked of this one.
    sslmode: "disable",
    parameters: [],
  };
  const pool = new pg.Pool({ ...socketSettings(directory, port), max: 8, allowExitOnIdle: true });
  // A connection that breaks while nobody uses it; the next query tells.
  pool.on("error", () => {});
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await postmaster.stop();
    await Promise.all([removeRunDirectory(directory.path), pool.end().catch(() => {})]);
  };
  return {
    kind: "embedded",
    description: `embedded Postgres ${postgresVersion(binaries)}`,
    directory: directory.path,
    address,
    secrets: [password],
    cloneStrategy: chooseCloneStrategy(Number.parseInt(binaries.version, 10) * 10_000, false),
    query: async (statement, values) => {
      if (closing) throw new UnavailableError("The embedded Postgres server has been closed.");
      try {
        return (await pool.query(statement, values as unknown[])).rows;
      } catch (error) {
        throw await explain(error, postmaster);
      }
    },
    close: () => (closing ??= close()),
  };
}

function socketSettings(directory: RunDirectory, port: number): pg.ClientConfig {
  return {
    host: directory.sockets,
    port,
    user: superuser,
    database: "postgres",
    ssl: false,
    application_name: "pushproof",
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

/** A broken connection says nothing of its cause, and comes a moment before the server's end is known. */
async function explain(error: unknown, postmaster: Postmaster): Promise<unknown> {
  if (isServersAnswer(error)) return error;
  for (let waited = 0; waited < 50 && postmaster.ending() === undefined; waited++) await sleep(10);
  const ending = postmaster.ending();
  const what =
    ending === undefined ? `broke a connection (${messageOf(error)})` : `ended in the middle of the run (${ending})`;
  return new UnavailableError(`The embedded Postgres server ${what}. Its last words: ${await postmaster.lastWords()}`);
}
