// A jest reporter, added to the user's own: sends progress to the verifier, one JSON object per line, and writes the
// result of every test.
const { readFileSync, writeFileSync } = require("node:fs");
const { createConnection } = require("node:net");
const { stripVTControlCharacters } = require("node:util");
const { isLinter, measures } = require("./measuring.cjs");

/** @typedef {{ ancestorTitles: string[], title: string, fullName: string, status: string, duration?: number | null, failureMessages: string[], invocations?: number }} Assertion */

module.exports = class Reporter {
  #socket;
  #options;
  /** Tests that have begun and not ended, by file. @type {Map<string, string>} */
  #begun = new Map();
  /** @type {object[]} */
  #tests = [];
  /** How many test files have ended. */
  #ended = 0;
  /** Files in which jest may retry failed tests, so that failures are final only at the end of the file. */
  #retried = new Set();
  /** What ran the files, by whether it is a linter. */
  #files = { tested: new Set(), testFiles: new Set() };
  #globalConfig;

  /**
   * @param {import("./measuring.cjs").GlobalConfig & { bail: number }} globalConfig
   * @param {{ results: string, serial: boolean }} options
   */
  constructor(globalConfig, options) {
    this.#options = options;
    this.#globalConfig = globalConfig;
    const path = process.env.VERIFY_PROGRESS;
    if (!path) return;
    this.#socket = createConnection(path);
    // Ignore that the verifier stopped listening.
    this.#socket.on("error", () => {
      this.#socket = undefined;
    });
    this.#send({ type: "hello", root: globalConfig.rootDir, runtime: "jest" });
  }

  /** In band, tests may block the event loop and end the process, so the message must be sent synchronously. */
  async onRunStart() {
    const socket = this.#socket;
    if (socket?.connecting) await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
  }

  /** @param {{ path: string, context: import("./measuring.cjs").Context }} test */
  onTestFileStart({ path, context }) {
    if ([path, ...(context.config.setupFilesAfterEnv ?? [])].some(mayRetry)) this.#retried.add(path);
    // In band this process is the worker; otherwise each worker reports its own files.
    const worker = process.env.VERIFY_WORKER;
    if (this.#options.serial || worker?.startsWith("gw"))
      this.#send({ type: "file", worker, file: path, at: Date.now() });
  }

  /** @param {{ path: string }} test @param {{ fullName: string }} started */
  onTestCaseStart({ path }, { fullName }) {
    this.#begun.set(path, fullName);
    this.#send({ type: "begin", file: path, name: fullName });
  }

  /** @param {{ path: string }} test @param {Assertion} assertion */
  onTestCaseResult({ path }, assertion) {
    // jest reports each attempt like a test.
    if ((assertion.invocations ?? 1) > 1) this.#send({ type: "again", file: path, name: assertion.fullName });
    if (!this.#retried.has(path)) this.#tellFailure(path, assertion);
    this.#send({ type: "done", file: path, skipped: !(assertion.status in outcomes) });
  }

  /** @param {{ path: string, context: import("./measuring.cjs").Context }} test @param {{ testResults: Assertion[], testExecError?: Error, failureMessage?: string }} result */
  onTestFileResult({ path, context }, result) {
    this.#ended += 1;
    if (this.#retried.delete(path)) for (const assertion of result.testResults) this.#tellFailure(path, assertion);
    // If the worker died in a test, nobody else reports the test's end.
    this.#send({ type: "ended", file: path });
    this.#files[isLinter(context.config) ? "tested" : "testFiles"].add(path);
    // jest reports tests that a focused one excluded as skipped.
    const isPart = result.testResults.some(({ status }) => status === "pending");
    if (isPart && isFocused(path)) this.#send({ type: "focused", file: path });
    for (const assertion of result.testResults) this.#tests.push({ file: path, ...caseOf(assertion) });
    const { testExecError, failureMessage } = result;
    if (!testExecError) return;
    const told = stripVTControlCharacters(failureMessage || testExecError.message || String(testExecError));
    // jest's headline adds nothing, and indents the rest.
    const message = told.replace(/^\s*● Test suite failed to run\s*\n+/, "").replace(/^ {4}/gm, "");
    const crashed = /jest worker process|worker process .* was terminated/i.test(message);
    this.#tests.push({
      file: path,
      name: (crashed && this.#begun.get(path)) || path,
      outcome: "error",
      seconds: 0,
      message,
      kind: crashed ? "crash" : "collection",
    });
  }

  /** @param {Iterable<import("./measuring.cjs").Context>} contexts @param {{ numFailedTests: number, numFailedTestSuites: number, numTotalTestSuites: number, snapshot: { failure: boolean } }} results */
  async onRunComplete(contexts, { numFailedTests, numFailedTestSuites, numTotalTestSuites, snapshot }) {
    const { bail } = this.#globalConfig;
    // jest stops after this many failed files; 0 for never.
    if (bail > 0 && numFailedTestSuites >= bail) this.#send({ type: "stopped", word: "--bail" });
    if (numTotalTestSuites > this.#ended) this.#send({ type: "left out", files: numTotalTestSuites - this.#ended });
    writeFileSync(this.#options.results, JSON.stringify(this.#tests));
    const { tested, testFiles } = this.#files;
    this.#send({ type: "tested", files: [...tested], testFiles: [...testFiles] });
    const configs = [...contexts].map(({ config }) => config);
    const told = measures(this.#globalConfig, configs);
    if (told) this.#send({ type: "measures", ...told });
    this.#send({ type: "end", status: numFailedTests + numFailedTestSuites > 0 || snapshot.failure ? 1 : 0 });
    await this.#watchLife();
    const socket = this.#socket;
    if (socket) await new Promise((resolve) => socket.end(() => resolve(undefined)));
  }

  /** jest's process should end when only the project's global teardown is left. */
  async #watchLife() {
    const socketPath = process.env.VERIFY_PROGRESS;
    const { watchLife } = await import("../kept-alive.mjs");
    /** @param {string | symbol} event */
    const onListener = (event) => {
      if (event !== "exit") return;
      process.off("newListener", onListener);
      watchLife({ socketPath });
    };
    process.on("newListener", onListener);
  }

  /** @param {string} file @param {Assertion} assertion */
  #tellFailure(file, { status, fullName }) {
    if (status === "failed") this.#send({ type: "failed", file, name: fullName });
  }

  /** @param {object} message */
  #send(message) {
    this.#socket?.write(`${JSON.stringify(message)}\n`);
  }
};

/**
 * Whether a file enables retries in jest. Where a file that it imports does, the first attempt is reported as a
 * failure.
 *
 * @param {string} path
 */
function mayRetry(path) {
  try {
    return readFileSync(path, "utf8").includes("retryTimes");
  } catch {
    return false;
  }
}

/**
 * Whether the text of a file, without comments, has focused tests.
 *
 * @param {string} path
 */
function isFocused(path) {
  const code = readFileSync(path, "utf8").replace(/\/\*[\s\S]*?\*\/|(^|[^:"'`\\])\/\/.*$/gm, "$1");
  return /\b(?:test|it|describe)(?:\.concurrent)?\.only\b|\b(?:fit|fdescribe)\s*[(.]/.test(code);
}

/** @type {Record<string, string>} */
const outcomes = { passed: "passed", failed: "failed", focused: "passed" };

/** @param {Assertion} assertion */
function caseOf({ ancestorTitles, title, fullName, status, duration, failureMessages }) {
  return {
    name: [...ancestorTitles, title].join(" › "),
    id: fullName,
    outcome: outcomes[status] ?? "skipped",
    seconds: (duration ?? 0) / 1000,
    message: withoutStack(stripVTControlCharacters((failureMessages ?? []).join("\n\n"))),
  };
}

/** The assertion message without stack lines. @param {string} text */
function withoutStack(text) {
  return text
    .split("\n")
    .filter((/** @type {string} */ line) => !/^\s+at /.test(line))
    .join("\n")
    .trim();
}
