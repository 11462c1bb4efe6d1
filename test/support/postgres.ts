import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Account } from "../../src/database/embedded/binaries/account.ts";
import { clusterArchive, extractArchive } from "../../src/database/embedded/binaries/archive.ts";
import { findInstallation } from "../../src/database/embedded/binaries/installation.ts";
import type { Row } from "../../src/database/server.ts";
import { packageRoot } from "../../src/shared/paths.ts";
import { freePort } from "../../src/shared/socket.ts";
import type { Certificates } from "./certificates.ts";

const password = "correct horse battery staple";

/** A Postgres server as a user may have one: it listens on loopback and a unix socket, and wants a password (SCRAM). */
export interface PlainServer {
  /** The superuser's URL, with its password. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** The absolute directory of its unix socket. */
  readonly sockets: string;
  /** Runs one statement as superuser, in the database `postgres` where none is named. */
  query(statement: string, database?: string): Promise<Row[]>;
  stop(): Promise<void>;
}

export interface PlainServerOptions {
  /** With these it uses TLS. */
  readonly certificates?: Certificates;
  /** What is set beside our own settings. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts a server with nothing of pushproof's on it, on 127.0.0.1 and, where the machine has it, on ::1. */
export async function startPlainServer(options: PlainServerOptions = {}): Promise<PlainServer> {
  const directory = await mkdtemp(join(tmpdir(), "pushproof-plain-"));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const { postmaster, port } = await startIn(directory, options);
    return plainServer(directory, port, async () => {
      await end(postmaster);
      await remove();
    });
  } catch (error) {
    await remove();
    throw error;
  }
}

function plainServer(sockets: string, port: number, stop: () => Promise<void>): PlainServer {
  return {
    url: urlOf(port, "postgres"),
    host: "127.0.0.1",
    port,
    sockets,
    query: (statement, database = "postgres") => queryUrl(urlOf(port, database), statement),
    stop,
  };
}

async function startIn(
  directory: string,
  { certificates, settings }: PlainServerOptions,
): Promise<{ postmaster: ChildProcess; port: number }> {
  const installation = await findInstallation({
    version: 17,
    projectRoot: packageRoot,
    environment: process.env,
    signal: new AbortController().signal,
  });
  const data = join(directory, "data");
  await mkdir(data, { mode: 0o700 });
  await extractArchive(await clusterArchive(installation), data, process.env);
  // The superuser's first password is set over the socket.
  await writeFile(
    join(data, "pg_hba.conf"),
    "local postgres postgres trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n",
  );
  const tls = certificates && (await installCertificates(certificates, data));
  const account = await installation.account();
  if (account.user) await giveAway(directory, account.user);
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const postmaster = spawnPostgres(account, data, {
      listen_addresses: "127.0.0.1,::1",
      unix_socket_directories: directory,
      port: String(port),
      fsync: "off",
      full_page_writes: "off",
      password_encryption: "scram-sha-256",
      // Guessing need not be slow here, and each client would be.
      scram_iterations: "1",
      ...tls,
      ...settings,
    });
    try {
      await setPassword(directory, port, postmaster);
      // Postgres starts without 127.0.0.1, too, where another program took the port there in the meantime.
      const [row] = await queryUrl(urlOf(port, "postgres"), "SHOW data_directory");
      if (row?.data_directory !== data) throw new Error(`Another server answers on port ${port}.`);
      return { postmaster, port };
    } catch (error) {
      await end(postmaster);
      if (attempt === 3) throw error;
    }
  }
}

function urlOf(port: number, database: string): string {
  return `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

/** Runs one statement over a connection of its own. */
export async function queryUrl(url: string, statement: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

async function installCertificates({ server }: Certificates, data: string): Promise<Record<string, string>> {
  const [certificate, key] = [join(data, "server.crt"), join(data, "server.key")];
  await Promise.all([copyFile(server.certificate, certificate), copyFile(server.key, key)]);
  await chmod(key, 0o600);
  return { ssl: "on", ssl_cert_file: certificate, ssl_key_file: key };
}

async function giveAway(directory: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  const names = await readdir(directory, { recursive: true });
  await Promise.all([directory, ...names.map((name) => join(directory, name))].map((path) => chown(path, uid, gid)));
}

function spawnPostgres(
  { native, prefix, user }: Account,
  data: string,
  settings: Readonly<Record<string, string>>,
): ChildProcess {
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const [command = "", ...words] = [...prefix, join(native, "bin", "postgres"), "-D", data, ...options];
  return spawn(command, words, { env: { PATH: process.env.PATH }, stdio: "ignore", cwd: "/", ...user });
}

async function setPassword(sockets: string, port: number, postmaster: ChildProcess): Promise<void> {
  for (;;) {
    const client = new pg.Client({ host: sockets, port, user: "postgres", database: "postgres" });
    try {
      await client.connect();
      await client.query(`ALTER ROLE postgres PASSWORD ${pg.escapeLiteral(password)}`);
      return await client.end();
    } catch (error) {
      if (postmaster.exitCode !== null || postmaster.signalCode !== null) throw error;
      await sleep(10);
    }
  }
}

async function end(postmaster: ChildProcess): Promise<void> {
  if (postmaster.exitCode !== null || postmaster.signalCode !== null) return;
  const exited = once(postmaster, "exit");
  postmaster.kill("SIGINT");
  await exited;
}
