// Loaded into every process of mocha with `node --import`, before any other code. A worker gets its database when mocha
// starts it; mocha gets our options when it is loaded.
import { readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { resolve } from "node:path";
import { watchLife } from "../kept-alive.mjs";
import { onModule } from "../module-hook.mjs";
import { choices, tellNarrowings } from "../narrowing.mjs";
import { thresholdMessage } from "../thresholds.mjs";
import { namedEnvironment, withoutPreload } from "../worker-environment.mjs";
import { listen } from "./listener.mjs";

/**
 * @typedef {{
 *   workers: number, serial: boolean, results: string, list: string | null, files: string[] | null, names: string[] | null,
 * }} Additions
 */

const {
  VERIFY_WORKER_ENVIRONMENTS: environments,
  VERIFY_MOCHA: additionsFile,
  VERIFY_PROGRESS: socketPath,
} = process.env;
const isWorker = process.env.MOCHA_WORKER_ID !== undefined;
const preload = import.meta.url;

if (environments && isWorker) {
  const options = { variable: "MOCHA_WORKER_ID", first: 0, environments: JSON.parse(environments), preload };
  process.env = namedEnvironment(process.env, options);
}

/** @type {Additions | null} */
const additions = additionsFile ? JSON.parse(readFileSync(additionsFile, "utf8")) : null;
if (additions) {
  onModule(/(^|\/)mocha(\.c?js)?$/, (Mocha) => {
    if (typeof Mocha.prototype?.loadFilesAsync === "function") complete(Mocha.prototype, additions);
  });
}

// c8, started by a script around mocha: thresholds of the whole do not apply to a share.
if (additions && additions.files !== null && additions.names === null) {
  onModule(/(^|\/)commands\/report(\.js)?$/, (report) => {
    const { outputReport } = report;
    if (typeof outputReport !== "function") return;
    report.outputReport = async (/** @type {any} */ argv) => {
      const { checkCoverage, lines, branches, functions, statements, perFile } = argv;
      const asked = argv[100] ? { 100: true, perFile } : { lines, branches, functions, statements, perFile };
      const threshold = checkCoverage || argv[100] ? thresholdMessage(asked) : null;
      if (threshold) say(threshold);
      const outcome = await outputReport({ ...argv, checkCoverage: false, 100: false });
      await allHeard();
      return outcome;
    };
  });
}

/**
 * @param {any} prototype of mocha
 * @param {Additions} additions
 */
function complete(prototype, additions) {
  const { loadFilesAsync, run } = prototype;

  prototype.loadFilesAsync = async function (/** @type {unknown[]} */ ...args) {
    // As in CI: a focused test must not hide the others.
    this.options.forbidOnly = true;
    // With several workers, each runs one file at a time, already selected.
    if (isWorker) {
      say({ type: "file", worker: process.env.VERIFY_WORKER, file: this.files[0], at: Date.now() });
      return loadFilesAsync.apply(this, args);
    }
    choose(this, additions);
    await tellNarrowings(narrowings(this.options));
    own();
    let last = this.files[0];
    this.suite.on("pre-require", (/** @type {unknown} */ _context, /** @type {string} */ file) => {
      last = file;
    });
    try {
      return await loadFilesAsync.apply(this, args);
    } catch (error) {
      const message = /** @type {Error} */ (error)?.stack ?? String(error);
      const tests = [{ file: last, name: last, outcome: "error", seconds: 0, message, kind: "collection" }];
      writeFileSync(additions.results, JSON.stringify(tests));
      say({ type: "hello", root: process.cwd(), runtime: "mocha" }, { type: "end", status: 1 });
      await allHeard();
      throw error;
    }
  };

  prototype.run = function (/** @type {unknown[]} */ ...args) {
    if (isWorker) {
      this._reporter = listeningReporter(this._reporter, (runner) => {
        runner.on("test", (/** @type {any} */ test) => {
          say({ type: "begin", worker: process.env.VERIFY_WORKER, file: test.file, name: test.fullTitle() });
        });
        runner.on("test end", (/** @type {any} */ test) => say({ type: "ended", file: test.file }));
      });
      return run.apply(this, args);
    }
    const [whenOver] = args;
    if (typeof whenOver === "function") {
      // Runs after the project's own global teardown.
      args[0] = (/** @type {unknown[]} */ ...results) => {
        watchLife({ socketPath });
        return whenOver(...results);
      };
    }
    if (this.options.parallel) {
      choose(this, additions);
      this.options.jobs = additions.workers;
    }
    if (additions.names !== null) keepOnly(this.suite, additions.names);
    this._reporter = listeningReporter(this._reporter, (runner) => {
      const serial = !runner.isParallelMode?.();
      listen(runner, { results: additions.results, socketPath, serial, bail: this.options.bail === true });
    });
    if (!this.options.parallel) return run.apply(this, args);
    // In a serial run this was reported before the files were loaded; here workers load them.
    return tellNarrowings(narrowings(this.options)).then(() => run.apply(this, args));
  };
}

/**
 * Wraps the user's reporter, so that another listener gets the run.
 *
 * @param {any} Reporter
 * @param {(runner: any) => void} onRunner
 */
function listeningReporter(Reporter, onRunner) {
  return new Proxy(Reporter, {
    construct: (Own, [runner, ...more]) => {
      const reporter = new Own(runner, ...more);
      onRunner(runner);
      return reporter;
    },
  });
}

/**
 * Limits the files that mocha found to those of this run; files of `--file` are loaded before.
 *
 * @param {any} mocha
 * @param {Additions} additions
 */
function choose(mocha, { list, files }) {
  const first = new Set((mocha.options.file ?? []).map((/** @type {string} */ file) => resolve(file)));
  if (list !== null) {
    const found = mocha.files.filter((/** @type {string} */ file) => !first.has(resolve(file)));
    writeFileSync(list, JSON.stringify(found.map((/** @type {string} */ file) => resolve(file))));
    process.exit(0);
  }
  if (files === null) return;
  const wanted = new Set(files);
  mocha.files = mocha.files.filter(
    (/** @type {string} */ file) => first.has(resolve(file)) || wanted.has(resolve(file)),
  );
}

/**
 * Removes all other tests from a suite; a name that ends in " > " selects a group.
 *
 * @param {any} suite
 * @param {string[]} names
 */
function keepOnly(suite, names) {
  const isNamed = (/** @type {string} */ title) =>
    names.some((name) => title === name || (name.endsWith(" > ") && title.startsWith(name.slice(0, -3))));
  suite.tests = suite.tests.filter((/** @type {any} */ test) => isNamed(test.fullTitle()));
  for (const inner of suite.suites) keepOnly(inner, names);
}

/** Child processes get the user's own environment: this process runs the tests itself. */
function own() {
  delete process.env.VERIFY_MOCHA;
  delete process.env.VERIFY_WORKER_ENVIRONMENTS;
  withoutPreload(process.env, preload);
}

/** @type {import("node:net").Socket | undefined} */
let socket;

/** @param {object[]} messages */
function say(...messages) {
  if (!socketPath) return;
  if (!socket) {
    socket = createConnection(socketPath);
    socket.on("error", () => {});
    socket.unref();
  }
  socket.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(""));
}

/** Waits until all messages are sent, before the process ends. */
async function allHeard() {
  const connection = socket;
  if (!connection) return;
  connection.ref();
  await new Promise((resolve) => {
    connection.once("close", resolve);
    connection.end(() => resolve(undefined));
  });
}

/**
 * Narrowings by mocha's own options.
 *
 * @param {{ grep?: RegExp, fgrep?: string, invert?: boolean, dryRun?: boolean }} options
 * @returns {import("../narrowing.mjs").Narrowing[]}
 */
function narrowings({ grep, fgrep, invert, dryRun }) {
  const inverted = invert ? "--invert " : "";
  return [
    ...(dryRun ? [{ by: /** @type {const} */ ("all"), word: "--dry-run" }] : []),
    ...(fgrep ? choices(`${inverted}--fgrep`, fgrep) : choices(`${inverted}--grep`, grep)),
  ];
}
