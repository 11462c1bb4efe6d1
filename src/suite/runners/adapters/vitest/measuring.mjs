// Which files vitest's own configuration measures, excludes, or treats as source with tests in it.
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import picomatch from "picomatch";

/**
 * @typedef {{ include?: string[], exclude?: string[], all?: boolean, thresholds?: Record<string, unknown> }} Coverage
 * @typedef {{
 *   options?: Coverage,
 *   isIncluded?: (file: string) => boolean,
 *   testExclude?: { shouldInstrument(file: string): boolean },
 * }} Provider vitest 4 decides itself, vitest 3 uses a library
 * @typedef {{ config: { root: string, coverage?: Coverage }, coverageProvider?: Provider | null }} Vitest
 * @typedef {{
 *   moduleId: string,
 *   project?: { config: { root: string, dir?: string, include?: string[], includeSource?: string[] } },
 * }} Module a file that holds tests
 */

/**
 * Classifies the files of source-files.ts by the configuration; null where vitest cannot be asked.
 *
 * @param {Vitest} vitest
 * @returns {{ named: string[] | null, left: string[] } | null}
 */
export function measures({ config, coverageProvider: provider }) {
  const path = process.env.VERIFY_SOURCE_FILES;
  if (!path || !provider) return null;
  /** @type {{ files: string[] }} */
  const { files } = JSON.parse(readFileSync(path, "utf8"));
  const { isIncluded, testExclude } = provider;
  if (!isIncluded && !testExclude) return null;
  const counts = (/** @type {string} */ file) =>
    isIncluded ? isIncluded.call(provider, file) : testExclude?.shouldInstrument(file) === true;
  const include = provider.options?.include ?? config.coverage?.include;
  // vitest 3's default names no files, and `all` may be off.
  const names = include !== undefined && include.length > 0 && !include.every((glob) => glob === "**");
  const isNamed = names ? picomatch(include, { dot: true, contains: true }) : () => true;
  const counted = new Set(files.filter(counts));
  return {
    named: names && provider.options?.all !== false ? [...counted] : null,
    left: files.filter((file) => !counted.has(file) && isNamed(relative(config.root, file))),
  };
}

/**
 * Separates test files from source with tests in it (`includeSource`).
 *
 * @param {readonly Module[]} modules
 */
export function testedIn(modules) {
  const isTestFile = (/** @type {Module} */ { moduleId, project }) => {
    const { root, dir, include, includeSource } = project?.config ?? { root: "" };
    if (!includeSource?.length || !include) return true;
    return picomatch.isMatch(relative(dir || root, moduleId), include, { dot: true });
  };
  const idOf = (/** @type {Module} */ { moduleId }) => moduleId;
  return {
    files: modules.filter((module) => !isTestFile(module)).map(idOf),
    testFiles: modules.filter(isTestFile).map(idOf),
  };
}
