import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { SuiteConfig } from "../../config/schema.ts";
import { sourceGlob } from "../../coverage/files/source-places.ts";
import { installedVersion, missingPackage, type PackagePlace, requireRunner } from "../../project/installed-package.ts";
import { isPackageScript } from "../../project/package-script.ts";
import { RequestError } from "../../shared/errors.ts";
import { adapterPath } from "../../shared/paths.ts";
import { escapedForPattern, globOf } from "../../shared/patterns.ts";
import { keepingNodeOptions, withArguments } from "../../shared/shell.ts";
import { canonicalPath } from "../../shared/within.ts";
import type { Environment } from "../../shared/world.ts";
import { readJunit, type TestCase } from "../results/junit.ts";
import {
  couldNotRun,
  isBad,
  lcovInput,
  resultsOf,
  type TestCaseMapper,
  withContradictions,
} from "../results/results.ts";
import { listingOutput } from "./listing.ts";
import { schemaEnvironment, tracedEnvironment, traceFile, withPreload } from "./preload.ts";
import {
  type EndedProcess,
  groupEnd,
  type Invocation,
  type ListingRequest,
  type Runner,
  type SuiteRun,
  type TestResults,
} from "./runner.ts";
import { writeSourceFiles } from "./source-files.ts";

/**
 * vitest. Workers, results and coverage are set on the command line; databases are set by a preload, as vitest numbers
 * a worker only after its process started.
 */
export const vitest: Runner = {
  name: "vitest",
  invocation,
  workersAskedFor,
  whyProcesses,
  listFiles,
  selectsTests: () => true,
  keepsOrder: false,
  leasing: "per file",
  needs: { from: "npm", package: "vitest", providers: ["@vitest/coverage-v8", "@vitest/coverage-istanbul"] },
  collect,
};

const junitFile = (run: SuiteRun): string => join(run.scratch, "junit.xml");
const coverageDirectory = (run: Pick<SuiteRun, "scratch">): string => join(run.scratch, "coverage");

async function invocation(run: SuiteRun): Promise<Invocation> {
  const environment = await tracedEnvironment(run, schemaEnvironment(run), "vitest/trace.mjs");
  const installed = findInstalled(run);
  const ownDatabase = run.workers > 1 || run.leaseSocket !== null ? variableOfDatabases(run) : null;
  return {
    command: withArguments(keepingNodeOptions(run.suite.command), [
      ...(isPackageScript(run.suite.command) ? ["--"] : []),
      ...addedOptions(run, installed),
      ...(await leftOut(run)).map(excluding),
      ...run.arguments,
    ]),
    environment: {
      ...environment,
      ...(ownDatabase === null
        ? run.workerEnvironments.master
        : {
            ...run.coordinatorEnvironment,
            ...ownDatabase,
            NODE_OPTIONS: withPreload(environment, "vitest/preload.mjs"),
          }),
      ...(installed.refusesSnapshots ? {} : { CI: run.environment.CI ?? "1" }),
      VERIFY_PROGRESS: run.progressSocket,
      ...(run.selection?.kind === "share" ? { VERIFY_IS_SHARE: "1" } : {}),
      VERIFY_JUNIT: junitFile(run),
      VERIFY_SOURCE_FILES: await writeSourceFiles(run),
    },
  };
}

/** The absolute test files whose results are reused. */
async function leftOut({ tracing, checkoutRoot }: SuiteRun): Promise<string[]> {
  if (!tracing?.reused) return [];
  const { files }: { files: readonly string[] } = JSON.parse(await readFile(tracing.reused, "utf8"));
  return files.map((file) => join(canonicalPath(checkoutRoot), file));
}

function excluding(file: string): string {
  return `--exclude=${globOf(file)}`;
}

/** The variable that gives the preload the database of each worker, or of each file. */
function variableOfDatabases(run: SuiteRun): Environment {
  if (run.leaseSocket !== null) return { VERIFY_LEASES: run.leaseSocket };
  return { VERIFY_WORKER_ENVIRONMENTS: JSON.stringify(run.workerEnvironments) };
}

