import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { RequestError, UnavailableError } from "../errors.ts";
import { addCommand, findPackageManager } from "../init/package-manager.ts";
import { adapterPath } from "../paths.ts";
import type { Environment } from "../world.ts";
import { readJunit, type TestCase } from "./junit.ts";
import { couldNotRun, type Dialect, lcovInput, resultsOf } from "./results.ts";
import type { Ended, Invocation, Runner, SuiteRun, TestResults } from "./runner.ts";
import { withArguments } from "./shell.ts";

/**
 * vitest. Workers, results and coverage are added to the command line; the databases come through a preload, as vitest
 * names a worker only after its process has started.
 */
export const vitest: Runner = {
  name: "vitest",
  invocation,
  workersAskedFor,
  whyProcesses: () => null,
  listFiles: null,
  selectsTests: () => false,
  keepsOrder: false,
  collect,
};

const junitFile = (run: SuiteRun): string => join(run.scratch, "junit.xml");
const coverageDirectory = (run: SuiteRun): string => join(run.scratch, "coverage");

async function invocation(run: SuiteRun): Promise<Invocation> {
  const installed = findInstalled(run);
  const preload = `--import ${pathToFileURL(adapterPath("vitest-preload.mjs")).href}`;
  const options = run.environment.NODE_OPTIONS;
  const ownDatabase = run.workers > 1 || run.leaseSocket !== null ? variableOfDatabases(run) : null;
  return {
    command: withArguments(run.suite.command, [
      ...(isPackageScript(run.suite.command) ? ["--"] : []),
      ...addedOptions(run, installed),
      ...run.arguments,
    ]),
    environment: {
      ...run.environment,
      ...(ownDatabase === null
        ? run.workerEnvironments.master
        : {
            ...run.coordinatorEnvironment,
            ...ownDatabase,
            NODE_OPTIONS: options ? `${options} ${preload}` : preload,
          }),
      ...(installed.refusesSnapshots ? {} : { CI: run.environment.CI ?? "1" }),
      VERIFY_PROGRESS: run.progressSocket,
    },
  };
}

/** What leads the preload to each worker's database, or each file's. */
function variableOfDatabases(run: SuiteRun): Environment {
  if (run.leaseSocket !== null) return { VERIFY_LEASES: run.leaseSocket };
  return { VERIFY_WORKER_ENVIRONMENTS: JSON.stringify(run.workerEnvironments) };
}

/** npm passes on only what stands behind `--`; pnpm, yarn and bun pass on everything. */
function isPackageScript(command: string): boolean {
  return /^\s*npm\s+(test|t|run|run-script)\b/.test(command) && !/\s--(\s|$)/.test(command);
}

function addedOptions(run: SuiteRun, installed: Installed): string[] {
  const { command, source } = run.suite;
  const ownReporter = /(^|\s)--reporters?[=\s]/.test(command);
  return [
    ...(run.workers > 1 ? [`--maxWorkers=${run.workers}`] : ["--maxWorkers=1", "--no-file-parallelism"]),
    // Version 3 refuses a maximum below its own minimum.
    ...(installed.major < 4 ? ["--minWorkers=1"] : []),
    // As in CI: a focused test must not hide the others, and a snapshot that is not committed proves nothing.
    ...(/--allowOnly/.test(command) ? [] : ["--allowOnly=false"]),
    ...(installed.refusesSnapshots && !/(^|\s)(-u|--update)(=|\s|$)/.test(command) ? ["--update=none"] : []),
    ...(ownReporter ? [] : ["--reporter=default"]),
    "--reporter=junit",
    `--outputFile.junit=${junitFile(run)}`,
    `--reporter=${adapterPath("vitest-reporter.mjs")}`,
    "--coverage.enabled",
    "--coverage.reporter=lcovonly",
    `--coverage.reportsDirectory=${coverageDirectory(run)}`,
    "--coverage.reportOnFailure",
    ...(installed.onlyIstanbul ? ["--coverage.provider=istanbul"] : []),
    ...(/--coverage\.include/.test(command) ? [] : source.map((directory) => `--coverage.include=${directory}/**`)),
  ];
}

