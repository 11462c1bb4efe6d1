import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { filesUnder } from "../../project/checkout-files.ts";
import { pytestFiles, pytestSettings } from "../../project/pytest-configuration.ts";
import { adapterPath } from "../../shared/paths.ts";
import { quote, withArguments } from "../../shared/shell.ts";
import type { Environment } from "../../shared/world.ts";
import { usableWorkers } from "../schedule/worker-count.ts";
import {
  collectedFile,
  durationsFile,
  junitFile,
  lcovFile,
  plugin,
  selectionFile,
  traceDirectory,
  workersPackage,
} from "./pytest-files.ts";
import { collect } from "./pytest-results.ts";
import type { Invocation, Runner, SuiteRun } from "./runner.ts";
import { writeSourceFiles } from "./source-files.ts";

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
