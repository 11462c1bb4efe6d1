// Records of what test files rest on, for src/suite/reuse/module-reach.ts: joined from what each process of a runner traced.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";

/**
 * @typedef {{ files: string[], compared: string[], coverage: { path: string, key: string, version: string, tests: string[], changed: string[] }[] }} Reused
 *   the test files that are left out, those that run to be compared, and the records of what they had covered, with the modules
 *   that changed since in what does not matter to these files
 */
/** @typedef {{ tests: Record<string, Part[]>, code: Record<string, { code: string }> }} Recorded what was covered, and of which code */
/** @typedef {{ environment?: string, projectName?: string, coverage: string }} Part what a test file covered, as JSON without the checkout's path */

/** The absolute real path of the verified files; empty where nothing is traced. */
export const checkout = process.env.VERIFY_CHECKOUT === undefined ? "" : realpathSync(process.env.VERIFY_CHECKOUT);

/**
 * Why modules that are not ours are loaded before a runner, and may read what nobody sees, a clause; null where none are.
 *
 * @param {string} runner
 */
export function whyLoadedEarly(runner) {
  if (loadsEarly()) return "NODE_OPTIONS loads modules";
  const early = /^(?:-r|--require|--import|--loader|--experimental-loader|--env-file)/;
  const isEarly = process.execArgv.some((word) => early.test(word));
  return isEarly ? `its command has Node load something before ${runner}` : null;
}

/** Whether modules that are not ours are loaded before anything can be traced, and may read what nobody sees. */
export function loadsEarly() {
  const options = (process.env.NODE_OPTIONS ?? "").replaceAll(/--import \S*\/adapters\/[\w/-]+\.mjs/g, "");
  return /(?:^|\s)(?:-r|--require|--import|--loader|--experimental-loader)[=\s]/.test(options);
}

/** What this run leaves out; null where all runs. @returns {Reused | null} */
export function readReused() {
  const path = process.env.VERIFY_REUSED;
  return path === undefined ? null : JSON.parse(readFileSync(path, "utf8"));
}

/**
 * What is recorded of a run. Throws where its traces cannot be read.
 *
 * @param {string} directory with what the processes traced
 * @param {object} run
 * @param {Set<string>} run.ran the test files that ran
 * @param {Set<string>} run.covered those whose coverage is kept
 * @param {Map<string, Set<string>>} run.native the absolute files that V8 saw of each, whoever loaded them
 * @param {{ files: string[], reads: string[], looks: string[], setup?: string[] }} run.everyone what everything rests on
 * @param {string} run.provider
 * @param {boolean} run.hasPlugins
 */
export function joinedRecord(directory, { ran, covered, native, everyone, provider, hasPlugins }) {
  /** @type {Record<string, any>} */
  const tests = {};
  for (const name of readdirSync(directory).filter((one) => /^trace-.*\.json$/.test(one))) {
    const { tests: own, ...found } = JSON.parse(readFileSync(join(directory, name), "utf8"));
    for (const test of own.map(nameOf)) tests[test] = joinedTrace(tests[test], found);
  }
  markSharers(tests, provider === "istanbul");
  for (const [test, paths] of native) {
    const own = tests[test];
    const past = [...paths]
      .filter(isKept)
      .map(nameOf)
      .filter((file) => own !== undefined && !own.files.includes(file));
    // Node itself loaded them: what it looked for on the way is not known.
    own?.files.push(...past);
    own?.whole.push(...past);
  }
  for (const test of Object.keys(tests)) if (!ran.has(test) || !covered.has(test)) delete tests[test];
  const all = [everyone, ...Object.values(tests)];
  const paths = new Set(all.flatMap(({ files, reads }) => [...files, ...reads]));
  const looks = new Set(all.flatMap((one) => one.looks));
  return {
    collected: Object.fromEntries([...ran].map((test) => [test, 1])),
    tests,
    everyone,
    provider,
    hasPlugins,
    states: Object.fromEntries([...paths].map((path) => [path, stateOf(path, false)])),
    looks: Object.fromEntries([...looks].map((path) => [path, stateOf(path, true)])),
    lists: listsAround([...Object.values(tests).flatMap((test) => test.files), ...(everyone.setup ?? [])]),
  };
}

/** The names in each directory that modules lie in, or below: git does not tell of files that it ignores. @param {string[]} files */
function listsAround(files) {
  /** @type {Record<string, string[]>} */
  const lists = {};
  for (const file of files.filter((one) => !one.startsWith("/"))) {
    for (let place = dirname(file); lists[place] === undefined; place = dirname(place)) {
      lists[place] = namesIn(join(checkout, place));
      if (place === ".") break;
    }
  }
  return lists;
}

/** @param {string} path */
function namesIn(path) {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}

/**
 * Marks the test files that read what another one wrote, and, where nobody sees what Node itself loads, those that may have it load
 * modules.
 *
 * @param {Record<string, any>} tests
 * @param {boolean} isBlind
 */
