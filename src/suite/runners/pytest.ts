import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import type { LcovInput } from "../../coverage/lcov/merge.ts";
import { filesUnder } from "../../project/checkout-files.ts";
import { addPythonPackages } from "../../project/packages/add-python-packages.ts";
import { additionText } from "../../project/packages/additions.ts";
import { pytestFiles, pytestSettings } from "../../project/pytest-configuration.ts";
import { RequestError, UnavailableError } from "../../shared/errors.ts";
import { adapterPath } from "../../shared/paths.ts";
import { quote, withArguments } from "../../shared/shell.ts";
import type { Environment } from "../../shared/world.ts";
import { sqlAlchemyDriverHint } from "../hints/sqlalchemy-driver.ts";
import { CollectionMismatchError, collectionMismatchAdvice, NoWorkersError } from "../results/collection-mismatch.ts";
import { readJunit, type TestCase } from "../results/junit.ts";
import {
  couldNotRun,
  diedInTest,
  isBad,
  lcovInput,
  reportedFile,
  resultsOf,
  type TestCaseMapper,
  withContradictions,
} from "../results/results.ts";
import { usableWorkers } from "../schedule/worker-count.ts";
import type { EndedProcess, Invocation, Runner, SuiteRun, TestResults } from "./runner.ts";
import { writeSourceFiles } from "./source-files.ts";

/** What runs workers side by side: without it they go as processes. */
export const workersPackage = "pytest-xdist";

/**
 * pytest, in parallel with xdist. Everything is added through the environment: PYTEST_ADDOPTS comes before the command
 * line's flags, so the user's win, and it reaches pytest through `uv run`, `make` and other wrappers.
 */
export const pytest: Runner = {
  name: "pytest",
  invocation,
  workersAskedFor,
  whyProcesses: () => null,
  listFiles: null,
  selectsTests: () => true,
  keepsOrder: true,
  leasing: "never",
  needs: {
    from: "pip",
    packages: ({ suite, directory, runsWorkers }) => [
      "pytest",
      ...(runsWorkers ? [workersPackage] : []),
      "pytest-cov",
      // Without a conftest.py of the project's own nothing else sets Django up.
      ...(/\bDJANGO_SETTINGS_MODULE=/.test(suite.command) && !existsSync(join(directory, "conftest.py"))
        ? ["pytest-django"]
        : []),
    ],
    forWorkers: workersPackage,
  },
  collect,
};

/** pytest's exit codes. */
const internalError = 3;
const noTestsCollected = 5;

const plugin = "pushproof_pytest";
const junitFile = (run: SuiteRun): string => join(run.scratch, "junit.xml");
const durationsFile = (run: SuiteRun): string => join(run.scratch, "durations.json");
const selectionFile = (run: SuiteRun): string => join(run.scratch, "selection.json");
const collectedFile = (run: SuiteRun): string => join(run.scratch, "collected.json");
const lcovFile = (run: SuiteRun): string => join(run.scratch, "coverage.lcov");

async function invocation(run: SuiteRun): Promise<Invocation> {
  await writeFile(durationsFile(run), JSON.stringify(Object.fromEntries(run.durations)));
  if (run.selection !== null) await writeFile(selectionFile(run), JSON.stringify(run.selection));
  const { PYTHONPATH: path = "" } = run.environment;
  const pluginDirectory = dirname(adapterPath(`python/${plugin}.py`));
  return {
    command: withArguments(run.suite.command, run.arguments),
    environment: {
      ...run.environment,
      ...(run.workers === 1 ? run.workerEnvironments.master : run.coordinatorEnvironment),
      PYTEST_ADDOPTS: addedOptions(run).map(quote).join(" "),
      // An option loads the plugin in the coordinating process before xdist is imported. Workers do not read those
      // options; this variable loads the plugin there before the first conftest.
      PYTEST_PLUGINS: plugin,
      PYTHONPATH: [pluginDirectory, path].filter(Boolean).join(delimiter),
      VERIFY_ORIGINAL_PYTHONPATH: path,
      // The run leaves no files in the checkout: the data file goes here, the cache is moved by an option.
      COVERAGE_FILE: join(run.scratch, "coverage.data"),
      PYTEST_XDIST_AUTO_NUM_WORKERS: String(run.workers),
      VERIFY_WORKERS: String(run.workers),
      VERIFY_WORKER_ENVIRONMENTS: JSON.stringify(environmentsOf(run)),
      VERIFY_PROGRESS: run.progressSocket,
      VERIFY_JUNIT: junitFile(run),
      VERIFY_LCOV: lcovFile(run),
      // `--cov` is not added, as two coverage measurements would disturb each other.
      ...(isMeasured(run) ? { VERIFY_COVERAGE_SOURCE: JSON.stringify(run.suite.source) } : {}),
      VERIFY_SOURCE_FILES: await writeSourceFiles(run),
      VERIFY_DURATIONS: durationsFile(run),
      VERIFY_COLLECTED: collectedFile(run),
      ...(run.selection === null ? {} : { VERIFY_SELECTION: selectionFile(run) }),
      ...(run.keepsSchema ? { VERIFY_SCHEMA: "reset" } : {}),
      ...(await tracingVariables(run)),
      ...(run.tracing?.isAlone ? { VERIFY_ALONE: "1" } : {}),
      VERIFY_CHECKOUT: run.checkoutRoot,
      VERIFY_OTHER_CHECKOUTS: run.otherRoots.join(delimiter),
    },
  };
}

