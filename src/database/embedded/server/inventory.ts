import { readdir } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import type { Owner } from "../../../shared/process-owner.ts";
import type { ListedDatabase } from "../../inventory.ts";
import { buildingName, templateName, workerDatabaseName } from "../../names.ts";
import type { WorkerId } from "../../provision.ts";
import { runLocations } from "./run-directory.ts";
import { type RunNote, readRunNote } from "./run-note.ts";
import { superuser } from "./settings.ts";
import { applicationName } from "./start.ts";
import { isRunNeeded, readOwner, runDirectories } from "./sweep.ts";

/** The private directory of an embedded server, of a live or a killed run. */
export interface EmbeddedRun {
  readonly path: string;
  readonly owner: Owner;
  readonly note: RunNote | null;
  /** Whether the run is alive, or may be. */
  readonly isLive: boolean;
}

/** How long to wait for a server that is starting or stopping. */
const patienceMilliseconds = 3_000;

/** The directories of this user's embedded servers that name their run. */
export async function listEmbeddedRuns(locations: readonly string[] = runLocations()): Promise<EmbeddedRun[]> {
  const paths = await runDirectories(locations);
  // Skip those that disappear meanwhile.
  const runs = await Promise.all(paths.map((path) => readRun(path).catch(() => undefined)));
  return runs.filter((run) => run !== undefined);
}

async function readRun(path: string): Promise<EmbeddedRun | undefined> {
  const [owner, note] = await Promise.all([readOwner(path), readRunNote(path)]);
  return owner && { path, owner, note, isLive: await isRunNeeded(path) };
}

/** The databases of a run's embedded server; none where it is not running. */
export async function listEmbeddedDatabases({ path, owner, note, isLive }: EmbeddedRun): Promise<ListedDatabase[]> {
  const rows = await readDatabases(join(path, "s")).catch(() => []);
  return rows.map(({ name, bytes, made }) => ({
    name,
    worker: note && workerOf(name, note),
    run: { pid: owner.pid, host: null, directory: note?.directory ?? null },
    isLive,
    madeAt: made,
    bytes: bytes === null ? null : Number(bytes),
    server: "embedded",
  }));
}

/** The worker that a database belongs to; null for databases that the suite created. */
function workerOf(name: string, { base, worker }: RunNote): string | null {
  const template = templateName(base);
  if (name === template || name === buildingName(template)) return "template";
  if (name === base) return worker ?? "master";
  const [own] = /gw\d+$/.exec(name) ?? [];
  const isWorkers = own !== undefined && name === workerDatabaseName(base, own as WorkerId);
  return isWorkers && (worker ?? own) === own ? own : null;
}

interface DatabaseRow {
  readonly name: string;
  readonly bytes: string | null;
  readonly made: Date | null;
}

/** All but Postgres's own; the first file in each shows when it was created. */
const databasesQuery = `SELECT datname AS name, pg_database_size(oid) AS bytes,
    (pg_stat_file(format('base/%s/PG_VERSION', oid), true)).modification AS made
  FROM pg_database WHERE oid >= 16384 ORDER BY datname`;

async function readDatabases(sockets: string): Promise<DatabaseRow[]> {
  const names = await readdir(sockets);
  const port = names.map((name) => /^\.s\.PGSQL\.(\d+)$/.exec(name)?.[1]).find((digits) => digits !== undefined);
  if (port === undefined) return [];
  const client = new pg.Client({
    host: sockets,
    port: Number(port),
    user: superuser,
    database: "postgres",
    ssl: false,
    connectionTimeoutMillis: patienceMilliseconds,
    query_timeout: patienceMilliseconds,
    application_name: applicationName,
  });
  client.on("error", () => {});
  try {
    await client.connect();
    return (await client.query<DatabaseRow>(databasesQuery)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}
