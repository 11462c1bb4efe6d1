// What a verification adds to jest's configuration, after the command line and the user's files were read.
const { statSync } = require("node:fs");
const { relative } = require("node:path");

/**
 * @typedef {Record<string, any>} Config jest's global configuration
 * @typedef {{
 *   workers: number, serial: boolean, coverageDirectory: string | null, isShare: boolean, source: string[], reporter: string, results: string,
 *   files: string[] | null, names: string | null, list: boolean,
 * }} Additions
 */

/**
 * @param {Config} config
 * @param {Additions} additions
 */
module.exports = (config, additions) => {
  const { workers, serial, coverageDirectory, isShare, source, files, names, list } = additions;
  const own = {
    maxWorkers: workers,
    ...(serial ? { runInBand: true } : {}),
    // As in CI: an uncommitted snapshot proves nothing.
    ci: true,
    updateSnapshot: config.updateSnapshot === "all" ? "all" : "none",
    watch: false,
    watchAll: false,
    notify: false,
    passWithNoTests: false,
    ...(list ? { listTests: true, json: true } : { reporters: reporters(config, additions) }),
    ...(files === null ? {} : { runTestsByPath: true, nonFlagArgs: files, testPathPattern: "" }),
    ...(names === null ? {} : { testNamePattern: names }),
    ...coverage(config, coverageDirectory, source),
    // The thresholds of the whole do not apply to a share.
    ...(isShare ? { coverageThreshold: undefined } : {}),
  };
  return Object.freeze({ ...config, ...own });
};

/**
 * The user's own reporters stay; ours comes last.
 *
 * @param {Config} config
 * @param {Additions} additions
 */
function reporters(config, { reporter, results, serial }) {
  return [...(config.reporters ?? [["default", {}]]), [reporter, { results, serial }]];
}

/**
 * @param {Config} config
 * @param {string | null} directory
 * @param {string[]} source
 */
function coverage(config, directory, source) {
  if (directory === null) return { collectCoverage: false };
  const hasOwn = (config.collectCoverageFrom ?? []).length > 0;
  // Glob characters in paths are literal: app/(shop)/[id].
  const globs = source.map((path) => {
    const literal = relative(config.rootDir, path)
      .replaceAll("\\", "/")
      .replace(/[*?[\]{}()!+@|]/g, "\\$&");
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) return literal;
    return `${literal === "" ? "" : `${literal}/`}**/*.{js,jsx,cjs,mjs,ts,tsx,cts,mts,vue,svelte}`;
  });
  return {
    collectCoverage: true,
    coverageReporters: ["lcovonly"],
    coverageDirectory: directory,
    ...(hasOwn || globs.length === 0 ? {} : { collectCoverageFrom: [...globs, "!**/*.d.ts", "!**/node_modules/**"] }),
  };
}
