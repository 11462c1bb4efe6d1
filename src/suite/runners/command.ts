import { chmod, mkdir, writeFile } from "node:fs/promises";
import { delimiter, join, relative } from "node:path";
import { messageOf } from "../../shared/errors.ts";
import { packageRoot } from "../../shared/paths.ts";
import { quote, withArguments } from "../../shared/shell.ts";
import { listed } from "../../shared/text.ts";
import type { Environment } from "../../shared/world.ts";
import { contradictionReasons, readJunit, type TestCase } from "../results/junit.ts";
import { lastOutput, resultsOf, type TestCaseMapper } from "../results/results.ts";
import { type FilesBefore, filesBefore, writtenSince } from "./fresh-files.ts";
import type { EndedProcess, Invocation, Runner, SuiteRun, TestResults } from "./runner.ts";

/**
 * Any program that writes JUnit XML and LCOV to configured paths. It is one process on the base database; with several
 * workers, its processes lease databases with `verify exec`.
 */
export const command: Runner = {
  name: "command",
  invocation,
  workersAskedFor: () => null,
  whyProcesses: () => null,
  listFiles: null,
  selectsTests: () => false,
  keepsOrder: false,
  leasing: "as configured",
  needs: {
    from: "nowhere",
    describe: ({ command: words, results }) => `\`${words}\`, which writes ${results.join(", ")}`,
  },
  collect,
};

/** The files that existed before each run, for `collect`. */
const before = new WeakMap<SuiteRun, FilesBefore>();

async function invocation(run: SuiteRun): Promise<Invocation> {
  const { results, coverage, command } = run.suite;
  before.set(run, await filesBefore(run.directory, [...results, ...coverage]));
  return {
    command: withArguments(command, run.arguments),
    environment: { ...(await withOurProgram(run)), ...databaseVariables(run) },
  };
}

function databaseVariables(run: SuiteRun): Environment {
  if (run.leaseSocket !== null) return { ...run.coordinatorEnvironment, VERIFY_LEASES: run.leaseSocket };
  return run.workerEnvironments.master ?? run.coordinatorEnvironment;
}

/**
 * Adds this program's directory to the end of PATH, so that `verify exec` is found in a repository that does not
 * install it, without hiding the project's programs.
 */
async function withOurProgram({ scratch, environment }: SuiteRun): Promise<Environment> {
  const directory = join(scratch, "bin");
  await mkdir(directory, { recursive: true });
  const main = join(packageRoot, "dist", "main.js");
  for (const name of ["verify", "pushproof"]) {
    const path = join(directory, name);
    await writeFile(path, `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(main)} "$@"\n`);
    await chmod(path, 0o755);
  }
  return { ...environment, PATH: [environment.PATH, directory].filter(Boolean).join(delimiter) };
}

async function collect(run: SuiteRun, ended: EndedProcess): Promise<TestResults> {
  const { name, results, coverage } = run.suite;
  const files = before.get(run);
  if (files === undefined) throw new Error(`${name} was not invoked`);
  const [written, measured] = await Promise.all([writtenSince(files, results), writtenSince(files, coverage)]);
  const { cases, problems } = await readAll(run, written.files);
  const inputs = measured.files.map((path) => ({ path, base: run.directory }));
  const found = resultsOf(run, ended, cases, mapper, inputs.length === 0 ? null : inputs);
  const missing = written.missed.length > 0 && !ended.timedOut;
  const reasons = [
    ...(missing ? [missingReason(run, "results", written, ended)] : []),
    ...problems,
    // Without results there are no tests; one reason is enough.
    ...(missing && cases.length === 0 ? [] : found.reasons),
    ...(measured.missed.length > 0 && !missing && !ended.timedOut
      ? [missingReason(run, "coverage", measured, ended)]
      : []),
  ];
  return { ...found, reasons };
}

/** The tests of all files, and a sentence for each file that is unreadable or contradicts itself. */
async function readAll(
  run: SuiteRun,
  paths: readonly string[],
): Promise<{ cases: readonly TestCase[]; problems: readonly string[] }> {
  const cases: TestCase[] = [];
  const problems: string[] = [];
  for (const path of paths) {
    const file = relative(run.checkoutRoot, path);
    try {
      const results = await readJunit(path);
      cases.push(...results.cases);
      problems.push(...contradictionReasons(`The results of ${run.suite.name} in ${file}`, results));
    } catch (error) {
      const [why = ""] = messageOf(error).split("\n");
      problems.push(`${run.suite.name} wrote results that cannot be read: ${file}: ${why.replace(/\.+$/, "")}.`);
    }
  }
  return { cases, problems };
}

function missingReason(
  { suite, directory }: SuiteRun,
  what: "results" | "coverage",
  { missed, stale }: { readonly missed: readonly string[]; readonly stale: readonly string[] },
  ended: EndedProcess,
): string {
  const old = listed(stale, 3, (path) => relative(directory, path), "file").join(", ");
  const left = stale.length === 0 ? "" : ` What was there before the run does not count: ${old}.`;
  const how = ended.exitCode === null ? "was killed" : `exited with ${ended.exitCode}`;
  return `${suite.name} wrote no ${what} that match ${missed.join(", ")}: \`${suite.command}\` ${how}.${left} Last output: ${lastOutput(ended.tail, 3)}`;
}

const mapper: TestCaseMapper = {
  hasAdapter: false,
  fileOf: (test) => test.file || test.classname,
  nameOf: (test) => test.name,
  workerOf: () => undefined,
  kindOf: () => "failure",
  messageOf: ({ message, details }) => {
    // Some writers put one word in the message and everything else in the text.
    const text = details.includes(message) ? details : `${message}\n${details}`;
    return text.trim();
  },
};