const traceDirectory = (run: SuiteRun): string => join(run.scratch, "trace");

async function tracingVariables(run: SuiteRun): Promise<Environment> {
  if (!run.tracing) return {};
  await mkdir(traceDirectory(run));
  const { reused } = run.tracing;
  return {
    VERIFY_TRACE: traceDirectory(run),
    // From Python 3.14 on the default is sys.monitoring, which tells a line once a process, whichever test file runs it again.
    COVERAGE_CORE: run.environment.COVERAGE_CORE === "pytrace" ? "pytrace" : "ctrace",
    ...(reused === null ? {} : { VERIFY_REUSED: reused }),
  };
}

function isMeasured({ selection }: SuiteRun): boolean {
  return selection?.kind !== "tests";
}

function addedOptions(run: SuiteRun): string[] {
  const parallel = ["-n", String(startedWorkers(run)), "--dist", "loadfile", "--max-worker-restart", "0"];
  // Coverage of selected tests is not needed.
  const coverage = isMeasured(run) ? [`--cov-report=lcov:${lcovFile(run)}`] : ["--no-cov"];
  return [
    "-p",
    plugin,
    ...(run.workers > 1 ? parallel : []),
    ...coverage,
    `--junitxml=${junitFile(run)}`,
    // Only the xunit1 family contains each test's file.
    "-o",
    "junit_family=xunit1",
    "-o",
    `cache_dir=${join(run.scratch, "cache")}`,
  ];
}

/** As many workers as there are files to run, if that is fewer: one without a file costs a second, as it loads all that the others do. */
function startedWorkers({ workers, tracing }: SuiteRun): number {
  return Math.max(1, Math.min(workers, tracing?.files ?? workers));
}

/** The variables of each worker that is started. */
function environmentsOf(run: SuiteRun): SuiteRun["workerEnvironments"] {
  const started = startedWorkers(run);
  if (started === run.workers) return run.workerEnvironments;
  return Object.fromEntries(Object.entries(run.workerEnvironments).slice(0, started));
}

/** `-n` on the command line, else in the configuration; null for `auto` and `logical`. */
function workersAskedFor(command: string, directory: string): number | null {
  const options = [command, configuredOptions(directory)];
  return options.map(workersIn).find((count) => count !== undefined) ?? null;
}

