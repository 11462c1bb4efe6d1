import { join } from "node:path";
import type { SuiteConfig } from "../../config/schema.ts";
import { requireRunner } from "../../project/installed-package.ts";
import { isPackageScript, scriptOf } from "../../project/package-script.ts";
import { adapterPath } from "../../shared/paths.ts";
import { escapedForPattern } from "../../shared/patterns.ts";
import { keepingNodeOptions, withArguments } from "../../shared/shell.ts";
import { readReportedTests, reporterMapper } from "../results/reported-tests.ts";
import { couldNotRun, diedInTest, lcovInput, resultsOf } from "../results/results.ts";
import { listingOutput } from "./listing.ts";
import { additionsEnvironment, databaseVariables, schemaEnvironment, tracedEnvironment, traceFile } from "./preload.ts";
import type { EndedProcess, Invocation, ListingRequest, Runner, SuiteRun, TestResults } from "./runner.ts";
import { writeSourceFiles } from "./source-files.ts";

/**
 * jest. Nothing is added to the command line: a preload, which NODE_OPTIONS carries through `npm test` and other
 * wrappers, completes the configuration that jest has read, and sets each worker's database when jest numbers it.
 */
export const jest: Runner = {
  name: "jest",
  invocation,
  workersAskedFor,
  whyProcesses,
  listFiles,
  selectsTests: () => true,
  keepsOrder: false,
  leasing: "never",
  needs: { from: "npm", package: "jest", providers: [] },
  collect,
};

const resultsFile = (run: SuiteRun): string => join(run.scratch, "results.json");
const coverageDirectory = (run: SuiteRun): string => join(run.scratch, "coverage");

/** Passed to adapters/jest/additions.cjs, which adds it to jest's configuration. */
interface Additions {
  readonly workers: number;
  readonly serial: boolean;
  /** Absolute; null where no coverage is measured. */
  readonly coverageDirectory: string | null;
  /** Whether this is a share, to which the project's own coverage thresholds do not apply. */
  readonly isShare: boolean;
  /** Absolute directories. */
  readonly source: readonly string[];
  readonly reporter: string;
  readonly results: string;
  /** Absolute; null for all. */
  readonly files: readonly string[] | null;
  /** A pattern of full names; null for all. */
  readonly names: string | null;
  /** Whether to list the files without running them. */
  readonly list: boolean;
}

async function invocation(run: SuiteRun): Promise<Invocation> {
  const environment = await tracedEnvironment(run, schemaEnvironment(run), "jest/trace.mjs");
  requireRunner(run, ["jest"]);
  const separator = isPackageScript(run.suite.command) && run.arguments.length > 0 ? ["--"] : [];
  return {
    command: withArguments(keepingNodeOptions(run.suite.command), [...separator, ...run.arguments]),
    environment: {
      ...environment,
      ...databaseVariables(run),
      ...(await additionsEnvironment("jest", { scratch: run.scratch, environment, additions: additionsOf(run) })),
      VERIFY_PROGRESS: run.progressSocket,
      VERIFY_SOURCE_FILES: await writeSourceFiles(run),
    },
  };
}

function additionsOf(run: SuiteRun): Additions {
  const { selection, workers, suite, directory } = run;
  const someTests = selection?.kind === "tests" ? selection.tests : null;
  return {
    workers,
    serial: workers === 1,
    coverageDirectory: someTests === null ? coverageDirectory(run) : null,
    isShare: selection?.kind === "share",
    source: suite.source.map((path) => join(directory, path)),
    reporter: adapterPath("jest/reporter.cjs"),
    results: resultsFile(run),
    files:
      someTests?.map(({ file }) => join(run.checkoutRoot, file)) ??
      (selection?.kind === "share" ? selection.files : null),
    names: someTests === null ? null : `^(?:${someTests.map(({ id }) => escapedForPattern(id)).join("|")})$`,
    list: false,
  };
}

/** The text that determines how jest runs: the command and the script behind it. */
function wordsOf(command: string, directory: string): string {
  return `${command} ${scriptOf(command, directory)}`;
}

const inBand = /(?:^|\s)(-i|--runInBand|--run-in-band|--detectOpenHandles|--detect-open-handles)(?=\s|=true|$)/;

function whyProcesses({ command }: SuiteConfig, directory: string): string | null {
  const sign = inBand.exec(wordsOf(command, directory))?.[1];
  return sign === undefined ? null : `jest runs all files in one process with ${sign}`;
}

/** `-w` as a percentage of the cores leaves the number open. */
function workersAskedFor(command: string, directory: string): number | null {
  const asked = /(?:^|\s)(?:-w[=\s]\s*|--max-?[wW]orkers[=\s]\s*)(\d+)(?=\s|$)/.exec(wordsOf(command, directory))?.[1];
  return asked === undefined ? null : Math.max(1, Number(asked));
}

/** The test files that jest itself would run. */
async function listFiles(request: ListingRequest): Promise<readonly string[]> {
  requireRunner(request, ["jest"]);
  const additions: Additions = {
    ...{ workers: 1, serial: true, coverageDirectory: null, isShare: false, source: [], reporter: "", results: "" },
    ...{ files: null, names: null, list: true },
  };
  const output = await listingOutput({
    ...request,
    environment: { ...request.environment, ...(await additionsEnvironment("jest", { ...request, additions })) },
    command: withArguments(keepingNodeOptions(request.suite.command), request.arguments),
  });
  const listed = output.split("\n").find((line) => line.startsWith("["));
  return listed === undefined ? [] : JSON.parse(listed);
}

async function collect(run: SuiteRun, ended: EndedProcess): Promise<TestResults> {
  const cases = await readReportedTests(resultsFile(run));
  if (cases === null && !ended.timedOut && !diedInTest(ended) && !/No tests found/.test(ended.tail))
    throw couldNotRun(run, ended);
  const coverage = await lcovInput(join(coverageDirectory(run), "lcov.info"), ended.reported.root ?? run.directory);
  const isTimeout = (message: string): boolean => /Exceeded timeout of [\d,]+ ms for a (test|hook)/.test(message);
  const results = resultsOf(run, ended, cases ?? [], reporterMapper(ended, isTimeout), coverage);
  return run.tracing ? { ...results, trace: traceFile(run) } : results;
}