function markSharers(tests, isBlind) {
  const written = new Set(Object.values(tests).flatMap((test) => test.written));
  const places = new Set([...written].map((path) => dirname(path)));
  for (const test of Object.values(tests)) {
    const seen = [...test.files, ...test.reads, ...test.looks];
    if (seen.some((path) => written.has(path) || places.has(path))) test.always ??= "reads what a test file writes";
    const script = isBlind && test.reads.find((/** @type {string} */ path) => /\.[cm]?[jt]sx?$/.test(path));
    if (script) test.always ??= `loads ${script} past its runner`;
    delete test.written;
  }
}

/** A test file that runs in two projects rests on what it does in both. @param {any} known @param {any} found */
function joinedTrace(known, found) {
  const lists = ["files", "whole", "names", "reads", "looks", "written"];
  const named = (/** @type {string} */ key) => {
    const own = found[key].filter((/** @type {string} */ one) => key === "names" || isKept(one));
    return key === "names" ? own : own.map(nameOf);
  };
  const joined = Object.fromEntries(lists.map((key) => [key, [...new Set([...(known?.[key] ?? []), ...named(key)])]]));
  const importers = Object.entries(found.importers ?? {}).filter((pair) => pair.every(isKept));
  return {
    ...joined,
    importers: { ...Object.fromEntries(importers.map((pair) => pair.map(nameOf))), ...known?.importers },
    always: known?.always ?? found.always,
    hasReadText: known?.hasReadText === true || found.hasReadText,
    hasMissed: known?.hasMissed === true || found.hasMissed,
  };
}

/** What is installed is told by the digest of packages; what is no file has no name that leads somewhere. @param {string} path */
export function isKept(path) {
  return path.startsWith("/") && !isInstalledForGood(path) && !path.includes("\0");
}

/** @param {string} path */
function isInstalledForGood(path) {
  return path.includes("/node_modules/") && !realpath(path).startsWith(`${checkout}/`);
}

/** @param {string} path */
function realpath(path) {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Relative to the checkout, which is ".", where it lies there. @param {string} path */
export function nameOf(path) {
  const isOwn = path.startsWith(`${checkout}/`) && !path.includes("/node_modules/");
  const real = isOwn ? path : realpath(path);
  if (real === checkout) return ".";
  return real.startsWith(`${checkout}/`) ? relative(checkout, real) : path;
}

/** As `state_of` in pushproof_record.py. @param {string} name @param {boolean} isLook */
function stateOf(name, isLook) {
  const path = name.startsWith("/") ? name : join(checkout, name);
  try {
    if (statSync(path).isDirectory())
      return isLook ? "directory" : `directory ${digest(readdirSync(path).sort().join("\n"))}`;
    return `file ${digest(readFileSync(path))}`;
  } catch (error) {
    return /** @type {any} */ (error).code === "ENOENT" ? "nothing" : `unreadable ${/** @type {any} */ (error).code}`;
  }
}

/** @param {string | Buffer} content */
function digest(content) {
  return createHash("sha256").update(content).digest("hex").slice(0, 32);
}

/** The path of the checkout as it is written in coverage, and what stands for it in a record. */
const roots = /** @type {const} */ ([
  [jsonText(pathToFileURL(checkout).href), "pushproof-checkout-url:"],
  [jsonText(checkout), "pushproof-checkout:"],
]);

/** @param {string} text */
function jsonText(text) {
  return JSON.stringify(text).slice(1, -1);
}

/** @param {string} text */
export function withoutRoot(text) {
  return roots.reduce((result, [root, sign]) => result.replaceAll(`"${root}/`, `"${sign}/`), text);
}

/** @param {string} text */
export function withRoot(text) {
  return roots.reduce((result, [root, sign]) => result.replaceAll(`"${sign}/`, `"${root}/`), text);
}

/**
 * What is recorded of each test file that is left out, or runs to be compared: its coverage, whether it is one of each, the
 * record, and the modules that changed since. Throws where nothing is recorded of one that is left out.
 *
 * @param {Reused} reused
 */
export function* recordedCoverage({ files, compared, coverage }) {
  const [left, again] = [new Set(files), new Set(compared)];
  for (const { tests, changed, ...record } of coverage) {
    if (tests.length === 0) continue;
    const recorded = readRecord(record);
    for (const test of tests) {
      const parts = recorded.tests[test];
      if (parts === undefined) throw new Error(`nothing is recorded of ${test}`);
      yield { test, parts, isLeftOut: left.delete(test), isCompared: again.delete(test), recorded, changed };
    }
  }
  if (left.size > 0) throw new Error(`nothing is recorded of ${[...left][0]}`);
}

/** Throws where a test file ran that was to be left out. @param {Reused | null} reused @param {Set<string>} ran */
export function refuseUnexpected(reused, ran) {
  for (const test of reused?.files ?? []) if (ran.has(test)) throw new Error(`${test} ran although it was left out`);
}

/** What a record holds of each test file. @param {{ path: string, key: string, version: string }} record @returns {Recorded} */
function readRecord({ path, key, version }) {
  const found = JSON.parse(gunzipSync(readFileSync(path)).toString("utf8"));
  if (found.key !== key || found.version !== version) throw new Error("a record of it is another one");
  return found.value;
}