function workersAskedFor(command: string): number | null {
  if (/(^|\s)--no-file-parallelism(\s|$)/.test(command)) return 1;
  const asked = /(?:^|\s)--max-?[wW]orkers[=\s]\s*(\d+)(?=\s|$)/.exec(command)?.[1];
  return asked === undefined ? null : Math.max(1, Number(asked));
}

interface Installed {
  readonly major: number;
  /** Whether a missing snapshot can be refused by an option; before, only an environment that says CI does. */
  readonly refusesSnapshots: boolean;
  /** Whether the only coverage provider that is there is not vitest's default one. */
  readonly onlyIstanbul: boolean;
}

function findInstalled(run: SuiteRun): Installed {
  const require = createRequire(join(run.directory, "package.json"));
  const version = versionOf(require, "vitest");
  if (version === null) throw missing(run, "vitest", ["vitest", "@vitest/coverage-v8"]);
  const onlyIstanbul = versionOf(require, "@vitest/coverage-v8") === null;
  if (onlyIstanbul && versionOf(require, "@vitest/coverage-istanbul") === null) {
    throw missing(run, "vitest's coverage provider", [`@vitest/coverage-v8@${version}`]);
  }
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return { major, refusesSnapshots: major > 4 || (major === 4 && minor >= 1), onlyIstanbul };
}

function versionOf(require: NodeJS.Require, name: string): string | null {
  try {
    return JSON.parse(readFileSync(require.resolve(`${name}/package.json`), "utf8")).version;
  } catch {
    return null;
  }
}

function missing(run: SuiteRun, what: string, packages: readonly string[]): UnavailableError {
  const notes = run.dependencyNotes.map((note) => ` ${note}`).join("");
  return new UnavailableError(
    `${run.suite.name}: ${what} is not installed in ${run.suite.root === "." ? "the repo's root" : run.suite.root}. Install with: ${addCommand(findPackageManager(run.checkoutRoot), packages)}${notes}`,
  );
}

async function collect(run: SuiteRun, ended: Ended): Promise<TestResults> {
  const [refusal] = ended.reported.refusals;
  if (refusal !== undefined) {
    throw new RequestError(
      `database.isolation "file" needs a process or thread for each test file, and in suite "${run.suite.name}" ${refusal}: run it with the pool "forks" or "threads" and isolate on, or set another isolation.`,
    );
  }
  const cases = await readJunit(junitFile(run)).catch(() => null);
  const foundNothing = /No test files found/.test(ended.tail);
  if (cases === null && !ended.timedOut && !foundNothing) throw couldNotRun(run, ended);
  const coverage = await lcovInput(join(coverageDirectory(run), "lcov.info"), ended.reported.root ?? run.directory);
  const known = markUnfinished(run, ended, cases ?? []);
  return resultsOf(run, ended, known, dialectOf(run, ended), coverage);
}

const crashed = "The worker ended before the test did.";

/** vitest writes a test whose worker died as if it had passed. */
function markUnfinished(run: SuiteRun, ended: Ended, cases: readonly TestCase[]): TestCase[] {
  const key = (file: string, name: string): string => `${file}\n${name}`;
  const unfinished = new Set(ended.reported.unfinished.map(({ file, name }) => key(file, name)));
  return cases.map((test) => {
    const died = unfinished.has(key(absoluteFile(run, ended, test), test.name));
    return died ? { ...test, outcome: "error", message: crashed, details: "" } : test;
  });
}

function absoluteFile(run: SuiteRun, ended: Ended, test: TestCase): string {
  return join(ended.reported.root ?? run.directory, test.classname);
}

function dialectOf(run: SuiteRun, ended: Ended): Dialect {
  return {
    hasAdapter: true,
    fileOf: (test) => test.file || test.classname,
    nameOf: (test) => test.name,
    workerOf: (test) => ended.reported.workerOfFile.get(absoluteFile(run, ended, test)),
    kindOf: (test) => {
      if (test.message === crashed) return "crash";
      // A file that could not be loaded is reported as one test that carries the file's name.
      return test.name === test.classname ? "collection" : "failure";
    },
    messageOf: (test) => (test.message || test.details).trim(),
  };
}
