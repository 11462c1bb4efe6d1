// A vitest reporter, added to the user's own: sends progress to the verifier, one JSON object per line.
import { createConnection } from "node:net";
import { choices, tellNarrowings } from "../narrowing.mjs";
import { thresholdMessage } from "../thresholds.mjs";
import { measures, testedIn } from "./measuring.mjs";
import { beginTracing } from "./tracing.mjs";

/**
 * The configuration of a project that decides how its files run; vitest 3 keeps it per pool.
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
 * Why files of a project would share a process or thread, a phrase; empty where each has its own.
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
 * Narrowings by vitest's own options.
 *
 * @param {Config} config
 * @returns {import("../narrowing.mjs").Narrowing[]}
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
 * Removes and returns the thresholds, which do not apply to a share.
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
 * @typedef {import("./measuring.mjs").Vitest & { version: string, config: Config & { root: string }, projects?: { config: Config }[],
 *   filenamePattern?: string[], reporters?: Reporter[] }} Vitest
 * @typedef {{ options?: { outputFile?: string }, onInit?(vitest: Vitest): unknown, constructor: any }} Reporter
 */

export default class ProgressReporter {
  /** @type {import("node:net").Socket | undefined} */
  #socket;
  /** @type {Vitest | undefined} */
  #vitest;
  /** The number of test files; a file in two projects counts twice. */
  #files = 0;
  #failed = 0;
  /** What each test file rests on; null where that is not traced. @type {ReturnType<typeof beginTracing>} */
  #tracing = null;

  /** @param {Vitest} vitest */
  async onInit(vitest) {
    this.#vitest = vitest;
    this.#tracing = beginTracing(vitest);
    await this.#writeResults(vitest);
    // As in CI, whatever the project configures: a focused test must not hide the others.
    for (const { config } of [vitest, ...(vitest.projects ?? [])]) config.allowOnly = false;
    const path = process.env.VERIFY_PROGRESS;
    if (!path) return;
    this.#socket = createConnection(path);
    // Ignore that the verifier stopped listening.
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
   * Makes vitest's own JUnit reporter write where the verifier reads. A JUnit reporter that comes before this one is
   * the user's and keeps its output, so a second one is added.
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

  /** Only now are the files of the command line known. @param {readonly unknown[]} files */
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

  /** If the worker died in a test, nobody else reports its end. @param {{ moduleId: string }} module */
  onTestModuleEnd({ moduleId: file }) {
    this.#send({ type: "ended", file });
  }

  /**
   * Reports what no result file contains: tests that never ended, and errors outside of any test. Waits until
   * everything is written, as vitest soon ends its process.
   * @param {Array<import("./measuring.mjs").Module & { state?(): string } & { children: { allTests(): Iterable<{ fullName: string, result(): { state: string } }> } }>} modules
   * @param {Array<{ message: string }>} errors
   * @param {string} reason
   */
  async onTestRunEnd(modules, errors, reason) {
    for (const { moduleId: file, children } of modules) {
      for (const test of children.allTests()) {
        if (test.result().state === "pending") this.#send({ type: "unfinished", file, name: test.fullName });
      }
    }
    this.#tracing?.write(modules.map(({ moduleId }) => moduleId));
    const bail = this.#vitest?.config.bail ?? 0;
    if (bail > 0 && this.#failed >= bail) this.#send({ type: "stopped", word: "--bail" });
    const isOver = (/** @type {{ state?(): string }} */ module) => !/queued|pending/.test(module.state?.() ?? "");
    const left = this.#files - modules.filter(isOver).length;
    if (left > 0) this.#send({ type: "left out", files: left });
    for (const { message } of errors) this.#send({ type: "error", message });
    this.#send({ type: "tested", ...testedIn(modules) });
    const measured = this.#vitest && measures(this.#vitest);
    if (measured) this.#send({ type: "measures", ...measured });
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
