// What vitest's coordinating process does where tests are traced: it gives the coverage provider what reused test files had
// covered, and writes one record of what each test file rests on. src/suite/reuse/module-reach.ts reads it.
import { createHash } from "node:crypto";
import { appendFileSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { firstDifference } from "./raw-coverage.mjs";

/** @typedef {{ coverage: any, environment: string, projectName?: string, testFiles: string[] }} Meta as of vitest's `onAfterSuiteRun` */
/**
 * @typedef {{ files: string[], compared: string[], coverage: { path: string, key: string, version: string, tests: string[] }[] }} Reused
 *   the test files that are left out, those that run to be compared, and the records of what they had covered
 */
/** @typedef {{ environment: string, projectName?: string, coverage: string }} Part what a test file covered, as JSON without the checkout's path */

const directory = process.env.VERIFY_TRACE;
const checkout = directory === undefined ? "" : realpathSync(process.env.VERIFY_CHECKOUT ?? ".");

/** What is known of a run that is traced; null where it is not. @param {any} vitest */
export function beginTracing(vitest) {
  return directory === undefined ? null : new Tracing(vitest, directory);
}

class Tracing {
  #vitest;
  #directory;
  /** Why nothing can be recorded, a clause. @type {string | null} */
  #why;
  /** What was found other than recorded, a clause each. @type {string[]} */
  #differences = [];
  /** @type {Reused | null} */
  #reused;
  /** The test files whose coverage is kept. @type {Set<string>} */
  #covered = new Set();
  /** What those covered now that run to be compared. @type {Map<string, Part[]>} */
  #again = new Map();

  /** @param {any} vitest @param {string} directory */
  constructor(vitest, directory) {
    this.#vitest = vitest;
    this.#directory = directory;
    this.#why = whyUntraceable(vitest);
    const path = process.env.VERIFY_REUSED;
    this.#reused = path === undefined ? null : JSON.parse(readFileSync(path, "utf8"));
    const provider = vitest.coverageProvider;
    if (!provider) return;
    const onAfterSuiteRun = provider.onAfterSuiteRun.bind(provider);
    const generateCoverage = provider.generateCoverage.bind(provider);
    provider.onAfterSuiteRun = (/** @type {Meta} */ { coverage, ...meta }) => {
      const own = { ...meta, coverage: withoutOurs(coverage) };
      this.#keep(own);
      return onAfterSuiteRun(own);
    };
    provider.generateCoverage = async (/** @type {unknown[]} */ ...args) => {
      this.#addReused(onAfterSuiteRun);
      return await generateCoverage(...args);
    };
  }

  /** @param {Meta} meta */
  #keep({ coverage, environment, projectName, testFiles }) {
    const [file] = testFiles;
    if (file === undefined || testFiles.length > 1) this.#why ??= "several test files share a process";
    if (file === undefined || !coverage) return;
    const test = nameOf(file);
    const part = {
      environment,
      ...(projectName ? { projectName } : {}),
      coverage: withoutRoot(JSON.stringify(coverage)),
    };
    this.#covered.add(test);
    appendFileSync(join(this.#directory, "coverage.jsonl"), `${JSON.stringify({ test, ...part })}\n`);
    if (this.#reused?.compared.includes(test)) this.#again.set(test, [...(this.#again.get(test) ?? []), part]);
  }

  /** Gives the provider what the reused test files had covered, as if they had run. @param {(meta: Meta) => void} add */
  #addReused(add) {
    if (this.#reused === null) return;
    try {
      const reused = new Set(this.#reused.files);
      const compared = new Set(this.#reused.compared);
      for (const { tests, ...record } of this.#reused.coverage) {
        const recorded = readRecord(record);
        for (const test of tests) {
          const parts = recorded[test];
          if (parts === undefined) throw new Error(`nothing is recorded of ${test}`);
          if (reused.delete(test)) {
            for (const part of parts) {
              add({ ...part, coverage: JSON.parse(withRoot(part.coverage)), testFiles: [join(checkout, test)] });
            }
          }
          if (compared.delete(test)) this.#compare(test, parts);
        }
      }
      if (reused.size > 0) throw new Error(`nothing is recorded of ${[...reused][0]}`);
    } catch (error) {
      this.#differences.push(`its coverage could not be joined (${error instanceof Error ? error.message : error})`);
    }
  }

  /** @param {string} test @param {Part[]} before */
  #compare(test, before) {
    const after = this.#again.get(test) ?? [];
    const keyOf = (/** @type {Part} */ part) => `${part.projectName} ${part.environment}`;
    for (const part of before) {
      const now = after.find((other) => keyOf(other) === keyOf(part));
      const difference =
        now === undefined ? "its coverage" : firstDifference(JSON.parse(part.coverage), JSON.parse(now.coverage));
      if (difference !== null) this.#differences.push(`${test} covers ${difference} otherwise now`);
    }
    if (after.length !== before.length) this.#differences.push(`${test} ran in other projects`);
  }

  /** Writes the record. Call it when the coverage is there. @param {Iterable<string>} ran the absolute test files that ran */
  write(ran) {
    /** @type {object} */
    let record;
    try {
      record = this.#why === null ? this.#joined(new Set([...ran].map(nameOf))) : { why: this.#why };
    } catch (error) {
      record = { why: `what was traced cannot be read (${error instanceof Error ? error.message : error})` };
    }
    const whole = { why: null, differences: this.#differences, ...record };
    writeFileSync(join(this.#directory, "record.json"), JSON.stringify(whole));
  }

  /** @param {Set<string>} ran */
  #joined(ran) {
    for (const test of this.#reused?.files ?? []) {
      if (ran.has(test)) throw new Error(`${test} ran although it was left out`);
    }
    /** @type {Record<string, any>} */
    const tests = {};
    for (const name of readdirSync(this.#directory).filter((one) => /^trace-.*\.json$/.test(one))) {
      const { tests: own, ...found } = JSON.parse(readFileSync(join(this.#directory, name), "utf8"));
      for (const test of own.map(nameOf)) tests[test] = joinedTrace(tests[test], found);
    }
    for (const test of ran) {
      if (tests[test] === undefined || !this.#covered.has(test)) delete tests[test];
    }
    const trace = /** @type {any} */ (globalThis)[Symbol.for("pushproof.trace")];
    const everyone = {
      files: configFiles(this.#vitest),
      reads: [...trace.reads].map(nameOf),
      looks: [...trace.looks].map(nameOf),
    };
    const all = [everyone, ...Object.values(tests)];
    const paths = new Set(all.flatMap(({ files, reads }) => [...files, ...reads]));
    const looks = new Set(all.flatMap((one) => one.looks));
    return {
      collected: Object.fromEntries([...ran].map((test) => [test, 1])),
      tests,
      everyone,
      hasPlugins: pluginsOf(this.#vitest).length > 0,
      states: Object.fromEntries([...paths].map((path) => [path, stateOf(path, false)])),
      looks: Object.fromEntries([...looks].map((path) => [path, stateOf(path, true)])),
    };
  }
}

/** A test file that runs in two projects rests on what it does in both. @param {any} known @param {any} found */
function joinedTrace(known, found) {
  const lists = ["files", "whole", "names", "reads", "looks"];
  const named = (/** @type {string} */ key) => {
    const own = found[key].filter((/** @type {string} */ one) => key === "names" || isKept(one));
    return key === "names" ? own : own.map(nameOf);
  };
  const joined = Object.fromEntries(lists.map((key) => [key, [...new Set([...(known?.[key] ?? []), ...named(key)])]]));
  return {
    ...joined,
    always: known?.always ?? found.always,
    hasReadText: known?.hasReadText === true || found.hasReadText,
    hasMissed: known?.hasMissed === true || found.hasMissed,
  };
}

/** What is installed is told by the digest of packages; what is no file has no name that leads somewhere. @param {string} path */
function isKept(path) {
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

/** Relative to the checkout where it lies there. @param {string} path */
function nameOf(path) {
  const real = path.startsWith(`${checkout}/`) ? path : realpath(path);
  return real.startsWith(`${checkout}/`) ? relative(checkout, real) : path;
}

/** As `state_of` in pushproof_record.py. @param {string} name @param {boolean} isLook */
export function stateOf(name, isLook) {
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

/** What traces a process is no part of what its tests cover. @param {any} coverage */
function withoutOurs(coverage) {
  if (!Array.isArray(coverage?.result)) return coverage;
  const ours = new URL(".", import.meta.url).href;
  return { result: coverage.result.filter((/** @type {{ url: string }} */ { url }) => !url.startsWith(ours)) };
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
function withoutRoot(text) {
  return roots.reduce((result, [root, sign]) => result.replaceAll(`"${root}/`, `"${sign}/`), text);
}

/** @param {string} text */
function withRoot(text) {
  return roots.reduce((result, [root, sign]) => result.replaceAll(`"${sign}/`, `"${root}/`), text);
}

/** What a record holds of each test file. @param {{ path: string, key: string, version: string }} record @returns {Record<string, Part[]>} */
function readRecord({ path, key, version }) {
  const found = JSON.parse(gunzipSync(readFileSync(path)).toString("utf8"));
  if (found.key !== key || found.version !== version) throw new Error("a record of it is another one");
  return found.value;
}

/** The files of the configuration, relative to the checkout. @param {any} vitest */
function configFiles(vitest) {
  const files = [vitest, ...vitest.projects].flatMap(({ vite }) => [
    vite.config.configFile,
    ...(vite.config.configFileDependencies ?? []),
  ]);
  return [...new Set(files.filter((file) => typeof file === "string" && isKept(file)).map(nameOf))];
}

/** The names of plugins that are not vite's or vitest's own. @param {any} vitest @returns {string[]} */
function pluginsOf(vitest) {
  const names = [vitest, ...vitest.projects].flatMap(({ vite }) =>
    vite.config.plugins.map((/** @type {{ name: string }} */ { name }) => name),
  );
  return names.filter((name) => !/^(?:(?:vite|vitest|builtin|native):|(?:alias|vitest|commonjs)$)/.test(name));
}

/** Why the test files of a suite cannot be told apart, a clause; null where they can. @param {any} vitest */
function whyUntraceable(vitest) {
  const { coverageProvider: provider, config, version } = vitest;
  if (Number.parseInt(version, 10) < 4) return `vitest ${version} does not tell what each test file loads`;
  if (!provider) return "nothing is measured";
  if (provider.name !== "v8" && provider.name !== "istanbul")
    return `its coverage provider is "${config.coverage.provider}"`;
  if (/** @type {any} */ (globalThis)[Symbol.for("pushproof.trace")] === undefined)
    return "vitest is not started by its own program";
  if (vitest.mode === "benchmark") return "it measures times";
  return [vitest, ...vitest.projects].map((project) => whyShared(project.config)).find((why) => why !== null) ?? null;
}

/** @param {any} config of a project */
function whyShared({ browser, typecheck, pool, isolate, sequence, globalSetup, experimental, execArgv }) {
  if (browser?.enabled) return "its tests run in a browser";
  if (typecheck?.enabled) return "it checks types";
  if (pool !== "forks" && pool !== "threads") return `its pool is "${pool}"`;
  if (!isolate) return "isolate is off";
  const { shuffle } = sequence ?? {};
  if (shuffle === true || shuffle?.tests || shuffle?.files) return "its tests are shuffled";
  if ([globalSetup ?? []].flat().length > 0) return "its globalSetup works for all test files";
  if (experimental?.viteModuleRunner === false) return "vite does not load its modules";
  const loads = /^(?:-r|--require|--import|--loader|--experimental-loader)\b/;
  return (execArgv ?? []).some((/** @type {string} */ word) => loads.test(word)) ? "its execArgv loads modules" : null;
}
