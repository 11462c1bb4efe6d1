// What vitest's coordinating process does where tests are traced: it gives the coverage provider what reused test files had
// covered, and writes one record of what each test file rests on. src/suite/reuse/module-reach.ts reads it.
import { appendFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { moveScript, movesOf } from "../tracing/moved-coverage.mjs";
import { isOwn } from "../tracing/process-trace.mjs";
import { firstDifference } from "../tracing/raw-coverage.mjs";
import {
  checkout,
  isKept,
  joinedRecord,
  nameOf,
  readReused,
  recordedCoverage,
  refuseUnexpected,
  whyLoadedEarly,
  withoutRoot,
  withRoot,
} from "../tracing/record.mjs";
import { hasSetup, SetupModules } from "./setup.mjs";

/** @typedef {{ coverage: any, environment: string, projectName?: string, testFiles: string[] }} Meta as of vitest's `onAfterSuiteRun` */
/** @typedef {import("../tracing/record.mjs").Reused} Reused */
/** @typedef {import("../tracing/record.mjs").Recorded} Recorded */
/** @typedef {import("../tracing/record.mjs").Part} Part */

const directory = process.env.VERIFY_TRACE;

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
  /** What is set up for all test files; null where nothing is. @type {SetupModules | null} */
  #setup = null;
  /** @type {Reused | null} */
  #reused;
  /** The test files whose coverage is kept. @type {Set<string>} */
  #covered = new Set();
  /** The projects and environments in which each file was covered. @type {Map<string, [projectName: string, environment: string][]>} */
  #scripts = new Map();
  /** What V8 saw of each test file, whoever loaded it. @type {Map<string, Set<string>>} */
  #native = new Map();
  /** @type {Map<string, ReturnType<typeof movesOf>>} */
  #moves = new Map();
  /** What vitest runs of a file, by project, environment and file. @type {Map<string, string | null>} */
  #codes = new Map();
  /** What those covered now that run to be compared. @type {Map<string, Part[]>} */
  #again = new Map();

  /** @param {any} vitest @param {string} directory */
  constructor(vitest, directory) {
    this.#vitest = vitest;
    this.#directory = directory;
    this.#why = whyUntraceable(vitest);
    this.#reused = readReused();
    if (this.#why === null && [vitest, ...vitest.projects].some(hasSetup)) {
      traceOf().isStrict = true;
      this.#setup = new SetupModules(vitest, traceOf());
    }
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
      await this.#addReused(onAfterSuiteRun);
      return await generateCoverage(...args);
    };
  }

  /** @param {Meta} meta */
  #keep({ coverage, environment, projectName, testFiles }) {
    const [file] = testFiles;
    if (file === undefined || testFiles.length > 1) this.#why ??= "several test files share a process";
    if (file === undefined || !coverage) return;
    const test = nameOf(file);
    const scripts = Array.isArray(coverage.result) ? coverage.result : [];
    for (const { url } of scripts) {
      const path = fileURLToPath(url);
      if (!path.startsWith(`${checkout}/`)) continue;
      this.#native.set(test, (this.#native.get(test) ?? new Set()).add(path));
      const places = this.#scripts.get(path) ?? [];
      this.#scripts.set(path, places);
      const isKnown = places.some(([name, other]) => name === (projectName ?? "") && other === environment);
      if (!isKnown) places.push([projectName ?? "", environment]);
    }
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
  async #addReused(add) {
    if (this.#reused === null) return;
    try {
      for (const { test, parts, isLeftOut, isCompared, recorded, changed } of recordedCoverage(this.#reused)) {
        const moved = [];
        for (const part of parts) {
          const coverage = JSON.parse(withRoot(part.coverage));
          await this.#move(coverage, part, recorded, new Set(changed));
          moved.push({ ...part, environment: part.environment ?? "", coverage });
        }
        if (isLeftOut) for (const part of moved) add({ ...part, testFiles: [join(checkout, test)] });
        if (isCompared) this.#compare(test, moved);
      }
    } catch (error) {
      this.#why ??= `its coverage could not be joined (${error instanceof Error ? error.message : error})`;
    }
  }

  /**
   * Moves what was covered of changed modules to where its code is now. Throws where that cannot be told.
   *
   * @param {any} coverage
   * @param {Part} part
   * @param {Recorded} recorded
   * @param {Set<string>} changed
   */
  async #move(coverage, { projectName, environment = "" }, recorded, changed) {
    if (!Array.isArray(coverage.result) || changed.size === 0) return;
    for (const script of coverage.result) {
      const file = fileURLToPath(script.url);
      const name = nameOf(file);
      if (!changed.has(name)) continue;
      const before = recorded.code[name]?.code;
      const now = await this.#codeOf(file, projectName, environment);
      if (before === undefined || now === null) throw new Error(`${name} was compiled in several ways`);
      moveScript(script, await this.#movesOf(name, before, now));
    }
  }

  /** @param {string} name @param {string} before @param {string} now */
  async #movesOf(name, before, now) {
    const key = `${name} ${before.length} ${now}`;
    const known = this.#moves.get(key);
    if (known !== undefined) return known;
    const parse = await parser();
    const moves = movesOf(before, now, await parse(before), await parse(now));
    this.#moves.set(key, moves);
    return moves;
  }

  /** The code that vitest runs of a file; null where it is not one. @param {string} file @param {string | undefined} projectName @param {string} environment @returns {Promise<string | null>} */
  async #codeOf(file, projectName, environment) {
    const key = `${projectName} ${environment} ${file}`;
    const known = this.#codes.get(key);
    if (known !== undefined) return known;
    const project = this.#vitest.getProjectByName(projectName ?? "");
    const loaded = await project._fetcher(file, undefined, project.vite.environments[environment], false, {});
    const code = typeof loaded?.code === "string" ? loaded.code : null;
    this.#codes.set(key, code);
    return code;
  }

  /** @param {string} test @param {any[]} before parts whose coverage is parsed */
  #compare(test, before) {
    const after = this.#again.get(test) ?? [];
    const keyOf = (/** @type {Part} */ part) => `${part.projectName} ${part.environment}`;
    for (const part of before) {
      const now = after.find((other) => keyOf(other) === keyOf(part));
      const difference =
        now === undefined ? "its coverage" : firstDifference(part.coverage, JSON.parse(withRoot(now.coverage)));
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
    if (this.#why === null) this.#writeCode();
    const whole = { why: null, differences: this.#differences, ...record };
    writeFileSync(join(this.#directory, "record.json"), JSON.stringify(whole));
  }

  /** Writes the code of each module that was covered, where there is one form of it. */
  #writeCode() {
    for (const [file, places] of this.#scripts) {
      const codes = new Map();
      for (const [projectName, environment] of places) {
        const { moduleGraph } = this.#vitest.getProjectByName(projectName).vite.environments[environment];
        for (const { transformResult } of moduleGraph.getModulesByFile(file) ?? []) {
          const { code, map } = transformResult ?? {};
          if (typeof code === "string") codes.set(code, map?.sources?.length > 1 ? "" : (map?.mappings ?? ""));
        }
      }
      const [one] = codes;
      if (codes.size !== 1 || one === undefined) continue;
      const [code, mappings] = one;
      const line = { file: nameOf(file), code, mappings };
      appendFileSync(join(this.#directory, "coverage.jsonl"), `${JSON.stringify(line)}\n`);
    }
  }

  /** @param {Set<string>} ran */
  #joined(ran) {
    refuseUnexpected(this.#reused, ran);
    const trace = traceOf();
    const { files: loaded, why } = this.#setup?.found(checkout) ?? { files: [], why: whyConfigured(trace) };
    if (why !== null) return { why };
    const setup = loaded.map(nameOf);
    const everyone = {
      files: [...new Set([...configFiles(this.#vitest), ...setup])],
      reads: [...trace.reads].map(nameOf),
      looks: [...trace.looks].map(nameOf),
      setup,
      hasMissed: setup.length > 0 && trace.hasMissed,
      hasReadText: trace.hasReadText,
    };
    return joinedRecord(this.#directory, {
      ran,
      covered: this.#covered,
      native: this.#native,
      everyone,
      provider: this.#vitest.coverageProvider.name,
      hasPlugins: pluginsOf(this.#vitest).length > 0,
    });
  }
}

/** What a configuration itself does that cannot be traced, a clause: vite runs it as a copy. @param {any} trace */
function whyConfigured({ always, marker }) {
  return always !== null && (/\/node_modules\/\.vite-temp\//.test(marker) || isOwn(marker, checkout))
    ? `its configuration ${always}`
    : null;
}

/** What is traced of this process. @returns {any} */
function traceOf() {
  return /** @type {any} */ (globalThis)[Symbol.for("pushproof.trace")];
}

/** The parser of the vitest that runs. @returns {Promise<(code: string) => Promise<any>>} */
async function parser() {
  const program = realpathSync(process.argv[1] ?? "");
  const { parseAstAsync } = await import(pathToFileURL(join(dirname(program), "dist", "node.js")).href);
  return parseAstAsync;
}

/** What traces a process is no part of what its tests cover. @param {any} coverage */
function withoutOurs(coverage) {
  if (!Array.isArray(coverage?.result)) return coverage;
  const ours = new URL("..", import.meta.url).href;
  return { result: coverage.result.filter((/** @type {{ url: string }} */ { url }) => !url.startsWith(ours)) };
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
  const trace = traceOf();
  if (trace === undefined) return "vitest is not started by its own program";
  if (trace.fault !== null) return trace.fault;
  if (vitest.mode === "benchmark") return "it measures times";
  const early = whyLoadedEarly("vitest");
  if (early !== null) return early;
  if (vitest.projects.length > 1 && vitest.projects.some(hasSetup)) return "its projects have a globalSetup each";
  return [vitest, ...vitest.projects].map((project) => whyShared(project.config)).find((why) => why !== null) ?? null;
}

/** @param {any} config of a project */
function whyShared({ browser, typecheck, pool, isolate, sequence, experimental, execArgv }) {
  if (browser?.enabled) return "its tests run in a browser";
  if (typecheck?.enabled) return "it checks types";
  if (pool !== "forks" && pool !== "threads") return `its pool is "${pool}"`;
  if (!isolate) return "isolate is off";
  const { shuffle } = sequence ?? {};
  if (shuffle === true || shuffle?.tests || shuffle?.files) return "its tests are shuffled";
  if (experimental?.viteModuleRunner === false) return "vite does not load its modules";
  const loads = /^(?:-r|--require|--import|--loader|--experimental-loader)\b/;
  return (execArgv ?? []).some((/** @type {string} */ word) => loads.test(word)) ? "its execArgv loads modules" : null;
}
