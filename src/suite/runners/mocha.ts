import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { withoutMeasuring } from "../../project/coverage-program.ts";
import { requireRunner } from "../../project/installed-package.ts";
import { isPackageScript, scriptOf } from "../../project/package-script.ts";
import { readProjectFile } from "../../project/read-project-file.ts";
import { RequestError } from "../../shared/errors.ts";
import { keepingNodeOptions, withArguments } from "../../shared/shell.ts";
import type { TestCase } from "../results/junit.ts";
import { readReportedTests, reporterMapper } from "../results/reported-tests.ts";
import { couldNotRun, diedInTest, resultsOf } from "../results/results.ts";
import { listingOutput } from "./listing.ts";
import { coverageEnvironment, withNodeCoverage } from "./node-coverage.ts";
import { additionsEnvironment, databaseVariables, schemaEnvironment } from "./preload.ts";
import type { EndedProcess, Invocation, ListingRequest, Runner, SuiteRun, TestResults } from "./runner.ts";

/**
 * mocha. Nothing is added to the command line: a preload, which NODE_OPTIONS carries through `npm test` and other
 * wrappers, changes mocha's options as it is loaded. c8 and nyc are removed from the command: they would apply the
 * thresholds of the whole to each process, and nyc rewrites the measured code. Without `--parallel`, mocha's files
 * share one process, so workers are processes with shares of the files.
 */
export const mocha: Runner = {
  name: "mocha",
  invocation,
  workersAskedFor,
  whyProcesses: (suite, directory) =>
    isParallel(suite.command, directory) ? null : "mocha runs its files in one process unless it is told --parallel",
  listFiles,
  selectsTests: () => true,
  keepsOrder: false,
  leasing: "never",
  needs: { from: "npm", package: "mocha", providers: [] },
  collect,
};

const resultsFile = (run: SuiteRun): string => join(run.scratch, "results.json");

/** What adapters/mocha/preload.mjs changes in mocha. */
interface Additions {
  readonly workers: number;
  readonly results: string;
  /** The absolute file to write the list of test files to, instead of running them; null for a run. */
  readonly list: string | null;
  /** Absolute; null for all. */
  readonly files: readonly string[] | null;
  /** Full titles; null for all. */
  readonly names: readonly string[] | null;
}

async function invocation(run: SuiteRun): Promise<Invocation> {
  const environment = schemaEnvironment(run);
  requireMocha(run);
  const isSerial = run.workers === 1;
  const forced = !isSerial && !isParallel(run.suite.command, run.directory) ? ["--parallel"] : [];
  // Runs a suite serially that is usually parallel.
  const serial = isSerial && isParallel(run.suite.command, run.directory) ? ["--no-parallel"] : [];
  const args = [...forced, ...serial, ...run.arguments];
  const separator = isPackageScript(run.suite.command) && args.length > 0 ? ["--"] : [];
  return {
    command: withArguments(keepingNodeOptions(withoutMeasuring(run.suite.command)), [...separator, ...args]),
    environment: {
      ...environment,
      ...databaseVariables(run),
      ...(await additionsEnvironment("mocha", { scratch: run.scratch, environment, additions: additionsOf(run) })),
      ...coverageEnvironment(run),
      VERIFY_PROGRESS: run.progressSocket,
    },
  };
}

function requireMocha(place: ListingRequest | SuiteRun): void {
  requireRunner(place, ["mocha"]);
  if (/\bnyc\b/.test(scriptOf(place.suite.command, place.directory))) {
    throw new RequestError(
      `${place.suite.name}: the script behind \`${place.suite.command}\` runs nyc, whose rewritten code cannot be measured from outside: let "command" call mocha itself.`,
    );
  }
}

function additionsOf(run: SuiteRun): Additions {
  const { selection } = run;
  const tests = selection?.kind === "tests" ? selection.tests : null;
  const files = selection?.kind === "share" ? selection.files : null;
  return {
    workers: run.workers,
    results: resultsFile(run),
    list: null,
    files: tests?.map(({ file }) => join(run.checkoutRoot, file)) ?? files,
    names: tests?.map(({ id }) => id) ?? null,
  };
}

/** The text of mocha's configuration in a directory; empty where there is none. */
function settingsOf(directory: string): string {
  const names = [
    ".mocharc.cjs",
    ".mocharc.js",
    ".mocharc.mjs",
    ".mocharc.yaml",
    ".mocharc.yml",
    ".mocharc.jsonc",
    ".mocharc.json",
  ];
  const own = names.map((name) => readProjectFile(directory, name)).find((text) => text !== null);
  const packaged = /"mocha"\s*:\s*\{[^{}]*\}/.exec(readProjectFile(directory, "package.json") ?? "")?.[0];
  return own ?? packaged ?? "";
}

function isParallel(command: string, directory: string): boolean {
  const script = `${command} ${scriptOf(command, directory)}`;
  if (/\s--no-parallel\b/.test(script)) return false;
  return /\s(--parallel|-p)(?=\s|$)/.test(script) || /["']?\bparallel\b["']?\s*:\s*true/.test(settingsOf(directory));
}

function workersAskedFor(command: string, directory: string): number | null {
  const script = `${command} ${scriptOf(command, directory)}`;
  const asked = /\s(?:-j\s*|--jobs[=\s]\s*)(\d+)(?=\s|$)/.exec(script)?.[1];
  const configured = /["']?\bjobs\b["']?\s*:\s*(\d+)/.exec(settingsOf(directory))?.[1];
  const count = asked ?? configured;
  return count === undefined ? null : Math.max(1, Number(count));
}

/** The test files that mocha itself would run, without those of `--file`, which every process loads. */
async function listFiles(request: ListingRequest): Promise<readonly string[]> {
  requireMocha(request);
  const list = join(request.scratch, "files.json");
  const additions: Additions = { workers: 1, results: "", list, files: null, names: null };
  const separator = isPackageScript(request.suite.command) && request.arguments.length > 0 ? ["--"] : [];
  await listingOutput({
    ...request,
    environment: { ...request.environment, ...(await additionsEnvironment("mocha", { ...request, additions })) },
    command: withArguments(keepingNodeOptions(withoutMeasuring(request.suite.command)), [
      ...separator,
      ...request.arguments,
    ]),
  });
  const text = await readFile(list, "utf8").catch(() => "[]");
  return JSON.parse(text);
}

async function collect(run: SuiteRun, ended: EndedProcess): Promise<TestResults> {
  const cases = await readReportedTests(resultsFile(run));
  const foundNothing = /No test files found/.test(ended.tail);
  if (cases === null && !ended.timedOut && !diedInTest(ended) && !foundNothing) throw couldNotRun(run, ended);
  const isTimeout = (message: string): boolean => /^Timeout of \d+ms exceeded/.test(message);
  const mapper = reporterMapper(ended, isTimeout);
  return await withNodeCoverage(run, resultsOf(run, ended, withCrashedTests(ended, cases ?? []), mapper, null));
}

/** mocha reports only that a worker died; the test is the one the worker was running. */
function withCrashedTests({ reported }: EndedProcess, cases: readonly TestCase[]): TestCase[] {
  return cases.map((test) => {
    if (!/^Workerpool Worker terminated Unexpectedly/.test(test.message)) return test;
    const inside = reported.lastTests.find(({ file }) => file === test.file) ?? reported.lastTests[0];
    const properties = new Map([...test.properties, ["kind", "crash"]]);
    return { ...test, name: inside?.name ?? test.name, file: inside?.file ?? test.file, properties };
  });
}
