// What the process of `node --test` does where its test files are traced: it adds what reused ones had covered to V8's files, and
// writes one record of what each test file rests on. src/suite/reuse/module-reach.ts reads it.
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { firstDifference } from "../tracing/raw-coverage.mjs";
import {
  checkout,
  joinedRecord,
  loadsEarly,
  nameOf,
  readReused,
  recordedCoverage,
  withoutRoot,
  withRoot,
} from "../tracing/record.mjs";

/** @typedef {import("../tracing/record.mjs").Part} Part */

const directory = process.env.VERIFY_TRACE;
const raw = process.env.NODE_V8_COVERAGE;
/** What tests do not load: it compiles for them. */
const compilers = /\/node_modules\/(?:tsx|esbuild)\//;

/** The absolute test files whose processes only say that they are left out. @returns {Set<string>} */
export function filesLeftOut() {
  return new Set((readReused()?.files ?? []).map((file) => join(checkout, file)));
}

/** Writes the record of a run, where it is traced. Call it when all files have ended. @param {Iterable<string>} ran the absolute test files that ran */
export function endTracing(ran) {
  if (directory === undefined) return;
  /** @type {string[]} */
  const differences = [];
  /** @type {object} */
  let record;
  try {
    const why = whyUntraceable();
    record = why === null ? joined(new Set([...ran].map(nameOf)), directory, differences) : { why };
  } catch (error) {
    record = { why: `what was traced cannot be read (${error instanceof Error ? error.message : error})` };
  }
  writeFileSync(join(directory, "record.json"), JSON.stringify({ why: null, differences, ...record }));
}

/** Why test files cannot be told apart, a clause; null where they can. */
function whyUntraceable() {
  if (raw === undefined) return "nothing is measured";
  // What loads before anything can be traced may read what nobody sees.
  const early = /^(?:-r|--require|--loader|--experimental-loader|--env-file(?:-if-exists)?)(?:=|$)/;
  const option = process.execArgv.find((word) => early.test(word));
  if (option !== undefined) return `${option} loads before it can be traced`;
  return loadsEarly() ? "NODE_OPTIONS loads modules" : null;
}

/** @param {Set<string>} ran @param {string} directory @param {string[]} differences */
function joined(ran, directory, differences) {
  const covered = coveredParts(directory);
  addReused(covered, differences);
  /** @type {Map<string, Set<string>>} */
  const native = new Map();
  for (const [test, parts] of covered) {
    for (const part of parts) {
      appendFileSync(join(directory, "coverage.jsonl"), `${JSON.stringify({ test, coverage: part })}\n`);
    }
    const scripts = parts.flatMap((part) => JSON.parse(withRoot(part)).result);
    const paths = scripts.map((/** @type {{ url: string }} */ { url }) => fileURLToPath(url));
    native.set(test, new Set(paths.filter((/** @type {string} */ path) => path.startsWith(`${checkout}/`))));
  }
  const everyone = { files: [], reads: [], looks: [] };
  const record = joinedRecord(directory, {
    ran,
    covered: new Set(covered.keys()),
    native,
    everyone,
    provider: "node",
    hasPlugins: false,
  });
  for (const test of Object.values(record.tests)) test.always ??= whyNotSeen(test);
  return record;
}

/** V8's files of each test file's process, without Node's own modules and ours. @param {string} directory @returns {Map<string, string[]>} */
function coveredParts(directory) {
  /** @type {Map<string, string[]>} */
  const tests = new Map();
  for (const name of readdirSync(directory)) {
    const [, pid, again] = /^trace-(\d+)-\d+(-again)?\.json$/.exec(name) ?? [];
    if (pid === undefined) continue;
    const { tests: own } = JSON.parse(readFileSync(join(directory, name), "utf8"));
    const isSure = again === undefined && !existsSync(join(directory, name.replace(".json", "-again.json")));
    if (isSure) tests.set(nameOf(own[0]), partsOf(pid));
  }
  return tests;
}

/** @param {string} pid */
function partsOf(pid) {
  const place = raw ?? "";
  const ours = new URL("..", import.meta.url).href;
  return readdirSync(place)
    .filter((name) => name.startsWith(`coverage-${pid}-`))
    .map((name) => {
      const { result, ...rest } = JSON.parse(readFileSync(join(place, name), "utf8"));
      const scripts = result.filter(
        (/** @type {{ url: string }} */ { url }) =>
          url.startsWith("file:") && !url.startsWith(ours) && !compilers.test(url),
      );
      return withoutRoot(JSON.stringify({ result: scripts, ...rest }));
    });
}

/** Adds what reused files had covered to V8's files, and compares those that ran for that. @param {Map<string, string[]>} covered @param {string[]} differences */
function addReused(covered, differences) {
  const reused = readReused();
  if (reused === null) return;
  let number = 0;
  for (const { test, parts, isLeftOut, isCompared } of recordedCoverage(reused)) {
    const texts = parts.map(({ coverage }) => coverage);
    if (isLeftOut) {
      for (const text of texts) {
        number += 1;
        writeFileSync(join(raw ?? "", `coverage-reused-${number}.json`), withRoot(text));
      }
    }
    if (!isCompared) continue;
    const difference = firstDifference(together(texts), together(covered.get(test) ?? []));
    if (difference !== null) differences.push(`${test} covers ${difference} otherwise now`);
  }
}

/** What was covered of the checkout: libraries may do at one time what they keep for the next. @param {string[]} parts */
function together(parts) {
  const isOwn = (/** @type {{ url: string }} */ { url }) =>
    url.startsWith("pushproof-checkout-url:/") && !url.includes("/node_modules/");
  return { result: parts.flatMap((part) => JSON.parse(part).result).filter(isOwn) };
}

/** Why what a test file loads is not all seen, a clause: V8 tells of no JSON that Node itself loads. @param {{ files: string[], reads: string[] }} test */
function whyNotSeen({ files, reads }) {
  const seen = new Set([...files, ...reads]);
  const typed = /\b(?:with|assert)\s*:?\s*\{\s*["']?(?:with["']?\s*:\s*\{\s*["']?)?type["']?\s*:/g;
  for (const file of files) {
    const text = textOf(file);
    if (!/\bimport\b/.test(text)) continue;
    const names = [...text.matchAll(/["'`]?([^"'`\n]*\.(?:json|wasm|node))["'`]/g)].map(([, name = ""]) => name);
    const count = [...text.matchAll(typed)].length;
    const isComputed = count > 0 && /\bimport\s*\(\s*(?!["'])/.test(text);
    // What tsx made a module of is a script, and what was read is known.
    const isSeen = names.every((name) => seen.has(posix.join(posix.dirname(file), name)));
    if (!isSeen || isComputed || count > names.length) return `${file} may import what is no script`;
  }
  return null;
}

/** @param {string} file */
function textOf(file) {
  try {
    return readFileSync(resolve(checkout, file), "utf8");
  } catch {
    return "";
  }
}
