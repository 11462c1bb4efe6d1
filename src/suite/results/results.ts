import { realpathSync } from "node:fs";
import { access } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import type { RunnerName, SuiteConfig } from "../../config/schema.ts";
import type { LcovInput } from "../../coverage/lcov/merge.ts";
import type { Failure, FailureKind, TestCounts } from "../../model/summary.ts";
import { UnavailableError } from "../../shared/errors.ts";
import { formatSeconds, listed, plural } from "../../shared/text.ts";
import type { KeptAlive } from "../progress/listen.ts";
import type { Ended, SuiteRun, TestResults } from "../runners/runner.ts";
import { contradictionReasons, type JunitResults, type TestCase } from "./junit.ts";
import { loadError } from "./load-error.ts";

/** How a runner writes its results, where runners differ. */
export interface Dialect {
  /** Whether something of ours runs in it and speaks while it does; where that is silent, nothing was added to the runner. */
  readonly hasAdapter: boolean;
  /** The file of a test, as the runner names it, or absolute. */
  fileOf(test: TestCase): string;
  /** What the runner selects the test by; left out where that is its name. */
  idOf?(test: TestCase): string;
  /** What a reader knows the test by. */
  nameOf(test: TestCase): string;
  workerOf(test: TestCase): string | undefined;
  kindOf(test: TestCase): FailureKind;
  /** What tells the reader most: the assertion and its difference, not the whole traceback. */
  messageOf(test: TestCase): string;
}

/** Puts the tests of a run together. */
export function resultsOf(
  run: SuiteRun,
  ended: Ended,
  tests: readonly TestCase[],
  dialect: Dialect,
  coverage: readonly LcovInput[] | null,
): TestResults {
  const root = ended.reported.root ?? run.directory;
  const inCheckout = (file: string): string => toldFile(run.checkoutRoot, root, file);
  // What is told of a file as a whole bears its path.
  const titled = (file: string, title: string): string => (isAbsolute(title) ? file : title);
  const identified = (test: TestCase): { readonly file: string; readonly id: string } => {
    const file = inCheckout(dialect.fileOf(test));
    return { file, id: titled(file, (dialect.idOf ?? dialect.nameOf)(test)) };
  };
  const bad = tests.filter(isBad).length;
  const failures: Failure[] = tests.filter(isBad).map((test) => {
    const { file, id } = identified(test);
    const kind = dialect.kindOf(test);
    const isFile = kind === "collection" && file !== "";
    const message = dialect.messageOf(test);
    return {
      file,
      id,
      name: isFile ? file : titled(file, dialect.nameOf(test)),
      message: isFile ? loadError(message, run.checkoutRoot) : message,
      worker: dialect.workerOf(test),
      kind,
    };
  });
  failures.push(...timeouts(run, ended, inCheckout), ...crashes(ended, inCheckout));
  const skipped = tests.filter((test) => test.outcome === "skipped").length;
  const counts = {
    total: tests.length + failures.length - bad,
    passed: tests.length - skipped - bad,
    failed: failures.length,
    skipped,
  };
  const ran = tests.map((test) => ({
    ...identified(test),
    seconds: test.seconds,
    outcome: test.outcome,
    worker: dialect.workerOf(test),
  }));
  return {
    tests: counts,
    ran,
    files: new Set(tests.map(dialect.fileOf)).size,
    workSeconds: tests.reduce((sum, test) => sum + test.seconds, 0),
    failures,
    coverage,
    measuring: ended.reported.measuring,
    foreign: ended.reported.foreign,
    leftOut: leftOut(run, ended, counts.total),
    reasons: reasonsOf(run, ended, counts, dialect),
  };
}

/** The results of a runner of ours, where what it wrote contradicts itself and nothing else speaks against them. */
export function withContradictions(
  { suite }: SuiteRun,
  results: TestResults,
  written: JunitResults | null,
): TestResults {
  if (written === null || results.tests.failed > 0 || results.reasons.length > 0) return results;
  return { ...results, reasons: contradictionReasons(`The results of ${suite.name}`, written) };
}

