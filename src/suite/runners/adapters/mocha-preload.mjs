// Loaded into every process of mocha with `node --import`, before any other code. A worker has its database from the moment
// at which mocha starts it; mocha itself is told what the run adds as soon as it is loaded.
import { writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { resolve } from "node:path";
import { watchLife } from "./kept-alive.mjs";
import { listen } from "./mocha-listener.mjs";
import { onModule } from "./module-hook.mjs";
import { choices, tellNarrowings } from "./narrowing.mjs";
import { thresholdMessage } from "./thresholds.mjs";
import { namedEnvironment, withoutPreload } from "./worker-environment.mjs";

/**
 * @typedef {{
 *   workers: number, serial: boolean, results: string, list: string | null, files: string[] | null, names: string[] | null,
 * }} Additions
 */

const { VERIFY_WORKER_ENVIRONMENTS: environments, VERIFY_MOCHA: told, VERIFY_PROGRESS: socketPath } = process.env;
const isWorker = process.env.MOCHA_WORKER_ID !== undefined;
const preload = import.meta.url;

if (environments && isWorker) {
  const options = { variable: "MOCHA_WORKER_ID", first: 0, environments: JSON.parse(environments), preload };
  process.env = namedEnvironment(process.env, options);
}

if (told) {
  /** @type {Additions} */
  const additions = JSON.parse(told);
  onModule(/(^|\/)mocha(\.c?js)?$/, (Mocha) => {
    if (typeof Mocha.prototype?.loadFilesAsync === "function") complete(Mocha.prototype, additions);
  });
}

// A c8 that a script starts around mocha: a share of the files is not held to what the whole has to reach.
if (told && JSON.parse(told).files !== null && JSON.parse(told).names === null) {
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
 * @param {any} prototype mocha's own
 * @param {Additions} additions
 */
function complete(prototype, additions) {
  const { loadFilesAsync, run } = prototype;

  prototype.loadFilesAsync = async function (/** @type {unknown[]} */ ...words) {
    // As in CI: a focused test must not hide the others.
    this.options.forbidOnly = true;
    // Of several workers each runs one file at a time, which was chosen before.
    if (isWorker) {
      say({ type: "file", worker: process.env.VERIFY_WORKER, file: this.files[0], at: Date.now() });
      return loadFilesAsync.apply(this, words);
    }
    choose(this, additions);
    await tellNarrowings(narrowings(this.options));
    own();
    let last = this.files[0];
    this.suite.on("pre-require", (/** @type {unknown} */ _context, /** @type {string} */ file) => {
      last = file;
    });
    try {
      return await loadFilesAsync.apply(this, words);
    } catch (error) {
      const message = /** @type {Error} */ (error)?.stack ?? String(error);
      const tests = [{ file: last, name: last, outcome: "error", seconds: 0, message, kind: "collection" }];
      writeFileSync(additions.results, JSON.stringify(tests));
      say({ type: "hello", root: process.cwd(), runtime: "mocha" }, { type: "end", status: 1 });
      await allHeard();
      throw error;
    }
  };

  prototype.run = function (/** @type {unknown[]} */ ...words) {
    if (isWorker) {
      this._reporter = listeningReporter(this._reporter, (runner) => {
        runner.on("test", (/** @type {any} */ test) => {
          say({ type: "begin", worker: process.env.VERIFY_WORKER, file: test.file, name: test.fullTitle() });
        });
        runner.on("test end", (/** @type {any} */ test) => say({ type: "ended", file: test.file }));
      });
      return run.apply(this, words);
    }
    const [whenOver] = words;
    if (typeof whenOver === "function") {
      // Behind the project's own global teardown.
      words[0] = (/** @type {unknown[]} */ ...results) => {
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
    if (!this.options.parallel) return run.apply(this, words);
    // Elsewhere it was told before the files were loaded, which now the workers do.
    return tellNarrowings(narrowings(this.options)).then(() => run.apply(this, words));
  };
}

/**
 * A reporter of the user's, beside which somebody else listens to the run.
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
 * Keeps of the files that mocha has found those of the run; what `--file` names is loaded before any of them.
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
 * Takes all other tests out of a suite; a name that ends in " > " is that of a group.
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

/** What this process starts is the user's own again: it runs the tests itself. */
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

/** For the end of a process, which would not wait for what was said last. */
async function allHeard() {
  const told = socket;
  if (!told) return;
  told.ref();
  await new Promise((resolve) => {
    told.once("close", resolve);
    told.end(() => resolve(undefined));
  });
}

/**
 * What mocha's own options leave out.
 *
 * @param {{ grep?: RegExp, fgrep?: string, invert?: boolean, dryRun?: boolean }} options
 * @returns {import("./narrowing.mjs").Narrowing[]}
 */
function narrowings({ grep, fgrep, invert, dryRun }) {
  const inverted = invert ? "--invert " : "";
  return [
    ...(dryRun ? [{ by: /** @type {const} */ ("all"), word: "--dry-run" }] : []),
    ...(fgrep ? choices(`${inverted}--fgrep`, fgrep) : choices(`${inverted}--grep`, grep)),
  ];
}
