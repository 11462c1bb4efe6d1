// What jest's coordinating process does where tests are traced: it leaves out the test files whose results are reused, gives the
// coverage reporter what they had covered, and writes one record of what each test file rests on.
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onModule } from "../module-hook.mjs";
import { firstDifference } from "../tracing/raw-coverage.mjs";
import {
  checkout,
  isKept,
  joinedRecord,
  nameOf,
  readReused,
  recordedCoverage,
  refuseUnexpected,
} from "../tracing/record.mjs";
import { CoverageParts } from "./coverage.mjs";
import { whyCompiled, whyOfProcess, whyUntraceable } from "./traceable.mjs";

/**
 * @typedef {import("./process-trace.mjs").JestTrace} JestTrace
 * @typedef {import("../tracing/record.mjs").Part} Part
 * @typedef {{ files: string[], plugins: string[], reads: string[], looks: string[], why: string | null }} Everyone
 * @typedef {{ path: string, context: { config: any } }} Test as jest runs it
 * @typedef {{ coverage?: any, v8Coverage?: any[], snapshot?: Record<string, any> }} Result of a test file
 */

/**
 * Has a run of jest traced. Call it before jest reads its configuration.
 *
 * @param {string} directory with what its processes trace
 * @param {JestTrace} trace of this process
 */
export function beginTracing(directory, trace) {
  const tracing = new Tracing(directory, trace);
  onModule("jest-config", (exports) => {
    const { readConfigs } = exports;
    exports.readConfigs = async (/** @type {unknown[]} */ ...args) => {
      const read = await readConfigs(...args);
      tracing.configured(read, args[0]);
      return read;
    };
  });
  onModule("@jest/core", (exports) => tracing.leaveOut(exports));
  onModule("@jest/reporters", ({ CoverageReporter }) => tracing.listen(CoverageReporter?.prototype ?? {}));
}

class Tracing {
  #directory;
  #trace;
  /** Why nothing can be recorded, a clause. @type {string | null} */
  #why;
  /** What was found other than recorded, a clause each. @type {string[]} */
  #differences = [];
  #reused = readReused();
  #parts;
  /** What the test files that ran had covered. @type {Map<string, Part[]>} */
  #ran = new Map();
  /** Why a test file always runs, a clause. @type {Map<string, string>} */
  #always = new Map();
  #version = "";
  #hasPlugins = false;

  /** @param {string} directory @param {JestTrace} trace */
  constructor(directory, trace) {
    this.#directory = directory;
    this.#trace = trace;
    this.#why = "this version of jest cannot be traced";
    this.#parts = new CoverageParts(directory);
  }

