import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { glob } from "tinyglobby";
import { withScripts } from "../../project/package-script.ts";
import { RequestError } from "../../shared/errors.ts";
import { adapterPath } from "../../shared/paths.ts";
import { escapedForPattern } from "../../shared/patterns.ts";
import { keepingNodeOptions, withArguments } from "../../shared/shell.ts";
import { couldNotRun, diedInTest, resultsOf } from "../results/results.ts";
import { readToldTests, toldDialect } from "../results/told-tests.ts";
import { outputOf } from "./listing.ts";
import { parseNodeCommand, writeNodeCommand } from "./node-command.ts";
import { coverageEnvironment, withNodeCoverage } from "./node-coverage.ts";
import { endsFile, withEarlyEnds } from "./node-ends.ts";
import type { Ended, Invocation, ListingRequest, Runner, SuiteRun, TestResults } from "./runner.ts";

/**
 * node:test. Each test file has a process of its own, which leases the database of a worker that is free, so that never more
 * run side by side than there are workers. The number of processes can only be said on node's own command line.
 */
export const node: Runner = {
  name: "node",
  invocation,
  workersAskedFor,
  whyProcesses: ({ command }) =>
    /--(experimental-)?test-isolation=none/.test(command)
      ? "--test-isolation=none runs all files in one process"
      : null,
  listFiles,
  selectsTests: ({ command }) => parseNodeCommand(command) !== null,
  keepsOrder: false,
  leasing: "always",
  needs: { from: "nowhere", describe: () => `node:test of Node ${process.versions.node}` },
  collect,
};

const resultsFile = (run: SuiteRun): string => join(run.scratch, "results.json");

async function invocation(run: SuiteRun): Promise<Invocation> {
  const own = run.leaseSocket === null ? run.workerEnvironments.master : { VERIFY_LEASES: run.leaseSocket };
  return {
    command: withArguments(keepingNodeOptions(commandOf(run)), run.arguments),
    environment: {
      ...run.environment,
      ...run.coordinatorEnvironment,
      ...own,
      ...coverageEnvironment(run),
      NODE_OPTIONS: [run.environment.NODE_OPTIONS, ...addedOptions(run)].filter(Boolean).join(" "),
      VERIFY_PROGRESS: run.progressSocket,
      VERIFY_RESULTS: resultsFile(run),
      VERIFY_ENDS: endsFile(run),
    },
  };
}

function commandOf({ suite, selection, workers, checkoutRoot }: SuiteRun): string {
  const parsed = parseNodeCommand(selection === null ? suite.command : withoutThresholds(suite.command));
  if (parsed === null) return suite.command;
  const concurrency = parsed.options.some((word) => word.startsWith("--test-concurrency"));
  const more = concurrency ? [] : [`--test-concurrency=${workers}`];
  if (selection === null) return writeNodeCommand(parsed, more, null);
  if (selection.kind === "share") return writeNodeCommand(parsed, more, selection.files);
  const files = [...new Set(selection.tests.map(({ file }) => join(checkoutRoot, file)))];
  // A step of a test, ▸ as adapters/node-reporter.mjs writes it, is run by that test alone.
  const titles = selection.tests.flatMap(({ id }) => (id.split(" › ").at(-1) ?? id).split(" ▸ "));
  return writeNodeCommand(
    parsed,
    [...more, ...titles.map((title) => `--test-name-pattern=^${escapedForPattern(title)}$`)],
    files,
  );
}

/** A part of the tests is not held to the thresholds of the whole. */
function withoutThresholds(command: string): string {
  return command.replace(/\s--test-coverage-(lines|branches|functions)[=\s]\s*\d+/g, "");
}

/**
 * Reporters add up, and node wants as many destinations. Where the user names no reporter, what node would show by itself has
 * to be named too; where the user names one alone, it goes where it would have gone.
 */
function addedOptions(run: SuiteRun): string[] {
  const reporter = pathToFileURL(adapterPath("node-reporter.mjs")).href;
  const words = withScripts(run.suite.command, run.directory).join(" ");
  const hasReporter = /--test-reporter(?!-)/.test(words);
  const hasDestination = /--test-reporter-destination\b/.test(words);
  const shown = [
    ...(hasReporter ? [] : ["--test-reporter=spec"]),
    ...(hasDestination ? [] : ["--test-reporter-destination=stdout"]),
  ];
  return [
    `--import ${pathToFileURL(adapterPath("node-preload.mjs")).href}`,
    `--test-reporter=${reporter}`,
    // It writes the results by itself, and node wants a destination that can be flushed.
    `--test-reporter-destination="${join(run.scratch, "reporter")}"`,
    ...shown,
  ];
}

function workersAskedFor(command: string): number | null {
  const asked = /\s--test-concurrency[=\s]\s*(\d+)(?=\s|$)/.exec(command)?.[1];
  return asked === undefined ? null : Math.max(1, Number(asked));
}

/** What node runs where it is told no files, by the endings of what it can load. */
const defaultPatterns = (endings: string): string[] =>
  ["**/*{.,-,_}test", "**/test-*", "**/test", "**/test/**/*"].map((pattern) => `${pattern}.${endings}`);

/** The files that the command names, or node's own choice. */
async function listFiles(request: ListingRequest): Promise<readonly string[]> {
  const { suite, directory } = request;
  const parsed = parseNodeCommand(suite.command);
  if (parsed === null) {
    throw new RequestError(
      `${suite.name}: to share its files out, "command" must call \`node --test\` itself; \`${suite.command}\` hides it.`,
    );
  }
  // A node that strips types runs TypeScript by itself, and looks for it.
  const asked = `${parsed.head.replace(/\s--test$/, "")} -p "process.features.typescript || ''"`;
  const stripsTypes = async (): Promise<boolean> =>
    /(strip|transform)\s*$/.test(await outputOf({ ...request, command: asked }));
  const patterns =
    parsed.patterns.length > 0
      ? parsed.patterns
      : defaultPatterns((await stripsTypes()) ? "{js,cjs,mjs,ts,cts,mts}" : "{js,cjs,mjs}");
  return await glob(patterns, { cwd: directory, absolute: true, ignore: ["**/node_modules/**"] });
}

async function collect(run: SuiteRun, ended: Ended): Promise<TestResults> {
  const cases = await readToldTests(resultsFile(run));
  if (cases === null && !ended.timedOut && !diedInTest(ended)) throw couldNotRun(run, ended);
  const isTimeout = (message: string): boolean => /test timed out after \d+ms|^test timed out/.test(message);
  const tests = await withEarlyEnds(run, ended, cases ?? []);
  return await withNodeCoverage(run, resultsOf(run, ended, tests, toldDialect(ended, isTimeout), null));
}
