// Listens to a mocha run next to the user's own reporter: sends progress to the verifier, one JSON object per line, and
// writes the result of every test.
import { writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { inspect, stripVTControlCharacters } from "node:util";

/**
 * @param {any} runner mocha's runner, serial or parallel
 * @param {{ results: string, socketPath: string | undefined, serial: boolean, bail: boolean }} options
 */
export function listen(runner, { results, socketPath, serial, bail }) {
  const socket = socketPath ? createConnection(socketPath) : null;
  // Ignore that the verifier stopped listening.
  socket?.on("error", () => {});
  socket?.unref();
  /** @param {object} message */
  const say = (message) => void (socket?.writable && socket.write(`${JSON.stringify(message)}\n`));
  /** @type {{ file: string, [key: string]: unknown }[]} */
  const tests = [];
  let failed = 0;
  let file = "";
  /** Root hooks have no file; in mocha 10, neither has the test in which a worker died. @param {any} test */
  const fileOf = (test) => test.file ?? test.ctx?.currentTest?.file ?? file;

  say({ type: "hello", root: process.cwd(), runtime: "mocha" });
  // By now the user's pattern has been applied.
  runner.on("start", () => {
    if (typeof runner.total === "number" && serial) say({ type: "collected", tests: runner.total, all: true });
  });
  runner.on("test", (/** @type {any} */ test) => {
    if (serial && test.file && test.file !== file) {
      file = test.file;
      say({ type: "file", worker: process.env.VERIFY_WORKER, file, at: Date.now() });
    }
    // In a parallel run, workers report their own progress.
    if (serial) say({ type: "begin", file: test.file, name: test.fullTitle() });
  });
  runner.on("pass", (/** @type {any} */ test) => {
    if (test.currentRetry?.() > 0) say({ type: "again", file: fileOf(test), name: test.fullTitle() });
    end(test, "passed");
  });
  runner.on("pending", (/** @type {any} */ test) => end(test, "skipped"));
  runner.on("fail", (/** @type {any} */ test, /** @type {unknown} */ error) => {
    failed += 1;
    const isOutside = /^Uncaught error outside test suite$/.test(test.title ?? "");
    const hasDied = /^Workerpool /.test(String(/** @type {any} */ (error)?.message));
    // In a worker, mocha reports a load error under this name, before any test of the file.
    const isFile = isOutside && !serial && !hasDied && !tests.some((other) => other.file === fileOf(test));
    say({ type: "failed", file: fileOf(test), name: isFile ? fileOf(test) : test.fullTitle() });
    if (!isFile) return end(test, "failed", messageOf(error), isOutside ? "" : test.fullTitle());
    say({ type: "collected", tests: 1 });
    const message = stripVTControlCharacters(/** @type {any} */ (error)?.stack ?? messageOf(error));
    tests.push({ file: fileOf(test), name: fileOf(test), outcome: "error", seconds: 0, message, kind: "collection" });
    say({ type: "done", file: fileOf(test) });
  });
  runner.on("end", () => {
    writeFileSync(results, JSON.stringify(tests));
    if (bail && failed > 0) say({ type: "stopped", word: "--bail" });
    say({ type: "end", status: failed > 0 ? 1 : 0 });
    socket?.end();
  });

  /**
   * @param {any} test
   * @param {string} outcome
   * @param {string} id what selects it; empty where it is no test
   */
  function end(test, outcome, message = "", id = test.fullTitle()) {
    if (!serial) say({ type: "collected", tests: 1 });
    // A hook can only run together with its tests.
    const group = /^(.*?)\s?"(?:before|after) (?:all|each)" hook\b/.exec(id)?.[1];
    const name = test.titlePath ? test.titlePath().join(" › ") : test.fullTitle();
    const seconds = (test.duration ?? 0) / 1000;
    tests.push({ file: fileOf(test), name, id: group === undefined ? id : `${group} > `, outcome, seconds, message });
    say({ type: "done", file: fileOf(test), skipped: outcome === "skipped" });
  }
}

/**
 * The assertion message with expected and actual values.
 *
 * @param {any} error
 */
function messageOf(error) {
  const message = stripVTControlCharacters(String(error?.message ?? error));
  if (error?.expected === undefined || error.showDiff === false || message.includes("\n")) return message;
  return `${message}\n+ expected: ${inspect(error.expected, { depth: 4 })}\n- actual:   ${inspect(error.actual, { depth: 4 })}`;
}
