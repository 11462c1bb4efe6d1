import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { onTestFinished } from "vitest";
import { configSchema, type DatabaseConfig } from "../../src/config/schema.ts";
import { clusterArchive } from "../../src/database/embedded/binaries/archive.ts";
import { findInstallation } from "../../src/database/embedded/binaries/installation.ts";
import { fillDirectory } from "../../src/database/embedded/cluster/fill-directory.ts";
import { ownServerRules } from "../../src/database/embedded/cluster/host-rules.ts";
import { newLogin } from "../../src/database/embedded/cluster/roles.ts";
import { ownerFile, runLocations, runPrefix } from "../../src/database/embedded/server/run-directory.ts";
import { superuser } from "../../src/database/embedded/server/settings.ts";
import { type EmbeddedServer, startServer } from "../../src/database/embedded/server/start.ts";
import { openProvision } from "../../src/database/open.ts";
import type { Provision, ProvisionRequest, WorkerDatabase } from "../../src/database/provision.ts";
import type { Row } from "../../src/database/server.ts";
import { packageRoot } from "../../src/shared/paths.ts";
import type { Environment } from "../../src/shared/world.ts";
import { type PlainServer, queryUrl } from "../support/postgres.ts";

export type RequestOptions = Partial<ProvisionRequest> & { readonly settings?: Record<string, unknown> };

/** The section `database` of a configuration, with its defaults. */
export function databaseConfig(settings: Record<string, unknown> = {}): DatabaseConfig {
  const suites = [{ name: "backend", runner: "pytest", command: "pytest" }];
  const { database } = configSchema.parse({ suites, database: settings });
  if (database === false) throw new Error("no database");
  return database;
}

/** A request as the pipeline makes it. */
export function makeRequest({ settings, ...rest }: RequestOptions = {}): ProvisionRequest {
  return {
    database: databaseConfig({ name: "ledger_test", ...settings }),
    url: undefined,
    directory: tmpdir(),
    environment: process.env,
    timeoutSeconds: 60,
    workers: ["master", "gw0", "gw1", "gw2", "gw3"],
    checkoutRoot: tmpdir(),
    log: "/dev/null",
    projectRoot: packageRoot,
    signal: new AbortController().signal,
    ...rest,
  };
}

/** Opens a provision that is closed when the test ends. */
export async function open(options: RequestOptions = {}): Promise<Provision> {
  const provision = await openProvision(makeRequest(options));
  onTestFinished(() => provision.close());
  return provision;
}

/** Runs a statement as the worker would, over its URL. */
export async function ask(database: WorkerDatabase | undefined, statement: string): Promise<Row[]> {
  return await queryUrl(database?.environment.DATABASE_URL ?? "", statement);
}

/** What a promise was rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  return await promise.then(
    () => {
      throw new Error("nothing was thrown");
    },
    (error: Error) => error,
  );
}

/** The directories of embedded servers that a process, usually this one, has started and that are still there. */
export async function ownRunDirectories(owner = process.pid): Promise<string[]> {
  const found = await Promise.all(
    runLocations().map(async (location) => {
      const names = await readdir(location).catch(() => []);
      return names.filter((name) => name.startsWith(runPrefix)).map((name) => join(location, name));
    }),
  );
  const owners = await Promise.all(
    found.flat().map(async (path) => {
      const content = await readFile(join(path, ownerFile), "utf8").catch(() => "{}");
      return { path, pid: (JSON.parse(content || "{}") as { pid?: number }).pid };
    }),
  );
  return owners.filter(({ pid }) => pid === owner).map(({ path }) => path);
}

/** The test's own environment with some variables set, and others left out. */
export function environmentWith(variables: Record<string, string | undefined>): Environment {
  return { ...process.env, ...variables };
}

/** An embedded server with a superuser who may come in over TCP, as the tests of its life cycle need one; closed with the test. */
export async function startPlainEmbedded(
  options: { environment?: Environment; choosePort?: () => Promise<number> } = {},
): Promise<EmbeddedServer> {
  const { environment = process.env, choosePort } = options;
  const signal = new AbortController().signal;
  const installation = await findInstallation({ version: 17, projectRoot: packageRoot, environment, signal });
  const directory = await fillDirectory(await clusterArchive(installation), installation);
  const sizing = { workers: 1, connections: 20, settings: {} };
  const rules = ownServerRules(17, "plain");
  const server = await startServer({
    installation,
    directory,
    rules,
    sizing,
    logins: [newLogin(superuser)],
    choosePort,
  });
  onTestFinished(() => server.close());
  return server;
}

let counter = 0;

/** A base name that no other test of the file uses. */
export const newBase = (): string => `shop${++counter}`;

/** The names of a server's databases that hold a text. */
export async function databasesLike(server: PlainServer, text: string): Promise<string[]> {
  const rows = await server.query(`SELECT datname FROM pg_database WHERE datname LIKE '%${text}%' ORDER BY 1`);
  return rows.map(({ datname }) => datname);
}

/** Makes a role that may log in, and gives the URL with which it does. */
export async function newRole(
  server: PlainServer,
  options: string,
  password = "quiet",
): Promise<{ role: string; url: string }> {
  const role = `role${++counter}`;
  await server.query(`CREATE ROLE ${role} LOGIN ${options} PASSWORD ${pg.escapeLiteral(password)}`);
  return { role, url: `postgresql://${role}:${encodeURIComponent(password)}@127.0.0.1:${server.port}/postgres` };
}