function addedOptions(run: SuiteRun, installed: Installed): string[] {
  const { command } = run.suite;
  const ownReporter = /(^|\s)--reporters?[=\s]/.test(command);
  return [
    ...(run.workers > 1 ? [`--maxWorkers=${run.workers}`] : ["--maxWorkers=1", "--no-file-parallelism"]),
    // Version 3 rejects a maximum below its own minimum.
    ...(installed.major < 4 ? ["--minWorkers=1"] : []),
    // As in CI: an uncommitted snapshot proves nothing.
    ...(installed.refusesSnapshots && !/(^|\s)(-u|--update)(=|\s|$)/.test(command) ? ["--update=none"] : []),
    ...(ownReporter ? [] : ["--reporter=default"]),
    // Our reporter passes the output path to the other, whatever the project configures.
    `--reporter=${adapterPath("vitest/reporter.mjs")}`,
    "--reporter=junit",
    ...selected(run),
    ...(run.selection?.kind === "tests" ? ["--coverage.enabled=false"] : coverageOptions(run, installed)),
  ];
}

function coverageOptions({ suite, ...run }: SuiteRun, installed: Installed): string[] {
  const { command, source } = suite;
  return [
    "--coverage.enabled",
    "--coverage.reporter=lcovonly",
    `--coverage.reportsDirectory=${coverageDirectory(run)}`,
    "--coverage.reportOnFailure",
    ...(installed.onlyIstanbul ? ["--coverage.provider=istanbul"] : []),
    ...(/--coverage\.include/.test(command)
      ? []
      : source.map((path) => `--coverage.include=${sourceGlob(run.directory, path)}`)),
  ];
}

/**
 * Limits a run to its share, or to selected tests. A share excludes the other files: naming its own would match longer
 * names too, and add to the names in the user's command.
 */
function selected({ selection, directory, checkoutRoot }: SuiteRun): string[] {
  if (selection === null) return [];
  if (selection.kind === "share") return (selection.otherFiles ?? []).map(excluding);
  const files = [...new Set(selection.tests.map(({ file }) => relative(directory, join(checkoutRoot, file))))];
  const names = selection.tests.map(({ id }) => {
    const pattern = id.split(" > ").map(escapedForPattern).join("(?: > | )");
    return id.endsWith(groupEnd) ? `${pattern}.*` : pattern;
  });
  return [...files, `--testNamePattern=^ ?(?:${names.join("|")})$`];
}

const configName = /^vite(st)?\.(config|workspace|projects)\.[cm]?[jt]s$/;

/** Files usually run serially because they share a database, and separate processes each have their own. */
function whyProcesses({ command }: SuiteConfig, directory: string): string | null {
  if (/(^|\s)--(no-file-parallelism|fileParallelism[= ]false)(\s|$)/.test(command)) {
    return "its command says --no-file-parallelism";
  }
  const text = readdirSync(directory)
    .filter((name) => configName.test(name))
    .map((name) => readFileSync(join(directory, name), "utf8"))
    .join("\n");
  const [sign] = /\b(fileParallelism\s*:\s*false|single(Fork|Thread)\s*:\s*true)/.exec(text) ?? [];
  return sign === undefined ? null : `its configuration says \`${sign}\``;
}

/** The test files that vitest itself would run. Throws UnavailableError where it cannot list them. */
async function listFiles(request: ListingRequest): Promise<readonly string[]> {
  const { suite, directory, checkoutRoot, dependencyNotes } = request;
  findInstalled({ suite, directory, checkoutRoot, dependencyNotes });
  const separator = isPackageScript(suite.command) ? ["--"] : [];
  const args = [...separator, "--filesOnly", "--json", ...request.arguments];
  const listing = suite.command.replace(/\bvitest(\s+run)?\b(?!.*\bvitest\b)/, "vitest list");
  if (listing === suite.command) {
    throw new RequestError(
      `${suite.name}: to share its files out, "command" must call vitest itself, as \`vitest run …\` does; \`${suite.command}\` hides it.`,
    );
  }
  const output = await listingOutput({ ...request, command: withArguments(listing, args) });
  const files: { readonly file: string }[] = JSON.parse(output.slice(output.indexOf("[")));
  return [...new Set(files.map(({ file }) => file))];
}

