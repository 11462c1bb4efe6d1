import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { glob } from "tinyglobby";
import { withScripts } from "../../project/package-script.ts";
import { RequestError } from "../../shared/errors.ts";
import { adapterPath } from "../../shared/paths.ts";
import { escapedForPattern } from "../../shared/patterns.ts";
import { keepingNodeOptions, withArguments } from "../../shared/shell.ts";
import { readReportedTests, reporterMapper } from "../results/reported-tests.ts";
import { couldNotRun, diedInTest, resultsOf } from "../results/results.ts";
import { listingOutput } from "./listing.ts";
import { parseNodeCommand, writeNodeCommand } from "./node-command.ts";
import { coverageEnvironment, withNodeCoverage } from "./node-coverage.ts";
import { endsFile, withEarlyEnds } from "./node-ends.ts";
import { schemaEnvironment, tracedEnvironment, traceFile, withPreload } from "./preload.ts";
import type { EndedProcess, Invocation, ListingRequest, Runner, SuiteRun, TestResults } from "./runner.ts";

/**
 * node:test. Each test file runs in its own process, which leases the database of a free worker, so there are never
 * more at once than workers. The number of processes can only be set on node's command line.
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
  const environment = await tracedEnvironment(run, schemaEnvironment(run), "node/trace.mjs");
  const own = run.leaseSocket === null ? run.workerEnvironments.master : { VERIFY_LEASES: run.leaseSocket };
  return {
    command: withArguments(keepingNodeOptions(commandOf(run)), run.arguments),
    environment: {
      ...environment,
      ...run.coordinatorEnvironment,
      ...own,
      ...coverageEnvironment(run),
      NODE_OPTIONS: [withPreload(environment, "node/preload.mjs"), ...addedOptions(run)].join(" "),
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
  // A step of a test (▸, written by adapters/node/reporter.mjs) runs with its test.
  const titles = selection.tests.flatMap(({ id }) => (id.split(" › ").at(-1) ?? id).split(" ▸ "));
  return writeNodeCommand(
    parsed,
    [...more, ...titles.map((title) => `--test-name-pattern=^${escapedForPattern(title)}$`)],
    files,
  );
}

/** The thresholds of the whole do not apply to a share. */
function withoutThresholds(command: string): string {
  return command.replace(/\s--test-coverage-(lines|branches|functions)[=\s]\s*\d+/g, "");
}

/**
 * node allows several reporters, each with a destination. If the user names no reporter, node's default must be added
 * explicitly; if the user names one without a destination, it keeps stdout.
 */
function addedOptions(run: SuiteRun): string[] {
  const reporter = pathToFileURL(adapterPath("node/reporter.mjs")).href;
  const script = withScripts(run.suite.command, run.directory).join(" ");
  const hasReporter = /--test-reporter(?!-)/.test(script);
  const hasDestination = /--test-reporter-destination\b/.test(script);
  const shown = [
    ...(hasReporter ? [] : ["--test-reporter=spec"]),
    ...(hasDestination ? [] : ["--test-reporter-destination=stdout"]),
  ];
  return [
    `--test-reporter=${reporter}`,
    // Our reporter writes its own file, but node requires a destination that can be flushed.
    `--test-reporter-destination="${join(run.scratch, "reporter")}"`,
    ...shown,
  ];
}

function workersAskedFor(command: string): number | null {
  const asked = /\s--test-concurrency[=\s]\s*(\d+)(?=\s|$)/.exec(command)?.[1];
  return asked === undefined ? null : Math.max(1, Number(asked));
}

/** node's default test patterns, by the extensions that it can load. */
const defaultPatterns = (endings: string): string[] =>
  ["**/*{.,-,_}test", "**/test-*", "**/test", "**/test/**/*"].map((pattern) => `${pattern}.${endings}`);

/** The files that the command names, or node's default. */
async function listFiles(request: ListingRequest): Promise<readonly string[]> {
  const { suite, directory } = request;
  const parsed = parseNodeCommand(suite.command);
  if (parsed === null) {
    throw new RequestError(
      `${suite.name}: to share its files out, "command" must call \`node --test\` itself; \`${suite.command}\` hides it.`,
    );
  }
  // Only a node that strips types looks for TypeScript tests.
  const asked = `${parsed.head.replace(/\s--test$/, "")} -p "process.features.typescript || ''"`;
  const stripsTypes = async (): Promise<boolean> =>
    /(strip|transform)\s*$/.test(await listingOutput({ ...request, command: asked }));
  const patterns =
    parsed.patterns.length > 0
      ? parsed.patterns
      : defaultPatterns((await stripsTypes()) ? "{js,cjs,mjs,ts,cts,mts}" : "{js,cjs,mjs}");
  return await glob(patterns, { cwd: directory, absolute: true, ignore: ["**/node_modules/**"] });
}

async function collect(run: SuiteRun, ended: EndedProcess): Promise<TestResults> {
  const cases = await readReportedTests(resultsFile(run));
  if (cases === null && !ended.timedOut && !diedInTest(ended)) throw couldNotRun(run, ended);
  const isTimeout = (message: string): boolean => /test timed out after \d+ms|^test timed out/.test(message);
  const tests = await withEarlyEnds(run, ended, cases ?? []);
  const results = await withNodeCoverage(run, resultsOf(run, ended, tests, reporterMapper(ended, isTimeout), null));
  return run.tracing ? { ...results, trace: traceFile(run) } : results;
}
