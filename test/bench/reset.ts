/**
 * What keeping the schema saves: the ledger run (a) serially on a stock server on disk, (b) by hand on a tuned server with a
 * database per worker, (c) by `verify`, (d) by `verify` with `"schema": "reset"`, (e) by hand with the schema made once and the
 * rows deleted after each test, the least there could be. All must pass the same tests and cover the same lines. Then
 * memory and files over many resets, which must stay as they are.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { databaseSchema } from "../../src/config/schema.ts";
import { openProvision } from "../../src/database/open.ts";
import { messageOf } from "../../src/shared/errors.ts";
import { median } from "../../src/shared/median.ts";
import { adapterPath, packageRoot } from "../../src/shared/paths.ts";
import setup from "../support/global-setup.ts";
import { ledgerDatabase, ledgerFiles } from "../support/ledger.ts";
import { pythonEnvironment } from "../support/python.ts";
import { writeFiles } from "../support/repository.ts";
import { type Footprint, measureFootprint } from "./footprint.ts";
import {
  announce,
  compileTests,
  ledgerEnvironment,
  makeLedger,
  measureOnServer,
  tunedServer,
  workers,
} from "./ledger-ways.ts";
import { makeWorkspace } from "./places.ts";
import { type Measurement, measureVerify } from "./runs.ts";
import { wholeNumbers } from "./whole-numbers.ts";

interface Options {
  readonly files: number;
  readonly tests: number;
  readonly rounds: number;
  /** How many resets memory and files are watched over. */
  readonly resets: number;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      files: { type: "string", default: "95" },
      tests: { type: "string", default: "806" },
      rounds: { type: "string", default: "2" },
      resets: { type: "string", default: "5000" },
    },
  });
  return wholeNumbers(values);
}

type Way = "a" | "b" | "c" | "d" | "e";

const titles: Readonly<Record<Way, string>> = {
  a: "serial, stock server on disk",
  b: `by hand, ${workers} workers, tuned server already up`,
  c: `verify, ${workers} workers, everything included`,
  d: 'verify with "schema": "reset"',
  e: "by hand, schema made once, rows deleted",
};

async function measureWays(options: Options, workspace: string): Promise<Map<Way, Measurement[]>> {
  const environment = await ledgerEnvironment();
  const [plain, kept] = [join(workspace, "plain"), join(workspace, "kept")];
  const [byHand, once] = [join(workspace, "by-hand"), join(workspace, "once")];
  await makeLedger(plain, options, environment);
  await makeLedger(kept, options, environment, { schema: "reset" });
  await writeFiles(byHand, ledgerFiles({ ...options, databasePerWorker: true }));
  await writeFiles(once, ledgerFiles({ ...options, databasePerWorker: true, schemaOnce: true }));
  for (const directory of [plain, kept, byHand, once]) await compileTests(directory, environment);
  const stock = { parent: workspace, settings: {}, databases: [ledgerDatabase] };
  const tuned = await tunedServer();
  const flags = `-n ${workers} --dist loadfile`;
  const ways: Readonly<Record<Way, () => Promise<Measurement>>> = {
    a: () => measureOnServer(stock, plain, "", environment),
    b: () => measureOnServer(tuned, byHand, flags, environment),
    c: () => measureVerify(plain, environment),
    d: () => measureVerify(kept, environment),
    e: () => measureOnServer(tuned, once, flags, environment),
  };
  const measured = new Map<Way, Measurement[]>();
  // Side by side in every round, so that a machine that slows down slows down all of them.
  for (let round = 1; round <= options.rounds; round++) {
    for (const [way, measure] of Object.entries(ways) as [Way, () => Promise<Measurement>][])
      measured.set(way, [...(measured.get(way) ?? []), announce(`(${way})`, await measure())]);
  }
  return measured;
}

function reportWays(measured: ReadonlyMap<Way, Measurement[]>): void {
  const seconds = (way: Way): number => median((measured.get(way) ?? []).map((one) => one.seconds));
  const row = (name: string, value: string): void => console.log(`${name.padEnd(56)} ${value.padStart(8)}`);
  console.log("");
  for (const way of measured.keys()) row(`(${way}) ${titles[way]}`, `${seconds(way).toFixed(2)} s`);
  row("a/d, how much faster than serial (goal: at least 5.6)", (seconds("a") / seconds("d")).toFixed(2));
  row("c/d, what keeping the schema saves", (seconds("c") / seconds("d")).toFixed(2));
  row("d/e, over the least there could be (goal: at most 1.10)", (seconds("d") / seconds("e")).toFixed(3));
  const outcomes = new Set([...measured.values()].flat().map(({ outcome }) => outcome));
  if (outcomes.size > 1) throw new Error(`The runs do not agree: ${[...outcomes].join("; ")}`);
}

/** What there is after so many resets. */
interface Size extends Footprint {
  readonly resets: number;
  readonly kept: number;
  /** The memory of the Python process, in megabytes. */
  readonly python: number;
}

/** Resets the schema of one database again and again, on a server as verify starts it. */
async function measureGrowth({ resets }: Options, workspace: string): Promise<Size[]> {
  const sources = join(workspace, "plain");
  const provision = await openProvision({
    database: databaseSchema.parse({ name: ledgerDatabase, connections: 5 }),
    url: undefined,
    directory: workspace,
    environment: { PATH: process.env.PATH, HOME: workspace, XDG_CACHE_HOME: join(workspace, "cache") },
    timeoutSeconds: 60,
    log: join(workspace, "setup.log"),
    workers: ["gw0"],
    checkoutRoot: workspace,
    projectRoot: packageRoot,
    signal: new AbortController().signal,
  });
  try {
    const [database] = await provision.lease(["gw0"]);
    const { python } = await pythonEnvironment();
    const places = { ADAPTERS: adapterPath("python"), SOURCES: join(sources, "src") };
    const program = join(packageRoot, "test", "bench", "resets.py");
    const child = spawn(python, [program, String(resets)], {
      env: { PATH: process.env.PATH, ...database?.environment, ...places },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const ended = once(child, "close");
    const sizes: Size[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      const [count, bytes, kept] = JSON.parse(line) as [number, number, number];
      sizes.push({ resets: count, kept, python: bytes / 1e6, ...(await measureFootprint()) });
      child.stdin.write("\n");
    }
    const [code] = (await ended) as [number | null];
    if (code !== 0) throw new Error(`${program} ended with ${code}.`);
    return sizes;
  } finally {
    await provision.close();
  }
}

function reportGrowth(sizes: readonly Size[]): void {
  console.log("\nOver many resets of one database, in MB:");
  const line = (cells: readonly string[]): void => console.log(cells.map((cell) => cell.padStart(12)).join(""));
  line(["resets", "kept", "Python", "server", "files"]);
  for (const { resets, kept, python, memory, files } of sizes)
    line([String(resets), String(kept), ...[python, memory, files].map((value) => value.toFixed(1))]);
}

async function main(): Promise<void> {
  // Ctrl-C reaches the programs that run, too: they fail, and the benchmark cleans up and ends.
  process.on("SIGINT", () => {});
  const options = readOptions();
  await setup();
  const workspace = await makeWorkspace();
  try {
    reportWays(await measureWays(options, workspace));
    reportGrowth(await measureGrowth(options, workspace));
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(messageOf(error));
  process.exitCode = 1;
});
