// A reporter for node:test, added to the user's own: sends progress to the verifier, one JSON object per line, and writes the
// result of every test as a JSON list to its own file, as yielded output is lost where the process ends early.
import { readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { choices, tellNarrowings } from "../narrowing.mjs";
import { endTracing, filesLeftOut } from "./tracing.mjs";

/**
 * @typedef {{ name: string, nesting: number, file?: string, skip?: unknown, todo?: unknown, details: {
 *   duration_ms: number, type?: string,
 *   error?: Error & { failureType?: string, cause?: any, exitCode?: number | null, signal?: string | null } }, message?: string }} Data
 */

/** @typedef {{ file: string, name: string, id: string, path: string[], outcome: string, kind?: string, seconds: number, message?: string }} ReportedTest */

/** How much of a file's error output is kept, in characters. */
const mostPrinted = 20_000;

/** Separates a test and its steps (`t.test`) in an id. */
const step = " ▸ ";

/** @param {AsyncIterable<{ type: string, data: Data }>} events */
export default async function* report(events) {
  const { VERIFY_PROGRESS: path, VERIFY_RESULTS: results } = process.env;
  const socket = path ? createConnection(path) : null;
  // Ignore that the verifier stopped listening.
  socket?.on("error", () => {});
  // Where all files share one process, node treats the run as done once nothing keeps the process alive.
  socket?.unref();
  /** @param {object} message */
  const say = (message) => void (socket?.writable && socket.write(`${JSON.stringify(message)}\n`));
  /** @type {ReportedTest[]} */
  const tests = [];
  /** The open groups and tests, by file. @type {Map<string, string[]>} */
  const around = new Map();
  /** The end of each file's error output. @type {Map<string, string>} */
  const printed = new Map();
  /** The test that began last, by file. @type {Map<string, string>} */
  const begun = new Map();
  say({ type: "hello", root: process.cwd(), runtime: "node:test" });
  await tellNarrowings(narrowings());
  const leftOut = filesLeftOut();
  /** Absolute. @type {Set<string>} */
  const ran = new Set();
  let isSent = false;
  const sendAll = () => {
    if (isSent) return;
    isSent = true;
    endTracing(ran);
    const failed = tests.filter(({ outcome }) => outcome === "failed" || outcome === "error").length;
    if (results) writeFileSync(results, JSON.stringify(tests.map(({ path: _path, ...test }) => test)));
    say({ type: "end", status: failed > 0 ? 1 : 0 });
  };
  for await (const { type, data } of events) {
    const { file = "", name, nesting } = data ?? {};
    if (name !== undefined && leftOut.has(resolve(file || name))) continue;
    if (file !== "" && /^test:(?:pass|fail)$/.test(type)) ran.add(resolve(file));
    // The overall plan arrives when all files are done. With this option the process is then killed soon.
    if (type === "test:plan" && nesting === 0 && process.execArgv.includes("--test-force-exit")) sendAll();
    if (type === "test:start") around.set(file, [...(around.get(file) ?? []).slice(0, nesting), name]);
    if (type === "test:dequeue") {
      begun.set(file, name);
      say({ type: "begin", file, name });
    }
    if (type === "test:stderr") {
      // Since Node 22 the file is named as in the command.
      const path = resolve(file);
      printed.set(path, `${printed.get(path) ?? ""}${data.message ?? ""}`.slice(-mostPrinted));
    }
    if (type !== "test:pass" && type !== "test:fail") continue;
    const path = [...(around.get(file) ?? []).slice(0, nesting), name];
    // A test, or a group, is reported after those inside of it.
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
 * Steps of a test can only run with it, so they get an id that selects the test.
 *
 * @param {ReportedTest[]} tests
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
 * The result of a test; null for a group, and for a failure that is only caused by a test inside, which is reported itself.
 *
 * @param {Data} data
 * @param {string[]} path
 * @param {string} type
 * @param {{ hasTests: boolean, printed: string }} known of its file
 * @returns {ReportedTest | null}
 */
function reportedTest({ file = "", name, nesting, skip, todo, details }, path, type, { hasTests, printed }) {
  const { error } = details;
  const isFile = nesting === 0 && (name === file || file.endsWith(`/${name}`));
  if (type === "test:pass" && details.type === "suite") return null;
  if (isFile) {
    const test = { file, name: file, id: file, path, seconds: details.duration_ms / 1000 };
    // node reports a file without tests as a test: a script with assertions is one, a helper is not.
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
 * The failure of a whole file, from its last output. If it has tests, they were reported, and its process failed after them.
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
 * Whether a script contains assertions.
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

/** Narrowings by the runner's own options. */
function narrowings() {
  const { execArgv } = process;
  const args = [...execArgv, ...(process.env.NODE_OPTIONS ?? "").split(/\s+/)];
  /** @param {string} option */
  const valuesOf = (option) =>
    args.flatMap((word, place) => {
      if (word.startsWith(`${option}=`)) return [word.slice(option.length + 1)];
      return word === option ? [args[place + 1] ?? ""] : [];
    });
  /** @type {import("../narrowing.mjs").Narrowing[]} */
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
    ...(args.includes("--test-only") ? [{ by: /** @type {const} */ ("choice"), word: "--test-only" }] : []),
  ];
}
