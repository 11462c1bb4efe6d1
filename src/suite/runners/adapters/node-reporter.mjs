// A reporter of node:test, added beside the user's own: tells the verifier what goes on, a JSON object a line, and writes what
// came of every test as a JSON list into a file of its own, as what it yields is lost where the process ends in between.
import { readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { choices, tellNarrowings } from "./narrowing.mjs";

/**
 * @typedef {{ name: string, nesting: number, file?: string, skip?: unknown, todo?: unknown, details: {
 *   duration_ms: number, type?: string,
 *   error?: Error & { failureType?: string, cause?: any, exitCode?: number | null, signal?: string | null } }, message?: string }} Data
 */

/** @typedef {{ file: string, name: string, id: string, path: string[], outcome: string, kind?: string, seconds: number, message?: string }} Told */

/** How much of what a file prints is kept, in characters. */
const mostPrinted = 20_000;

/** Between a test and a test that it runs as a step of its own (`t.test`), in what a test is selected by. */
const step = " ▸ ";

/** @param {AsyncIterable<{ type: string, data: Data }>} events */
export default async function* report(events) {
  const { VERIFY_PROGRESS: path, VERIFY_RESULTS: results } = process.env;
  const socket = path ? createConnection(path) : null;
  // A verifier that no longer listens is not an error.
  socket?.on("error", () => {});
  // Where all files share one process, node takes it for done once nothing keeps it alive.
  socket?.unref();
  /** @param {object} message */
  const say = (message) => void (socket?.writable && socket.write(`${JSON.stringify(message)}\n`));
  /** @type {Told[]} */
  const tests = [];
  /** The titles around what is reported next, by file. @type {Map<string, string[]>} */
  const around = new Map();
  /** The end of what was printed as errors, by file. @type {Map<string, string>} */
  const printed = new Map();
  /** What was begun last, by file. @type {Map<string, string>} */
  const begun = new Map();
  say({ type: "hello", root: process.cwd(), runtime: "node:test" });
  await tellNarrowings(narrowings());
  let isSent = false;
  const sendAll = () => {
    if (isSent) return;
    isSent = true;
    const failed = tests.filter(({ outcome }) => outcome === "failed" || outcome === "error").length;
    if (results) writeFileSync(results, JSON.stringify(tests.map(({ path: _path, ...test }) => test)));
    say({ type: "end", status: failed > 0 ? 1 : 0 });
  };
  for await (const { type, data } of events) {
    const { file = "", name, nesting } = data ?? {};
    // The plan of the whole comes when all files are done. With this option the process ends soon after, whoever still listens.
    if (type === "test:plan" && nesting === 0 && process.execArgv.includes("--test-force-exit")) sendAll();
    if (type === "test:start") around.set(file, [...(around.get(file) ?? []).slice(0, nesting), name]);
    if (type === "test:dequeue") {
      begun.set(file, name);
      say({ type: "begin", file, name });
    }
    if (type === "test:stderr") {
      // Since Node 22 it is named as it was asked for.
      const path = resolve(file);
      printed.set(path, `${printed.get(path) ?? ""}${data.message ?? ""}`.slice(-mostPrinted));
    }
    if (type !== "test:pass" && type !== "test:fail") continue;
    const path = [...(around.get(file) ?? []).slice(0, nesting), name];
    // A test is reported after the ones in it, a group as well.
    if (data.details.type !== "suite") tellSteps(tests, file, path);
    const hasTests = tests.some((test) => test.file === file);
    const test = reportedTest(data, path, type, { hasTests, printed: printed.get(file) ?? "" });
    if (test === null) continue;
    if (data.details.error?.signal) test.name = begun.get(file) ?? test.name;
    tests.push(test);
    say({ type: "collected", tests: 1 });
    if (test.outcome === "failed" || test.outcome === "error") say({ type: "failed", file, name: test.id });
    say({ type: "done", file, skipped: test.outcome === "skipped" });
  }
  sendAll();
  socket?.ref();
  await new Promise((resolve) => (socket ? socket.end(() => resolve(undefined)) : resolve(undefined)));
  yield "";
}

/**
 * What runs inside of a test can only be run with it.
 *
 * @param {Told[]} tests
 * @param {string} file
 * @param {string[]} path of the test
 */
function tellSteps(tests, file, path) {
  for (const test of tests) {
    const isInside =
      test.file === file && test.path.length > path.length && path.every((name, at) => name === test.path[at]);
    if (isInside) test.id = [path.join(" › "), ...test.path.slice(path.length)].join(step);
  }
}

/**
 * What came of a test; null for a group, and for what failed only because of what is in it, which is reported by itself.
 *
 * @param {Data} data
 * @param {string[]} path
 * @param {string} type
 * @param {{ hasTests: boolean, printed: string }} known of its file
 * @returns {Told | null}
 */
function reportedTest({ file = "", name, nesting, skip, todo, details }, path, type, { hasTests, printed }) {
  const { error } = details;
  const isFile = nesting === 0 && (name === file || file.endsWith(`/${name}`));
  if (type === "test:pass" && details.type === "suite") return null;
  if (isFile) {
    const test = { file, name: file, id: file, path, seconds: details.duration_ms / 1000 };
    // node tells a file for a test where it has none: a script that asserts is one, what helps tests is none.
    if (type === "test:pass") return !hasTests && asserts(file) ? { ...test, outcome: "passed" } : null;
    return { ...test, outcome: "error", ...failedFile(error, hasTests, printed) };
  }
  if (error?.failureType === "subtestsFailed") return null;
  const base = {
    file,
    name: path.join(" › "),
    id: path.join(" › "),
    path,
    seconds: details.type === "suite" ? 0 : details.duration_ms / 1000,
  };
  if (skip !== undefined || todo !== undefined) return { ...base, outcome: "skipped" };
  if (type === "test:pass") return { ...base, outcome: "passed" };
  return { ...base, outcome: "failed", message: messageOf(error) };
}

/**
 * What is reported of a file as a whole, in what it printed as it ended. Where it has tests they were reported by themselves, and its
 * process ended behind them.
 *
 * @param {Data["details"]["error"]} error
 * @param {boolean} hasTests
 * @param {string} printed
 */
function failedFile(error, hasTests, printed) {
  const message = stripVTControlCharacters(printed).trim() || messageOf(error);
  if (error?.signal) return { kind: "crash", message: messageOf(error) };
  if (hasTests)
    return { kind: "crash", message: `It ended with exit code ${error?.exitCode ?? 1} after its tests.\n${message}` };
  return /^\s*(Uncaught )?AssertionError\b/m.test(message) ? { message } : { kind: "collection", message };
}

/**
 * Whether a script holds something that may fail.
 *
 * @param {string} file
 */
function asserts(file) {
  try {
    return /\bassert|\bexpect\s*\(|\bthrow\b|\bprocess\.exit/.test(readFileSync(file, "utf8"));
  } catch {
    return true;
  }
}

/** @param {Data["details"]["error"]} error */
function messageOf(error) {
  const cause = error?.cause ?? error;
  const text = stripVTControlCharacters(String(cause?.message ?? cause ?? ""));
  return error?.failureType === "testTimeoutFailure" && !/timed out/.test(text) ? `test timed out: ${text}` : text;
}

/** What the runner's own options leave out. */
function narrowings() {
  const { execArgv } = process;
  const words = [...execArgv, ...(process.env.NODE_OPTIONS ?? "").split(/\s+/)];
  /** @param {string} option */
  const valuesOf = (option) =>
    words.flatMap((word, place) => {
      if (word.startsWith(`${option}=`)) return [word.slice(option.length + 1)];
      return word === option ? [words[place + 1] ?? ""] : [];
    });
  /** @type {import("./narrowing.mjs").Narrowing[]} */
  const refused = [
    ...valuesOf("--test-shard").map((shard) => ({
      by: /** @type {const} */ ("number"),
      word: `--test-shard=${shard}`,
    })),
    ...valuesOf("--test-rerun-failures").map(() => ({
      by: /** @type {const} */ ("failures"),
      word: "--test-rerun-failures",
    })),
  ];
  return [
    ...refused,
    ...["--test-name-pattern", "--test-skip-pattern"].flatMap((option) => choices(option, valuesOf(option))),
    ...(words.includes("--test-only") ? [{ by: /** @type {const} */ ("choice"), word: "--test-only" }] : []),
  ];
}
