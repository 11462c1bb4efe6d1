/**
 * What verify adds to a suite, and what it saves: the ledger run (a) serially on a stock server on disk, (b) by hand on a
 * tuned server that is up already, with a database per worker, (c) by `verify`. All must pass the same tests and cover the same lines.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "../../src/shared/errors.ts";
import { median } from "../../src/shared/median.ts";
import setup from "../support/global-setup.ts";
import { ledgerDatabase, ledgerFiles } from "../support/ledger.ts";
import { writeFiles } from "../support/repository.ts";
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
  readonly serial: boolean;
  readonly verify: boolean;
}

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
  const { "skip-serial": skipsSerial, "skip-verify": skipsVerify, ...numbers } = values;
  return { ...wholeNumbers(numbers), serial: !skipsSerial, verify: !skipsVerify };
}

async function bench(options: Options, workspace: string): Promise<void> {
  const environment = await ledgerEnvironment();
  const [plain, byHand] = [join(workspace, "plain"), join(workspace, "by-hand")];
  await makeLedger(plain, options, environment);
  await writeFiles(byHand, ledgerFiles({ ...options, databasePerWorker: true }));
  for (const directory of [plain, byHand]) await compileTests(directory, environment);
  const serial: Measurement[] = [];
  const manual: Measurement[] = [];
  const verified: Measurement[] = [];
  if (options.serial) {
    const server = { parent: workspace, settings: {}, databases: [ledgerDatabase] };
    serial.push(announce("(a)", await measureOnServer(server, plain, "", environment)));
  }
  const tuned = await tunedServer();
  for (let round = 1; round <= options.rounds; round++) {
    const flags = `-n ${workers} --dist loadfile`;
    manual.push(announce("(b)", await measureOnServer(tuned, byHand, flags, environment)));
    if (options.verify) verified.push(announce("(c)", await measureVerify(plain, environment)));
  }
  report(serial, manual, verified);
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