/** The tests in which a suite's workers were when its time was over: the last that each of them began. */
function timeouts(
  { suite }: SuiteRun,
  { timedOut, seconds, reported }: Ended,
  inCheckout: (file: string) => string,
): Failure[] {
  if (!timedOut || reported.keptAlive !== null) return [];
  return reported.lastTests.map(({ worker, file, name }) => ({
    file: inCheckout(file),
    name,
    message: `${suite.name} was ended after ${formatSeconds(seconds)}; this is the last test that ${worker ?? "it"} began.`,
    worker,
    kind: "timeout",
  }));
}

/**
 * Whether a runner that ran its tests itself ended in one of them, so that it could write no results. Whatever ends it from
 * within, as process.exit() and os._exit() do, may give any code, 0 as well.
 */
export function diedInTest({ timedOut, reported }: Ended): boolean {
  return !timedOut && reported.hellos > 0 && reported.status === null && reported.lastTests.length > 0;
}

function crashes(ended: Ended, inCheckout: (file: string) => string): Failure[] {
  if (!diedInTest(ended)) return [];
  return ended.reported.lastTests.map(({ worker, file, name, isOver }) => ({
    file: inCheckout(file),
    name,
    message: isOver
      ? `The process ended${exitWords(ended)} after this test, the last that was begun: see its log.`
      : `The process ended${exitWords(ended)} before the test did.`,
    worker,
    kind: "crash",
  }));
}

/** How a process ended by itself, for a sentence; a shell tells of a signal by a code above 128. */
function exitWords({ exitCode }: Ended): string {
  return exitCode === null || exitCode > 128 ? "" : ` itself, with code ${exitCode},`;
}

/** Whether a test speaks against the suite. */
export function isBad(test: TestCase): boolean {
  return test.outcome === "failed" || test.outcome === "error";
}

/** What makes the run not count although, or beside that, its tests say something else. */
function reasonsOf(run: SuiteRun, ended: Ended, counts: TestResults["tests"], { hasAdapter }: Dialect): string[] {
  const { name, command } = run.suite;
  const { keptAlive } = ended.reported;
  if (keptAlive !== null && (keptAlive.isEnded || ended.timedOut)) return [keptAliveReason(run, keptAlive)];
  if (ended.timedOut) {
    const last = [...ended.reported.lastFiles].map(([worker, file]) => `${worker} in ${file}`).join(", ");
    return [`${name} was ended after its timeout.${last ? ` Last seen: ${last}.` : ""}`];
  }
  // Whether anything ran at all is asked of the whole suite: a share may hold skipped tests alone.
  if (counts.total === 0) return [];
  if (hasAdapter && ended.reported.hellos === 0) {
    return [
      `${name} ran without what was added to it, so its workers had no databases of their own: does \`${command}\` replace the environment?`,
    ];
  }
  if (ended.reported.hellos > 1) {
    return [
      `${name} starts its runner ${ended.reported.hellos} times, and only the last can be judged: make each a suite of its own.`,
    ];
  }
  if (ended.reported.failed > counts.failed) {
    return [
      `${name} reported ${plural(ended.reported.failed, "failed test")} while it ran, but its results say ${counts.failed}: see its log.`,
    ];
  }
  const { focused } = ended.reported;
  if (focused.length > 0) {
    const files = listed(focused, 3, (file) => toldFile(run.checkoutRoot, ended.reported.root, file), "file");
    return [`${name} has focused tests (.only), which keep others from being run: ${files.join(", ")}.`];
  }
  const [error] = ended.reported.errors;
  if (error !== undefined) {
    const more = ended.reported.errors.length > 1 ? ` (and ${ended.reported.errors.length - 1} more)` : "";
    return [`${name} had an error outside of any test${more}: ${error}`];
  }
  // A pipe behind the command may hide the runner's own exit code.
  const status = hasAdapter && ended.exitCode === 0 ? ended.reported.status : ended.exitCode;
  if (counts.failed === 0 && status !== 0) {
    const how = status === null ? "did not finish" : `exited with ${status}`;
    return [`${name}: \`${command}\` ${how} although no test failed. Last output: ${lastWords(ended.tail, 3)}`];
  }
  return [];
}

