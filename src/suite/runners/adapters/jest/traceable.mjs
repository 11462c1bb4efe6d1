// Whether jest's test files can be told apart, by its configuration and by what it loads outside of them.
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { isOwn } from "../tracing/process-trace.mjs";
import { checkout, nameOf, whyLoadedEarly } from "../tracing/record.mjs";

/**
 * @typedef {Record<string, any>} Config
 * @typedef {{ globalConfig: Config, configs: Config[], version: string, config: unknown }} Asked `config` as on the command line
 * @typedef {{ why: string | null, hasPlugins: boolean, reporters: string[] }} Told
 */

/** Compilers whose result depends on the file that they compile, and on settings. */
const compilers = /\/node_modules\/(?:babel-jest|ts-jest|@swc\/jest|@sucrase\/jest-plugin|esbuild-jest)\//;
/** Plugins of babel that look at nothing but the code that they are given. */
const plain =
  /^(?:@babel\/(?:helper-)?plugin-|babel-plugin-(?:istanbul|jest-hoist|polyfill-(?:corejs[23]|regenerator|es-shims)|syntax-[\w-]+|transform-(?!inline-environment-variables)[\w-]+|dynamic-import-node|styled-components|react-compiler|const-enum|parameter-decorator)$)/;

/**
 * Why the test files of a suite cannot be told apart, a clause; null where they can. Also whether what is added may be loaded by
 * what nobody sees, and the modules that only report.
 *
 * @param {Asked} asked
 * @returns {Told}
 */
export function whyUntraceable(asked) {
  const { globalConfig, configs } = asked;
  const reporters = (globalConfig.reporters ?? []).flatMap((/** @type {unknown} */ one) => [one].flat().slice(0, 1));
  return {
    why: whyOfRun(asked) ?? configs.map(whyOfProject).find((why) => why !== null) ?? null,
    hasPlugins: configs.some(({ resolver }) => Boolean(resolver)),
    reporters: reporters.filter((/** @type {unknown} */ one) => typeof one === "string"),
  };
}

/** Why nothing of this process can be told apart, a clause; null where it can. */
export function whyOfProcess() {
  if (process.env.JEST_JASMINE === "1") return "its tests are run by jasmine";
  return whyLoadedEarly("jest");
}

/** @param {Asked} asked */
function whyOfRun({ globalConfig, configs, version, config }) {
  const { coverageProvider: provider, randomize } = globalConfig;
  if (!(Number.parseInt(version, 10) >= 29)) return `jest ${version} does not tell what each test file loads`;
  if (provider !== "babel" && provider !== "v8") return `its coverage provider is "${provider}"`;
  if (randomize) return "its tests are shuffled";
  if ([globalConfig, ...configs].some(({ globalSetup }) => globalSetup)) {
    return "its globalSetup works for all test files";
  }
  return whyOfConfigFile(config);
}

/** A configuration that is an ES module imports what nobody sees. @param {unknown} config */
function whyOfConfigFile(config) {
  const path = typeof config === "string" && /\.[cm]?[jt]s$/.test(config) ? config : null;
  const names = path === null ? [".mjs", ".js", ".ts", ".mts"].map((end) => `jest.config${end}`) : [path];
  const found = names.find((name) => isModule(name) && /\b(?:from|import)\b[^;\n]*["'][.#]/.test(textOf(name)));
  return found === undefined ? null : `${basename(found)} imports other files`;
}

/** @param {Config} config of a project */
function whyOfProject({ runner, testRunner, runtime, haste, transform, globals, ...config }) {
  if (!/(?:^|\/node_modules\/)jest-runner(?:\/|$)/.test(runner ?? "jest-runner"))
    return `its runner is ${named(runner)}`;
  if (!/(?:^|\/node_modules\/)jest-circus(?:\/|$)/.test(testRunner ?? ""))
    return `its test runner is ${named(testRunner)}`;
  if (runtime) return `its runtime is ${named(runtime)}`;
  if (haste?.hasteImplModulePath) return "its modules have names of their own";
  for (const [, path, options] of transform ?? []) {
    if (!compilers.test(path)) return `its compiler ${named(path)} may put other files into modules`;
    const isAlone = [options, globals?.["ts-jest"]].some(
      (one) => one?.isolatedModules === true || one?.transpilation === true,
    );
    if (/\/ts-jest\//.test(path) && !isAlone) return "ts-jest checks types across files (isolatedModules is off)";
    if (options?.astTransformers) return "its compiler has transformers of its own";
  }
  const { testEnvironment, resolver, snapshotResolver, testSequencer, dependencyExtractor } = config;
  const outside = [testEnvironment, resolver, snapshotResolver, testSequencer, dependencyExtractor];
  const hidden = outside.find((path) => typeof path === "string" && isOfProject(path) && isModule(path));
  return hidden === undefined ? null : `${named(hidden)} is an ES module outside of its tests`;
}

/**
 * Why compiled modules may hold what is read from other files, a clause; null where they do not.
 *
 * @param {{ files: string[], plugins: string[] }[]} parts what each process loaded outside of test files
 */
export function whyCompiled(parts) {
  const native = parts.flatMap(({ files }) => files).find((file) => file.endsWith(".node"));
  if (native !== undefined) return `${nameOf(native)} is loaded once for many test files`;
  const plugin = parts.flatMap(({ plugins }) => plugins).find((name) => !plain.test(name));
  return plugin === undefined ? null : `babel's plugin ${plugin} may put other files into modules`;
}

/**
 * Babel's plugins that a process loaded: packages by their names, and files of the project.
 *
 * @param {Record<string, any>} cache Node's own loaded modules, by file
 * @returns {string[]}
 */
export function pluginsIn(cache) {
  /** @type {Set<string>} */
  const plugins = new Set();
  for (const [path, module] of Object.entries(cache)) {
    const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]*babel-plugin[^/]*|@babel\/plugin-[^/]+)\//.exec(path) ?? [];
    if (name !== undefined) plugins.add(name);
    if (!/\/node_modules\/@babel\/core\//.test(path)) continue;
    for (const { filename } of module?.children ?? []) {
      const isSettings = /^(?:babel\.config|\.babelrc)\./.test(basename(filename ?? ""));
      if (isOfProject(filename ?? "") && (!isSettings || /\bvisitor\b/.test(textOf(filename))))
        plugins.add(nameOf(filename));
    }
  }
  return [...plugins];
}

/** Whether a file is the project's own. @param {string} path */
export function isOfProject(path) {
  return isOwn(path, checkout);
}

/** Whether Node loads a file as an ES module. @param {string} path */
function isModule(path) {
  if (/^\.c[jt]s$/.test(extname(path)) || !existsSync(path)) return false;
  if (/^\.m[jt]s$/.test(extname(path))) return true;
  for (let place = dirname(resolve(path)); ; place = dirname(place)) {
    const text = textOf(join(place, "package.json"));
    if (text !== "") return /"type"\s*:\s*"module"/.test(text);
    if (place === dirname(place)) return false;
  }
}

/** What people call a file: its package, or its name in the checkout. @param {string} path */
export function named(path) {
  const [, installed] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  return installed ?? (isOfProject(path) ? nameOf(path) : path);
}

/** @param {string} path */
function textOf(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
