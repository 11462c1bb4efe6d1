import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { chooseAccount } from "../../src/database/embedded/binaries/account.ts";
import { findBinaries } from "../../src/database/embedded/binaries/find.ts";
import { packageRoot } from "../../src/shared/paths.ts";
import { freePort } from "../../src/shared/socket.ts";

const run = promisify(execFile);

/** What a careful person sets for a server whose data need not outlive the day. */
export const tunedSettings = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  jit: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  autovacuum_naptime: "1s",
  checkpoint_timeout: "30s",
  max_wal_size: "256MB",
};

/** A Postgres server that the benchmark sets up by hand, as its users do without us. */
export interface BenchServer {
  /** The URL of a database on it. */
  url(database: string): string;
  stop(): Promise<void>;
}

export interface BenchServerRequest {
  /** The directory below which the server's own is made. */
  readonly parent: string;
  /** What is set beside initdb's own settings. */
  readonly settings: Readonly<Record<string, string>>;
  /** The databases to create on it. */
  readonly databases: readonly string[];
}

/** Makes a cluster, starts a server on it, and creates the databases. */
export async function startBenchServer({ parent, settings, databases }: BenchServerRequest): Promise<BenchServer> {
  const { PATH } = process.env;
  const account = await chooseAccount(await findBinaries(17, packageRoot, { PATH }), { PATH });
  const owner = account.user ?? {};
  const directory = await mkdtemp(join(parent, "pushproof-bench-"));
  const program = (name: string): readonly string[] => [...account.prefix, join(account.native, "bin", name)];
  const data = join(directory, "data");
  await mkdir(data, { mode: 0o700 });
  if (account.user) await chown(data, account.user.uid, account.user.gid);
  const [initdb = "", ...words] = [...program("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"];
  await run(initdb, [...words, "--locale=C.UTF-8"], { env: { PATH }, ...owner });
  const port = await freePort();
  const all = { listen_addresses: "127.0.0.1", unix_socket_directories: "", ...settings };
  const options = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const [postgres = "", ...more] = [...program("postgres"), "-D", data, "-p", String(port), ...options];
  const child = spawn(postgres, more, { env: { PATH }, stdio: "ignore", ...owner });
  const server = {
    url: (database: string) => `postgresql://postgres@127.0.0.1:${port}/${database}`,
    stop: async () => {
      await end(child);
      await rm(directory, { recursive: true, force: true });
    },
  };
  try {
    await createDatabases(server.url("postgres"), databases, child);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

async function createDatabases(url: string, databases: readonly string[], server: ChildProcess): Promise<void> {
  const client = await connect(url, server);
  for (const database of databases) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)}`);
  await client.end();
}

async function connect(url: string, server: ChildProcess): Promise<pg.Client> {
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (server.exitCode !== null || server.signalCode !== null) throw error;
      await sleep(50);
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGINT");
  await exited;
}
