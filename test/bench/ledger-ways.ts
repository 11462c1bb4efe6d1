/** The ways of running the ledger that benchmarks compare. */
import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { delimiter } from "node:path";
import { promisify } from "node:util";
import type { ConfigFile } from "../../src/config/schema.ts";
import { type LedgerOptions, ledgerCommand, ledgerDatabase, ledgerFiles } from "../support/ledger.ts";
import { pythonEnvironment } from "../support/python.ts";
import { gitEnvironment, writeFiles } from "../support/repository.ts";
import { memoryDirectory } from "./places.ts";
import { type Environment, timed } from "./programs.ts";
import { type Measurement, measurePytest } from "./runs.ts";
import { type BenchServerRequest, startBenchServer, tunedSettings } from "./servers.ts";

const run = promisify(execFile);

/** As many as verify takes by itself. */
export const workers = availableParallelism();

/** The variables with which the ledger's tests run, without a database: Python keeps what it compiled, as it does by itself. */
export async function ledgerEnvironment(): Promise<Environment> {
  const { bin } = await pythonEnvironment();
  return { ...gitEnvironment(), PATH: `${bin}${delimiter}${process.env.PATH}`, PYTHONDONTWRITEBYTECODE: undefined };
}

/** Compiles the tests of a directory, as where they have run before: pytest takes seconds to rewrite what they assert. */
export async function compileTests(directory: string, environment: Environment): Promise<void> {
  await timed("/bin/sh", ["-c", `${ledgerCommand} --collect-only --quiet`], { cwd: directory, env: environment });
}

/** A server in memory with a database for each worker, as a careful person has it. */
export async function tunedServer(): Promise<BenchServerRequest> {
  const databases = Array.from({ length: workers }, (_, worker) => `${ledgerDatabase}_gw${worker}`);
  return { parent: await memoryDirectory(), settings: tunedSettings, databases };
}

/** A clean clone, as a teammate has it. */
export async function makeLedger(
  directory: string,
  options: LedgerOptions,
  environment: Environment,
  database: object = {},
): Promise<void> {
  const origin = `${directory}-origin`;
  const git = (cwd: string, ...words: string[]) => run("git", words, { cwd, env: environment });
  await mkdir(origin);
  await writeFiles(origin, {
    ...ledgerFiles(options),
    "verify.config.json": JSON.stringify(configWith(database), null, 2),
  });
  await git(origin, "init", "--quiet", "--initial-branch=main");
  await git(origin, "add", "--all");
  await git(origin, "commit", "--quiet", "--message", "Begin");
  await git(origin, "clone", "--quiet", origin, directory);
}

function configWith(database: object): ConfigFile {
  return {
    suites: [{ name: "backend", runner: "pytest", command: ledgerCommand, source: ["src"], workers }],
    database: { name: ledgerDatabase, variables: ["TEST_DATABASE_URL"], ...database },
  };
}

/** Runs pytest on a new server that is up before the clock starts and gone before anything else is measured. */
export async function measureOnServer(
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

/** Prints a measurement, and gives it back. */
export function announce(name: string, measurement: Measurement): Measurement {
  console.log(`${name} ${measurement.seconds.toFixed(2)} s, ${measurement.outcome}`);
  return measurement;
}
