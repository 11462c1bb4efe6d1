import { realpathSync } from "node:fs";
import { access } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import { runnerFacts } from "../../config/runner-facts.ts";
import type { SuiteConfig } from "../../config/schema.ts";
import type { LcovInput } from "../../coverage/lcov/merge.ts";
import type { Failure, FailureKind, TestCounts } from "../../model/summary.ts";
import { UnavailableError } from "../../shared/errors.ts";
import { formatSeconds, listed, plural } from "../../shared/text.ts";
import type { KeptAlive } from "../progress/facts.ts";
import type { EndedProcess, SuiteRun, TestResults } from "../runners/runner.ts";
import { contradictionReasons, type JunitResults, type TestCase } from "./junit.ts";
import { loadError } from "./load-error.ts";

/** Maps a runner's test cases to ours. */
export interface TestCaseMapper {
  /**
   * Whether our adapter runs inside of the runner. If it does and never connects, the runner did not get our additions.
   */
  readonly hasAdapter: boolean;
  /** The file of a test, as the runner names it, or absolute. */
  fileOf(test: TestCase): string;
  /** The id by which the runner selects the test; defaults to the name. */
  idOf?(test: TestCase): string;
  /** The name that readers know. */
  nameOf(test: TestCase): string;
  workerOf(test: TestCase): string | undefined;
  kindOf(test: TestCase): FailureKind;
  /** The most useful part of the message: the assertion and its difference, not the whole traceback. */
  messageOf(test: TestCase): string;
}

/** Combines the test cases and reports of a run into results. */
export function resultsOf(
  run: SuiteRun,
  ended: EndedProcess,
  tests: readonly TestCase[],
  mapper: TestCaseMapper,
  coverage: readonly LcovInput[] | null,
): TestResults {
  const root = ended.reported.root ?? run.directory;
  const inCheckout = (file: string): string => reportedFile(run.checkoutRoot, root, file);
  // A result for a whole file has the file's path as its title.
  const titled = (file: string, title: string): string => (isAbsolute(title) ? file : title);
  const identified = (test: TestCase): { readonly file: string; readonly id: string } => {
    const file = inCheckout(mapper.fileOf(test));
    return { file, id: titled(file, (mapper.idOf ?? mapper.nameOf)(test)) };
  };
  const bad = tests.filter(isBad).length;
  const failures: Failure[] = tests.filter(isBad).map((test) => {
    const { file, id } = identified(test);
    const kind = mapper.kindOf(test);
    const isFile = kind === "collection" && file !== "";
    const message = mapper.messageOf(test);
    return {
      file,
      id,
      name: isFile ? file : titled(file, mapper.nameOf(test)),
      message: isFile ? loadError(message, run.checkoutRoot) : message,
      worker: mapper.workerOf(test),
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
    worker: mapper.workerOf(test),
  }));
  return {
    tests: counts,
    ran,
    files: new Set(tests.map(mapper.fileOf)).size,
    workSeconds: tests.reduce((sum, test) => sum + test.seconds, 0),
    failures,
    coverage,
    measuring: ended.reported.measuring,
    foreign: ended.reported.foreign,
    leftOut: leftOut(run, ended, counts.total),
    reasons: reasonsOf(run, ended, counts, mapper),
  };
}

/** Adds contradictions in what our own runner wrote, where there is no other failure or reason. */
export function withContradictions(
  { suite }: SuiteRun,
  results: TestResults,
  written: JunitResults | null,
): TestResults {
  if (written === null || results.tests.failed > 0 || results.reasons.length > 0) return results;
  return { ...results, reasons: contradictionReasons(`The results of ${suite.name}`, written) };
}

