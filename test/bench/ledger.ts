/**
 * What verify adds to a suite, and what it saves: the ledger run (a) serially on a stock server on disk, (b) by hand on a
 * tuned server that is up already, with a database per worker, (c) by `verify`. All must pass the same tests and cover the same lines.
 */
import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";
import { parseArgs, promisify } from "node:util";
import type { ConfigFile } from "../../src/config/schema.ts";
import { messageOf } from "../../src/shared/errors.ts";
import setup from "../support/global-setup.ts";
import { ledgerCommand, ledgerDatabase, ledgerFiles } from "../support/ledger.ts";
import { pythonEnvironment } from "../support/python.ts";
import { gitEnvironment, writeFiles } from "../support/repository.ts";
import { median } from "./median.ts";
import { makeWorkspace, memoryDirectory } from "./places.ts";
import { type Measurement, measurePytest, measureVerify } from "./runs.ts";
import { type BenchServerRequest, startBenchServer, tunedSettings } from "./servers.ts";

const run = promisify(execFile);
const workers = availableParallelism();

interface Options {
  readonly files: number;
  readonly tests: number;
  readonly rounds: number;
  readonly serial: boolean;
  readonly verify: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      files: { type: "string", default: "95" },
      tests: { type: "string", default: "806" },
      rounds: { type: "string", default: "3" },
      "skip-serial": { type: "boolean", default: false },
      "skip-verify": { type: "boolean", default: false },
    },
  });
  const [files, tests, rounds] = [values.files, values.tests, values.rounds].map(Number) as [number, number, number];
  if (![files, tests, rounds].every((value) => Number.isInteger(value) && value > 0)) {
    throw new Error("--files, --tests and --rounds take whole numbers above zero.");
  }
  return { files, tests, rounds, serial: !values["skip-serial"], verify: !values["skip-verify"] };
}

async function bench(options: Options, workspace: string): Promise<void> {
  const { bin } = await pythonEnvironment();
  const environment = { ...gitEnvironment(), PATH: `${bin}${delimiter}${process.env.PATH}` };
  const [plain, byHand] = [join(workspace, "plain"), join(workspace, "by-hand")];
  await makeLedger(plain, options, environment);
  await writeFiles(byHand, ledgerFiles({ ...options, databasePerWorker: true }));
  const serial: Measurement[] = [];
  const manual: Measurement[] = [];
  const verified: Measurement[] = [];
  if (options.serial) {
    const server = { parent: workspace, settings: {}, databases: [ledgerDatabase] };
    serial.push(announce("(a)", await measureOnServer(server, plain, "", environment)));
  }
  const databases = Array.from({ length: workers }, (_, worker) => `${ledgerDatabase}_gw${worker}`);
  const tuned = { parent: await memoryDirectory(), settings: tunedSettings, databases };
  for (let round = 1; round <= options.rounds; round++) {
    const flags = `-n ${workers} --dist loadfile`;
    manual.push(announce("(b)", await measureOnServer(tuned, byHand, flags, environment)));
    if (options.verify) verified.push(announce("(c)", await measureVerify(plain, environment)));
  }
  report(serial, manual, verified);
}

/** A clean clone, as a teammate has it. */
async function makeLedger(directory: string, options: Options, environment: Environment): Promise<void> {
  const origin = `${directory}-origin`;
  const git = (cwd: string, ...words: string[]) => run("git", words, { cwd, env: environment });
  await mkdir(origin);
  await writeFiles(origin, { ...ledgerFiles(options), "verify.config.json": JSON.stringify(config, null, 2) });
  await git(origin, "init", "--quiet", "--initial-branch=main");
  await git(origin, "add", "--all");
  await git(origin, "commit", "--quiet", "--message", "Begin");
  await git(origin, "clone", "--quiet", origin, directory);
}

const config: ConfigFile = {
  suites: [{ name: "backend", runner: "pytest", command: ledgerCommand, source: ["src"], workers }],
  database: { name: ledgerDatabase, variables: ["TEST_DATABASE_URL"] },
};

/** Runs pytest on a new server that is up before the clock starts and gone before anything else is measured. */
async function measureOnServer(
  request: BenchServerRequest,
  directory: string,
  flags: string,
  environment: Environment,
): Promise<Measurement> {
  const server = await startBenchServer(request);
  try {
    return await measurePytest(directory, flags, { ...environment, TEST_DATABASE_URL: server.url(ledgerDatabase) });
  } finally {
    await server.stop();
  }
}

function announce(name: string, measurement: Measurement): Measurement {
  console.log(`${name} ${measurement.seconds.toFixed(2)} s, ${measurement.outcome}`);
  return measurement;
}

function report(serial: Measurement[], manual: Measurement[], verified: Measurement[]): void {
  const medianSeconds = (runs: Measurement[]): number => median(runs.map(({ seconds }) => seconds));
  const [a, b, c] = [medianSeconds(serial), medianSeconds(manual), medianSeconds(verified)];
  const suite = median(verified.map(({ suiteSeconds }) => suiteSeconds ?? Number.NaN));
  const memory = median(verified.map(({ peakMegabytes }) => peakMegabytes ?? Number.NaN));
  const row = (name: string, value: number, unit: string, digits: number) =>
    !Number.isNaN(value) && console.log(`${name.padEnd(52)} ${value.toFixed(digits).padStart(8)} ${unit}`);
  console.log("");
  row("(a) serial, stock server on disk", a, "s", 2);
  row(`(b) by hand, ${workers} workers, tuned server already up`, b, "s", 2);
  row(`(c) verify, ${workers} workers, everything included`, c, "s", 2);
  row("    of which the suite", suite, "s", 2);
  row("    peak memory of verify itself", memory, "MB", 0);
  row("a/c, how much faster than serial", a / c, "", 2);
  row("c/b, what verify adds (goal: at most 1.05)", c / b, "", 3);
  const outcomes = new Set([...serial, ...manual, ...verified].map(({ outcome }) => outcome));
  if (outcomes.size > 1) throw new Error(`The runs do not agree: ${[...outcomes].join("; ")}`);
}

async function main(): Promise<void> {
  // Ctrl-C reaches the programs that run, too: they fail, and the benchmark cleans up and ends.
  process.on("SIGINT", () => {});
  const options = readOptions();
  if (options.verify) await setup();
  const workspace = await makeWorkspace();
  try {
    await bench(options, workspace);
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(messageOf(error));
  process.exitCode = 1;
});