/** `addopts` in pytest's own configuration of a directory; empty where there is none. */
function configuredOptions(directory: string): string {
  const options = pytestSettings(filesUnder(directory, pytestFiles), ".")?.get("addopts") ?? "";
  return options.replace(/[[\]"',]+/g, " ");
}

/** Null where the arguments leave the number open, undefined where they do not mention it. */
function workersIn(script: string): number | null | undefined {
  if (/(?:^|\s)(?:-p\s*no:xdist|--dist[=\s]no)(?=\s|$)/.test(script)) return 1;
  const asked = /(?:^|\s)(?:-n\s*|--numprocesses[=\s]\s*)(\d+|auto|logical)(?=\s|$)/.exec(script)?.[1];
  const most = Number(/(?:^|\s)--maxprocesses[=\s]\s*(\d+)(?=\s|$)/.exec(script)?.[1] ?? Number.POSITIVE_INFINITY);
  if (asked === undefined) return undefined;
  if (/\d/.test(asked)) return Math.max(1, Math.min(Number(asked), most));
  return usableWorkers().count > most ? Math.max(1, most) : null;
}

async function collect(run: SuiteRun, ended: EndedProcess): Promise<TestResults> {
  refuseMissingParts(run, ended);
  refuseOtherEnvironment(run, ended);
  const written = await readJunit(junitFile(run)).catch(() => null);
  const cases = written?.cases ?? null;
  const brokeDown = ended.exitCode === internalError || (cases === null && ended.exitCode !== noTestsCollected);
  if (brokeDown && !ended.timedOut && !diedInTest(ended)) throw brokenDown(run, ended);
  const different = (cases ?? []).find((test) => test.details.startsWith(differentCollections));
  if (different !== undefined) throw differentTests(run, different);
  const coverage = await readCoverage(run, ended);
  const found = withContradictions(run, resultsOf(run, ended, oneEntryEach(cases ?? []), mapper, coverage), written);
  const results = run.tracing ? { ...found, trace: join(traceDirectory(run), "record.json") } : found;
  if (run.selection?.kind !== "share") return results;
  const collected = await readCollected(run);
  const root = ended.reported.root ?? run.directory;
  const names = (files: readonly string[]): string[] =>
    files.map((file) => reportedFile(run.checkoutRoot, root, file)).sort();
  const dealt = collected?.files
    ? { all: names(collected.files), own: names(collected.own ?? []), tests: collected.tests }
    : undefined;
  return { ...results, collected: collected?.ids ?? null, ...(dealt === undefined ? {} : { dealt }) };
}

/** With advice where SQLAlchemy found no driver. */
function brokenDown(run: SuiteRun, ended: EndedProcess): UnavailableError {
  const error = couldNotRun(run, ended);
  const [own = {}] = Object.values(run.workerEnvironments);
  const urls = Object.entries(own).filter(([, value]) => value.startsWith("postgresql://"));
  const hint = sqlAlchemyDriverHint(run.suite.name, ended.reported.sqlAlchemyWithoutDriver, {
    text: ended.tail,
    variables: Object.fromEntries(urls.map(([name]) => [name, "postgresql"])),
  });
  return hint === null ? error : new UnavailableError(`${error.message}\n${hint}`);
}

/** Coverage from coverage.py, including unloaded and excluded files; null where it wrote none. */
async function readCoverage(run: SuiteRun, ended: EndedProcess): Promise<readonly LcovInput[] | null> {
  const base = ended.reported.directory ?? run.directory;
  const loaded = await lcovInput(lcovFile(run), base);
  const unloaded = await lcovInput(`${lcovFile(run)}.unloaded`, base);
  return loaded && [...loaded, ...(unloaded ?? [])];
}

/** What a process collected before it chose its share, of its shard where it is one's. */
interface Collected {
  readonly ids: readonly string[];
  /** The files of all shards, and of this one; missing where there are no shards. */
  readonly files?: readonly string[];
  readonly own?: readonly string[];
  /** A digest of the ids of all tests. */
  readonly tests?: string;
}

/** What a process collected; null where it did not get that far. */
async function readCollected(run: SuiteRun): Promise<Collected | null> {
  const text = await readFile(collectedFile(run), "utf8").catch(() => null);
  return text === null ? null : JSON.parse(text);
}

/** pytest lists a test twice that failed and failed again in its teardown, or that passed before its worker died. */
function oneEntryEach(cases: readonly TestCase[]): TestCase[] {
  const byTest = new Map<string, TestCase>();
  for (const test of cases) {
    const id = `${test.file}\n${test.classname}\n${test.name}`;
    const known = byTest.get(id);
    const seconds = test.seconds + (known?.seconds ?? 0);
    byTest.set(id, { ...(known !== undefined && isBad(known) ? known : test), seconds });
  }
  return [...byTest.values()];
}

const differentCollections = "Different tests were collected";

/** xdist stops where its workers collected different tests, usually because an id differs by worker. */
function differentTests(run: SuiteRun, { details }: TestCase): CollectionMismatchError {
  const difference = details.split("\n").filter((line) => /^[+-](?![+-])/.test(line));
  return new CollectionMismatchError(
    `${run.suite.name}: the workers collected different tests, so none ran. ${collectionMismatchAdvice}\n${difference.slice(0, 6).join("\n")}`,
  );
}

const crash = /^\s*worker '(gw\d+)' crashed while running '(.*)'/;

const mapper: TestCaseMapper = {
  hasAdapter: true,
  idOf: (test) => test.properties.get("verify_id") ?? crash.exec(test.details)?.[2] ?? test.name,
  // An inherited or imported test is defined in another file than the one that ran.
  fileOf: (test) =>
    ranIn(test)?.file ?? (test.file || (crash.exec(test.details)?.[2]?.split("::")[0] ?? uncollectedFile(test))),
  nameOf: (test) => {
    const ran = ranIn(test);
    if (ran !== null) return [...ran.classes, test.name].join("::");
    const crashed = crash.exec(test.details)?.[2];
    if (crashed) return crashed.split("::").slice(1).join("::") || crashed;
    const inFile = test.file.replace(/\.py$/, "").replaceAll("/", ".");
    const classes = test.classname.startsWith(`${inFile}.`) ? test.classname.slice(inFile.length + 1) : "";
    return [...classes.split(".").filter(Boolean), test.name].join("::");
  },
  workerOf: (test) => test.properties.get("verify_worker") ?? crash.exec(test.details)?.[1],
  kindOf: (test) => {
    if (crash.test(test.details)) return "crash";
    if (/^(?:failed on (?:setup|teardown) with ")?(?:Failed: )?Timeout \(?>[\d.]+s/.test(test.message))
      return "timeout";
    return test.message === "collection failure" ? "collection" : "failure";
  },
  messageOf: (test) => {
    // pytest marks the assertion lines with an E.
    const explained = test.details.split("\n").filter((line) => /^E( |$)/.test(line));
    const text =
      explained.length > 0 ? explained.map((line) => line.slice(4)).join("\n") : test.message || test.details;
    return text.trim();
  },
};

/** The file and classes under which pytest ran a test; null where it never ran. */
function ranIn({ properties }: TestCase): { readonly file: string; readonly classes: readonly string[] } | null {
  const [, file, rest] = /^(.*?)::(.*)$/s.exec(properties.get("verify_id") ?? "") ?? [];
  if (file === undefined || rest === undefined) return null;
  // Parameters follow the first bracket and may contain anything.
  return { file, classes: rest.replace(/\[.*$/s, "").split("::").slice(0, -1) };
}

/** An uncollected file is named by its module, `tests.test_ledger`. */
function uncollectedFile(test: TestCase): string {
  return `${(test.classname || test.name).replaceAll(".", "/")}.py`;
}

function refuseMissingParts(run: SuiteRun, ended: EndedProcess): void {
  const missing = [...ended.reported.missing];
  if (ended.reported.root === null && missing.length === 0) {
    const noPytest =
      ended.exitCode === 127 ||
      /No module named (?:pytest|'pytest')(?![\w'.])|pytest: (command )?not found/.test(ended.tail);
    if (noPytest) missing.push("pytest", workersPackage, "pytest-cov");
  }
  if (missing.length === 0) return;
  const Kind = missing.every((name) => name === workersPackage) ? NoWorkersError : UnavailableError;
  throw new Kind(
    `${run.suite.name}: ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not installed where \`${run.suite.command}\` runs. Install with: ${additionText(addPythonPackages(run, missing))}`,
  );
}

/** Throws UnavailableError where pytest did not get our environment: its workers would share a database. */
function refuseOtherEnvironment({ suite }: SuiteRun, { reported, tail }: EndedProcess): void {
  const [refusal] = reported.refusals;
  if (refusal !== undefined) {
    const advice = refusal.includes("PYTEST_ADDOPTS")
      ? ` Put what \`${suite.command}\` says there on the command line, or in addopts of pytest's configuration.`
      : "";
    throw new RequestError(`${suite.name}: ${refusal}.${advice}`);
  }
  const ranWithoutUs = /^=* ?(?:\d+ \w+, )*\d+ (?:passed|failed|errors?|skipped)\b.* in [\d.]+s/m.test(tail);
  const lostPath = new RegExp(`Error importing plugin "${plugin}"|No module named '${plugin}'`).test(tail);
  if (reported.connectedRunners > 0 || !(ranWithoutUs || lostPath)) return;
  throw new UnavailableError(
    `${suite.name}: pytest ran without what was added to it: does \`${suite.command}\` replace the environment? Let it pass PYTEST_*, PYTHONPATH, COVERAGE_* and VERIFY_* on (tox: pass_env), or give the command that it runs.`,
  );
}
