// A reporter of vitest, added beside the user's own: tells the verifier what goes on, a JSON object a line.
import { createConnection } from "node:net";
import { choices, tellNarrowings } from "./narrowing.mjs";
import { thresholdMessage } from "./thresholds.mjs";
import { measures, testedIn } from "./vitest-measuring.mjs";

/**
 * The parts of a project's configuration that say what runs its files; vitest 3 has them by pool.
 * @typedef {{
 *   pool: string,
 *   isolate: boolean,
 *   allowOnly: boolean,
 *   bail?: number,
 *   changed?: boolean | string,
 *   shard?: { index: number, count: number },
 *   related?: string[],
 *   testNamePattern?: RegExp,
 *   project?: string[],
 *   tagsFilter?: string[],
 *   poolMatchGlobs?: [string, string][],
 *   poolOptions?: Record<string, { isolate?: boolean, singleFork?: boolean, singleThread?: boolean } | undefined>,
 * }} Config
 */

/**
 * Why several files of a project would share a process or thread, a phrase; empty where each has one of its own.
 * @param {{ config: Config }} project
 */
function whyShared({ config }) {
  for (const pool of [config.pool, ...(config.poolMatchGlobs ?? []).map(([, other]) => other)]) {
    const own = config.poolOptions?.[pool] ?? {};
    if (pool !== "forks" && pool !== "threads") return `the pool is "${pool}"`;
    if (!(own.isolate ?? config.isolate)) return "isolate is off";
    if (own.singleFork) return "singleFork is on";
    if (own.singleThread) return "singleThread is on";
  }
  return "";
}

/**
 * What vitest's own options leave out.
 *
 * @param {Config} config
 * @returns {import("./narrowing.mjs").Narrowing[]}
 */
function narrowings({ changed, shard, related, testNamePattern, project, tagsFilter }) {
  const since = typeof changed === "string" ? `--changed ${changed}` : "--changed";
  return [
    ...(changed ? [{ by: /** @type {const} */ ("git"), word: since }] : []),
    ...(shard ? [{ by: /** @type {const} */ ("number"), word: `--shard=${shard.index}/${shard.count}` }] : []),
    ...choices("related", related),
    ...choices("-t", testNamePattern),
    ...choices("--project", project),
    ...choices("--tags-filter", tagsFilter),
  ];
}

/**
 * A share of the files is not held to the thresholds of the whole. Gives these.
 *
 * @param {Vitest} vitest
 */
function liftThresholds({ config, coverageProvider }) {
  const { thresholds } = coverageProvider?.options ?? config.coverage ?? {};
  for (const coverage of [config.coverage, coverageProvider?.options]) {
    if (coverage) coverage.thresholds = undefined;
  }
  return thresholds;
}

/**
 * @typedef {import("./vitest-measuring.mjs").Vitest & { version: string, config: Config & { root: string }, projects?: { config: Config }[],
 *   filenamePattern?: string[], reporters?: Reporter[] }} Vitest
 * @typedef {{ options?: { outputFile?: string }, onInit?(vitest: Vitest): unknown, constructor: any }} Reporter
 */

export default class ProgressReporter {
  /** @type {import("node:net").Socket | undefined} */
  #socket;
  /** @type {Vitest | undefined} */
  #vitest;
  /** How many test files there are to run, one in two projects counted twice. */
  #files = 0;
  #failed = 0;