  /** @param {{ globalConfig: any, configs: any[] }} read @param {any} args the command line */
  configured({ globalConfig, configs }, args) {
    const told = whyUntraceable({ globalConfig, configs, version: this.#version, config: args?.config });
    this.#why = whyOfProcess() ?? told.why;
    this.#hasPlugins = told.hasPlugins;
    for (const path of told.reporters) this.#trace.reporters.add(path);
  }

  /** @param {any} core jest's module of that name */
  leaveOut({ SearchSource, getVersion }) {
    this.#version = getVersion?.() ?? "";
    const prototype = SearchSource?.prototype ?? {};
    const { getTestPaths } = prototype;
    const left = new Set((this.#reused?.files ?? []).map((file) => join(checkout, file)));
    if (left.size === 0 || typeof getTestPaths !== "function") return;
    prototype.getTestPaths = async function (/** @type {unknown[]} */ ...args) {
      const found = await getTestPaths.apply(this, args);
      return { ...found, tests: found.tests.filter((/** @type {Test} */ { path }) => !left.has(path)) };
    };
  }

  /** @param {Record<string, any>} prototype of jest's own reporter of coverage */
  listen(prototype) {
    const { onTestResult, onRunComplete } = prototype;
    if (typeof onTestResult !== "function" || typeof onRunComplete !== "function") return;
    const keep = (/** @type {Test} */ test, /** @type {Result} */ result) => this.#keep(test, result);
    const before = (/** @type {any} */ reporter) =>
      this.#addReused((result) => onTestResult.call(reporter, {}, result));
    const write = () => this.#write();
    prototype.onTestResult = function (/** @type {any} */ test, /** @type {any} */ result, /** @type {any} */ all) {
      keep(test, result);
      return onTestResult.call(this, test, result, all);
    };
    prototype.onRunComplete = async function (/** @type {unknown[]} */ ...args) {
      before(this);
      try {
        return await onRunComplete.apply(this, args);
      } finally {
        write();
      }
    };
  }

  /** @param {Test} test @param {Result} result */
  #keep({ path, context }, { coverage, v8Coverage, snapshot = {} }) {
    const test = nameOf(path);
    const { displayName, rootDir } = context.config;
    const part = this.#parts.of(`${displayName?.name ?? ""} ${nameOf(rootDir)}`, { coverage, v8Coverage });
    this.#ran.set(test, [...(this.#ran.get(test) ?? []), part]);
    appendFileSync(join(this.#directory, "coverage.jsonl"), `${JSON.stringify({ test, ...part })}\n`);
    const { unchecked, unmatched, added, updated, fileDeleted } = snapshot;
    if (unchecked || unmatched || fileDeleted) this.#always.set(test, "has snapshots that no test asks for");
    if (added || updated) this.#always.set(test, "writes snapshots");
  }

  /** Gives jest's reporter what the reused test files had covered, as if they had run. @param {(result: Result) => void} add */
  #addReused(add) {
    // What is read from here on is read to report.
    this.#trace.isOn = false;
    if (this.#reused === null) return;
    try {
      for (const { test, parts, isLeftOut, isCompared, recorded } of recordedCoverage(this.#reused)) {
        if (isLeftOut) for (const part of parts) add(this.#parts.read(part, recorded.code));
        if (isCompared) this.#compare(test, parts);
      }
    } catch (error) {
      this.#why ??= `its coverage could not be joined (${error instanceof Error ? error.message : error})`;
    }
  }

  /** @param {string} test @param {Part[]} before */
  #compare(test, before) {
    const after = this.#ran.get(test) ?? [];
    for (const part of before) {
      const now = after.filter(({ projectName }) => projectName === part.projectName);
      const differences = now.map((one) => firstDifference(JSON.parse(part.coverage), JSON.parse(one.coverage)));
      if (differences.includes(null)) continue;
      this.#differences.push(`${test} covers ${differences[0] ?? "its modules"} otherwise now`);
    }
    if (after.length !== before.length) this.#differences.push(`${test} ran in other projects`);
  }

  #write() {
    /** @type {object} */
    let record;
    try {
      record = this.#why === null ? this.#joined() : { why: this.#why };
    } catch (error) {
      record = { why: `what was traced cannot be read (${error instanceof Error ? error.message : error})` };
    }
    const whole = { why: null, differences: this.#differences, ...record };
    writeFileSync(join(this.#directory, "record.json"), JSON.stringify(whole));
  }

  #joined() {
    const ran = new Set(this.#ran.keys());
    refuseUnexpected(this.#reused, ran);
    const traces = readdirSync(this.#directory)
      .filter((name) => /^trace-.*\.json$/.test(name))
      .map((name) => JSON.parse(readFileSync(join(this.#directory, name), "utf8")));
    if (ran.size > 0 && traces.length === 0) throw new Error("no test file told what it loads");
    const parts = [this.#trace.shared(), ...traces.map(({ everyone }) => everyone)];
    const why = parts.find((one) => one.why !== null)?.why ?? whyCompiled(parts);
    if (why !== null) return { why };
    const record = joinedRecord(this.#directory, {
      ran,
      covered: ran,
      native: new Map(),
      everyone: everyoneOf(parts),
      provider: "jest",
      hasPlugins: this.#hasPlugins,
    });
    // Modules that were asked for, and mocked: they are known, and matter to nobody.
    for (const file of new Set(traces.flatMap(({ found }) => found))) record.states[nameOf(file)] ??= "asked for";
    for (const [test, always] of this.#always) if (record.tests[test]) record.tests[test].always ??= always;
    return record;
  }
}

/** @param {Everyone[]} parts */
function everyoneOf(parts) {
  const named = (/** @type {"files" | "reads" | "looks"} */ key) => [
    ...new Set(parts.flatMap((part) => part[key].filter(isKept).map(nameOf))),
  ];
  const files = named("files");
  // Settings name files in other ways than by asking for modules.
  const setup = files.filter((file) => !/(?:^|\/)\.babelrc[^/]*$|\.config\.[cm]?[jt]s$/.test(file));
  return { files, setup, reads: named("reads"), looks: named("looks") };
}