/** A failure for the last test that each worker began, where the suite timed out. */
function timeouts(
  { suite }: SuiteRun,
  { timedOut, seconds, reported }: EndedProcess,
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
 * Whether the process died inside of a test, before it could write results. Code that calls process.exit() or
 * os._exit() may give any exit code, including 0.
 */
export function diedInTest({ timedOut, reported }: EndedProcess): boolean {
  return !timedOut && reported.connectedRunners > 0 && reported.status === null && reported.lastTests.length > 0;
}

function crashes(ended: EndedProcess, inCheckout: (file: string) => string): Failure[] {
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

/** How a process ended by itself, for a sentence; a shell reports signals as codes above 128. */
function exitWords({ exitCode }: EndedProcess): string {
  return exitCode === null || exitCode > 128 ? "" : ` itself, with code ${exitCode},`;
}

/** Whether a test failed. */
export function isBad(test: TestCase): boolean {
  return test.outcome === "failed" || test.outcome === "error";
}

/** Reasons other than failed tests why the run does not count. */
function reasonsOf(
  run: SuiteRun,
  ended: EndedProcess,
  counts: TestResults["tests"],
  { hasAdapter }: TestCaseMapper,
): string[] {
  const { name, command } = run.suite;
  const { keptAlive } = ended.reported;
  if (keptAlive !== null && (keptAlive.isEnded || ended.timedOut)) return [keptAliveReason(run, keptAlive)];
  if (ended.timedOut) {
    const last = [...ended.reported.lastFiles].map(([worker, file]) => `${worker} in ${file}`).join(", ");
    return [`${name} was ended after its timeout.${last ? ` Last seen: ${last}.` : ""}`];
  }
  // Whether any test ran is checked for the whole suite: one share may hold only skipped tests.
  if (counts.total === 0) return [];
  if (hasAdapter && ended.reported.connectedRunners === 0) {
    return [
      `${name} ran without what was added to it, so its workers had no databases of their own: does \`${command}\` replace the environment?`,
    ];
  }
  if (ended.reported.connectedRunners > 1) {
    return [
      `${name} starts its runner ${ended.reported.connectedRunners} times, and only the last can be judged: make each a suite of its own.`,
    ];
  }
  if (ended.reported.failed > counts.failed) {
    return [
      `${name} reported ${plural(ended.reported.failed, "failed test")} while it ran, but its results say ${counts.failed}: see its log.`,
    ];
  }
  const { focused } = ended.reported;
  if (focused.length > 0) {
    const files = listed(focused, 3, (file) => reportedFile(run.checkoutRoot, ended.reported.root, file), "file");
    return [`${name} has focused tests (.only), which keep others from being run: ${files.join(", ")}.`];
  }
  const [error] = ended.reported.errors;
  if (error !== undefined) {
    const more = ended.reported.errors.length > 1 ? ` (and ${ended.reported.errors.length - 1} more)` : "";
    return [`${name} had an error outside of any test${more}: ${error}`];
  }
  // A pipe after the command may hide the runner's own exit code.
  const status = hasAdapter && ended.exitCode === 0 ? ended.reported.status : ended.exitCode;
  if (counts.failed === 0 && status !== 0) {
    const how = status === null ? "did not finish" : `exited with ${status}`;
    return [`${name}: \`${command}\` ${how} although no test failed. Last output: ${lastOutput(ended.tail, 3)}`];
  }
  return [];
}

/** Why a suite does not count whose tests are over but whose process did not end. */
function keptAliveReason({ suite: { name, runner } }: SuiteRun, { by }: KeptAlive): string {
  const what =
    by.length === 0
      ? "something keeps its process alive"
      : `${by.join(", ")} ${by.length === 1 ? "keeps" : "keep"} its process alive`;
  const { endingOption } = runnerFacts[runner];
  return `The tests of ${name} are over, and its runner did not end: ${what}. Close it after the tests${endingOption === null ? "" : `, or end the runner with \`${endingOption}\``}.`;
}

/** Whatever hands tests out must hand out all of them: what stops a run, from within or at a failure, leaves the rest open. */
function leftOut(
  { suite: { name, command } }: SuiteRun,
  { reported, timedOut }: EndedProcess,
  total: number,
): string | null {
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

/** Why a suite without a test that ran proves nothing, a sentence; null where a test ran. */
export function nothingRan({ name, command }: SuiteConfig, { total, passed, failed }: TestCounts): string | null {
  if (total === 0) return `${name} collected no tests: \`${command}\` found nothing to run.`;
  return passed + failed > 0 ? null : `${name} ran no test: all ${plural(total, "test")} were skipped.`;
}

/** The error for a suite without any result: its last output. */
export function couldNotRun(run: SuiteRun, ended: EndedProcess): UnavailableError {
  const how = ended.exitCode === null ? "was killed" : `exited with ${ended.exitCode}`;
  return new UnavailableError(
    `${run.suite.name}: \`${run.suite.command}\` ${how} before it could report any test. Last output:\n${lastOutput(ended.tail, 15)}`,
  );
}

/** The last lines of an output, for a sentence. */
export function lastOutput(tail: string, lines: number): string {
  const said = tail.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("JUNIT report written"));
  // For an internal error pytest prints the whole stack with this prefix; the error itself is at its end.
  const internal = said.filter((line) => /^INTERNALERROR> [^\s~^]/.test(line) && !line.includes("Traceback (most"));
  const kept = internal.length > 0 ? internal.map((line) => line.replace("INTERNALERROR> ", "")) : said;
  return kept.length === 0 ? "(it printed nothing)" : kept.slice(-lines).join("\n");
}

/**
 * A file name that the runner reported, as a path relative to the checkout. Relative names are resolved against the
 * runner's root, or the checkout's where it reported none.
 */
export function reportedFile(checkoutRoot: string, root: string | null, file: string): string {
  return toCheckout(checkoutRoot, isAbsolute(file) ? file : join(root ?? checkoutRoot, file));
}

/** A test's name without the leading file name that pytest gives it. */
export function nameInFile(file: string, name: string): string {
  return name.startsWith(`${file}::`) ? name.slice(file.length + 2) : name;
}

/** A file's path relative to the checkout; resolves links where the runner did. */
function toCheckout(checkoutRoot: string, file: string): string {
  const direct = relative(checkoutRoot, file);
  if (!direct.startsWith("..")) return direct;
  try {
    const resolved = relative(realpathSync(checkoutRoot), realpathSync(file));
    return resolved.startsWith("..") ? file : resolved;
  } catch {
    return file;
  }
}

/** The LCOV file of a run, with the absolute directory its names are relative to; null where there is none. */
export async function lcovInput(path: string, base: string): Promise<readonly LcovInput[] | null> {
  return await access(path).then(
    () => [{ path, base }],
    () => null,
  );
}