/** Why a suite whose tests are over does not count: what comes after them never ended. */
function keptAliveReason({ suite: { name, runner } }: SuiteRun, { by }: KeptAlive): string {
  const what =
    by.length === 0
      ? "something keeps its process alive"
      : `${by.join(", ")} ${by.length === 1 ? "keeps" : "keep"} its process alive`;
  const word = endingWords[runner];
  return `The tests of ${name} are over, and its runner did not end: ${what}. Close it after the tests${word ? `, or end the runner with ${word}` : ""}.`;
}

/** What has a runner end though something is left open. */
const endingWords: Partial<Record<RunnerName, string>> = {
  mocha: "`--exit`",
  jest: "`--forceExit`",
  node: "`--test-force-exit`",
};

/** Whatever hands tests out must hand out all of them: what stops a run, from within or at a failure, leaves the rest open. */
function leftOut({ suite: { name, command } }: SuiteRun, { reported, timedOut }: Ended, total: number): string | null {
  const { collected, filesLeftOut, stoppedBy } = reported;
  if (timedOut) return null;
  if (stoppedBy !== null) {
    return `${name} stopped at a failure (${stoppedBy}), so nothing after it ran. Take ${stoppedBy} out of its command (\`${command}\`) or its configuration.`;
  }
  if (collected !== null && collected > total)
    return `${name} collected ${plural(collected, "test")} and ran only ${total} of them: see its log.`;
  return filesLeftOut === 0
    ? null
    : `${name} did not run ${plural(filesLeftOut, "test file")} that it should have run: see its log.`;
}

/** Why a suite whose tests are counted proves nothing, a sentence; null where a test ran. */
export function nothingRan({ name, command }: SuiteConfig, { total, passed, failed }: TestCounts): string | null {
  if (total === 0) return `${name} collected no tests: \`${command}\` found nothing to run.`;
  return passed + failed > 0 ? null : `${name} ran no test: all ${plural(total, "test")} were skipped.`;
}

/** Why a suite says nothing at all: what it printed last. */
export function couldNotRun(run: SuiteRun, ended: Ended): UnavailableError {
  const how = ended.exitCode === null ? "was killed" : `exited with ${ended.exitCode}`;
  return new UnavailableError(
    `${run.suite.name}: \`${run.suite.command}\` ${how} before it could report any test. Last output:\n${lastWords(ended.tail, 15)}`,
  );
}

/** The last lines of an output, for a sentence. */
export function lastWords(tail: string, lines: number): string {
  const said = tail.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("JUNIT report written"));
  // Of an error of its own pytest prints the whole stack, so marked; the error itself stands at its end.
  const internal = said.filter((line) => /^INTERNALERROR> [^\s~^]/.test(line) && !line.includes("Traceback (most"));
  const kept = internal.length > 0 ? internal.map((line) => line.replace("INTERNALERROR> ", "")) : said;
  return kept.length === 0 ? "(it printed nothing)" : kept.slice(-lines).join("\n");
}

/** The same of a file as a runner names it: absolute, or relative to its root; the checkout's where it never told one. */
export function toldFile(checkoutRoot: string, root: string | null, file: string): string {
  return toCheckout(checkoutRoot, isAbsolute(file) ? file : join(root ?? checkoutRoot, file));
}

/** A test's name without the file that pytest's begins with. */
export function nameInFile(file: string, name: string): string {
  return name.startsWith(`${file}::`) ? name.slice(file.length + 2) : name;
}

/** A file's path relative to the checkout, with links resolved where the runner resolved them. */
export function toCheckout(checkoutRoot: string, file: string): string {
  const direct = relative(checkoutRoot, file);
  if (!direct.startsWith("..")) return direct;
  try {
    const resolved = relative(realpathSync(checkoutRoot), realpathSync(file));
    return resolved.startsWith("..") ? file : resolved;
  } catch {
    return file;
  }
}

/** The LCOV file that a run wrote, with the absolute directory its names are relative to; null where it wrote none. */
export async function lcovInput(path: string, base: string): Promise<readonly LcovInput[] | null> {
  return await access(path).then(
    () => [{ path, base }],
    () => null,
  );
}