function workersAskedFor(command: string): number | null {
  const asked = /(?:^|\s)--max-?[wW]orkers[=\s]\s*(\d+)(?=\s|$)/.exec(command)?.[1];
  return asked === undefined ? null : Math.max(1, Number(asked));
}

interface Installed {
  readonly major: number;
  /** Whether an option can reject missing snapshots; older versions only do so where the environment says CI. */
  readonly refusesSnapshots: boolean;
  /** Whether the only installed coverage provider is not vitest's default. */
  readonly onlyIstanbul: boolean;
}

function findInstalled(place: PackagePlace): Installed {
  const version = requireRunner(place, ["vitest", "@vitest/coverage-v8"]);
  const onlyIstanbul = installedVersion(place, "@vitest/coverage-v8") === null;
  if (onlyIstanbul && installedVersion(place, "@vitest/coverage-istanbul") === null) {
    throw missingPackage(place, "vitest's coverage provider", [`@vitest/coverage-v8@${version}`]);
  }
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return { major, refusesSnapshots: major > 4 || (major === 4 && minor >= 1), onlyIstanbul };
}

async function collect(run: SuiteRun, ended: EndedProcess): Promise<TestResults> {
  const [refusal] = ended.reported.refusals;
  if (refusal !== undefined) {
    throw new RequestError(
      `database.isolation "file" needs a process or thread for each test file, and in suite "${run.suite.name}" ${refusal}: run it with the pool "forks" or "threads" and isolate on, or set another isolation.`,
    );
  }
  const written = await readJunit(junitFile(run)).catch(() => null);
  const foundNothing = /No test files found/.test(ended.tail);
  if (written === null && !ended.timedOut && !foundNothing) throw couldNotRun(run, ended);
  const coverage = await lcovInput(join(coverageDirectory(run), "lcov.info"), ended.reported.root ?? run.directory);
  const known = markUnfinished(run, ended, written?.cases ?? []);
  const results = withContradictions(run, resultsOf(run, ended, known, mapperOf(run, ended, known), coverage), written);
  return run.tracing ? { ...results, trace: traceFile(run) } : results;
}

const crashed = "The worker ended before the test did.";

/** vitest records a test whose worker died as passed. */
function markUnfinished(run: SuiteRun, ended: EndedProcess, cases: readonly TestCase[]): TestCase[] {
  const key = (file: string, name: string): string => `${file}\n${name}`;
  const unfinished = new Set(ended.reported.unfinished.map(({ file, name }) => key(file, name)));
  return cases.map((test) => {
    const died = unfinished.has(key(absoluteFile(run, ended, test), test.name));
    return died ? { ...test, outcome: "error", message: crashed, details: "" } : test;
  });
}

function absoluteFile(run: SuiteRun, ended: EndedProcess, test: TestCase): string {
  return join(ended.reported.root ?? run.directory, test.classname);
}

function mapperOf(run: SuiteRun, ended: EndedProcess, cases: readonly TestCase[]): TestCaseMapper {
  // Where a hook failed, its group is reported as a test.
  const isGroup = ({ classname, name }: TestCase): boolean =>
    cases.some((other) => other.classname === classname && other.name.startsWith(`${name}${groupEnd}`));
  return {
    idOf: (test) => (isBad(test) && isGroup(test) ? `${test.name}${groupEnd}` : test.name),
    hasAdapter: true,
    fileOf: (test) => test.file || test.classname,
    nameOf: (test) => test.name,
    workerOf: (test) => ended.reported.workerOfFile.get(absoluteFile(run, ended, test)),
    kindOf: (test) => {
      if (test.message === crashed) return "crash";
      if (/^(Error: )?(Test|Hook) timed out in \d+\s?ms/.test(test.message)) return "timeout";
      // A file that could not be loaded is reported as one test with the file's name.
      return test.name === test.classname ? "collection" : "failure";
    },
    messageOf: (test) => (test.message || test.details).trim(),
  };
}
