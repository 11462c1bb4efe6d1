// Which files jest's own configuration measures, decided as in its `shouldInstrument`.
const { readFileSync } = require("node:fs");
const { basename, relative } = require("node:path");
const picomatch = require("picomatch");

/**
 * @typedef {{ rootDir: string, collectCoverageFrom?: string[] }} GlobalConfig
 * @typedef {{
 *   runner?: string, testMatch?: string[], testRegex?: (string | RegExp)[], testPathIgnorePatterns?: string[],
 *   coveragePathIgnorePatterns?: string[], setupFiles?: string[], setupFilesAfterEnv?: string[],
 *   globalSetup?: string | null, globalTeardown?: string | null,
 * }} ProjectConfig
 * @typedef {{ config: ProjectConfig }} Context
 */

/**
 * Classifies the files of source-files.ts by the configuration; null where none are requested.
 *
 * @param {GlobalConfig} globalConfig
 * @param {ProjectConfig[]} configs
 */
exports.measures = ({ rootDir, collectCoverageFrom: globs = [] }, configs) => {
  const path = process.env.VERIFY_SOURCE_FILES;
  if (!path) return null;
  /** @type {{ files: string[] }} */
  const { files } = JSON.parse(readFileSync(path, "utf8"));
  const told = (/** @type {string} */ file) => lastWord(globs, relative(rootDir, file).replaceAll("\\", "/"));
  const isLeft = (/** @type {string} */ file) =>
    told(file) === "left" || configs.every((config) => ignores(config, file));
  const isNamed = (/** @type {string} */ file) =>
    told(file) === "named" && configs.some((config) => !ignores(config, file) && !isTest(config, file));
  return { named: globs.length === 0 ? null : files.filter(isNamed), left: files.filter(isLeft) };
};

/** Whether the project's runner only checks files and runs no tests. @param {ProjectConfig} config */
exports.isLinter = ({ runner = "" }) => {
  const [own, installed] = runner.split(/[\\/]node_modules[\\/](?!.*[\\/]node_modules[\\/])/);
  return /lint|prettier|runner-tsc|typescript|flow/i.test(installed ?? basename(own ?? ""));
};

/** The last matching glob decides; one with a leading `!` excludes. @param {string[]} globs @param {string} name */
function lastWord(globs, name) {
  /** @type {"named" | "left" | null} */
  let word = globs.length > 0 && globs.every((glob) => glob.startsWith("!")) ? "named" : null;
  for (const glob of globs) {
    const isNegated = glob.startsWith("!");
    if (!picomatch.isMatch(name, isNegated ? glob.slice(1) : glob, { dot: true })) continue;
    word = isNegated ? (word === null ? null : "left") : "named";
  }
  return word;
}

/** @param {ProjectConfig} config @param {string} file */
function ignores(config, file) {
  const {
    coveragePathIgnorePatterns = [],
    setupFiles = [],
    setupFilesAfterEnv = [],
    globalSetup,
    globalTeardown,
  } = config;
  return (
    coveragePathIgnorePatterns.some((pattern) => new RegExp(pattern).test(file)) ||
    [...setupFiles, ...setupFilesAfterEnv, globalSetup, globalTeardown].includes(file) ||
    /[\\/]__mocks__[\\/]/.test(file)
  );
}

/** @param {ProjectConfig} config @param {string} file */
function isTest({ testMatch = [], testRegex = [], testPathIgnorePatterns = [] }, file) {
  if (testPathIgnorePatterns.some((pattern) => new RegExp(pattern).test(file))) return false;
  return (
    testRegex.some((regex) => new RegExp(regex).test(file)) ||
    lastWord(testMatch, file.replaceAll("\\", "/")) === "named"
  );
}