  /** @param {Vitest} vitest */
  async onInit(vitest) {
    this.#vitest = vitest;
    await this.#writeResults(vitest);
    // As in CI, whatever the project says: a focused test must not hide the others.
    for (const { config } of [vitest, ...(vitest.projects ?? [])]) config.allowOnly = false;
    const path = process.env.VERIFY_PROGRESS;
    if (!path) return;
    this.#socket = createConnection(path);
    // A verifier that no longer listens is not an error.
    this.#socket.on("error", () => {
      this.#socket = undefined;
    });
    this.#send({ type: "hello", root: vitest.config.root, runtime: `vitest ${vitest.version}` });
    const threshold = process.env.VERIFY_IS_SHARE ? thresholdMessage(liftThresholds(vitest)) : null;
    if (threshold) this.#send(threshold);
    await tellNarrowings(narrowings(vitest.config));
    const leases = process.env.VERIFY_LEASES?.startsWith("/") ?? false;
    const why = leases && [vitest, ...(vitest.projects ?? [])].map(whyShared).find(Boolean);
    if (!why) return;
    this.#send({ type: "refused", why });
    await this.#end();
    throw new Error(`Several test files would share a process: ${why}.`);
  }

  /**
   * Has vitest's own JUnit reporter write where the verifier reads, whatever the project says of it. Reporters begin one after
   * another: one that stands before this one is the command's own and writes where it is told, so it gets a twin.
   *
   * @param {Vitest} vitest
   */
  async #writeResults(vitest) {
    const { reporters = [] } = vitest;
    const at = reporters.findIndex((reporter) => reporter.constructor.name === "JUnitReporter");
    const found = reporters[at];
    if (!found) return;
    const options = { ...found.options, outputFile: process.env.VERIFY_JUNIT };
    if (at > reporters.indexOf(this)) {
      found.options = options;
      return;
    }
    const twin = new found.constructor(options);
    reporters.push(twin);
    await twin.onInit?.(vitest);
  }

  /** The names that the command gives are known only now. @param {readonly unknown[]} files */
  async onTestRunStart(files) {
    this.#files = files.length;
    await tellNarrowings(choices("", this.#vitest?.filenamePattern));
  }

  /** @param {{ children: { allTests(): Iterable<unknown> } }} module */
  onTestModuleCollected(module) {
    this.#send({ type: "collected", tests: [...module.children.allTests()].length });
  }

  /** @param {{ fullName: string, module: { moduleId: string } }} test */
  onTestCaseReady(test) {
    this.#send({ type: "begin", file: test.module.moduleId, name: test.fullName });
  }

  /** @param {{ fullName: string, module: { moduleId: string }, result(): { state: string }, diagnostic?(): { flaky: boolean } | undefined }} test */
  onTestCaseResult(test) {
    const file = test.module.moduleId;
    if (test.result().state === "failed") this.#failed += 1;
    if (test.result().state === "failed") this.#send({ type: "failed", file, name: test.fullName });
    if (test.diagnostic?.()?.flaky) this.#send({ type: "again", file, name: test.fullName });
    this.#send({ type: "done", file, name: test.fullName, skipped: test.result().state === "skipped" });
  }

  /** Of a test that its worker died in nobody else says that it is over. @param {{ moduleId: string }} module */
  onTestModuleEnd({ moduleId: file }) {
    this.#send({ type: "ended", file });
  }

  /**
   * Names what no result file tells: tests that were begun and never ended, and errors outside of any test. Waits until
   * all is written, as vitest ends its process soon after.
   * @param {Array<import("./vitest-measuring.mjs").Module & { state?(): string } & { children: { allTests(): Iterable<{ fullName: string, result(): { state: string } }> } }>} modules
   * @param {Array<{ message: string }>} errors
   * @param {string} reason
   */
  async onTestRunEnd(modules, errors, reason) {
    for (const { moduleId: file, children } of modules) {
      for (const test of children.allTests()) {
        if (test.result().state === "pending") this.#send({ type: "unfinished", file, name: test.fullName });
      }
    }
    const bail = this.#vitest?.config.bail ?? 0;
    if (bail > 0 && this.#failed >= bail) this.#send({ type: "stopped", word: "--bail" });
    const isOver = (/** @type {{ state?(): string }} */ module) => !/queued|pending/.test(module.state?.() ?? "");
    const left = this.#files - modules.filter(isOver).length;
    if (left > 0) this.#send({ type: "left out", files: left });
    for (const { message } of errors) this.#send({ type: "error", message });
    this.#send({ type: "tested", ...testedIn(modules) });
    const told = this.#vitest && measures(this.#vitest);
    if (told) this.#send({ type: "measures", ...told });
    this.#send({ type: "end", status: reason === "passed" ? 0 : 1 });
    await this.#end();
  }

  async #end() {
    const socket = this.#socket;
    if (socket) await new Promise((resolve) => socket.end(() => resolve(undefined)));
  }

  /** @param {object} message */
  #send(message) {
    this.#socket?.write(`${JSON.stringify(message)}\n`);
  }
}
