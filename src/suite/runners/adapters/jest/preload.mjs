// Loaded into every process and thread of jest with `node --import`, before any other code. Sets a worker's database as
// soon as jest numbers the worker, and passes our additions to the process that reads the configuration.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { onModule } from "../module-hook.mjs";
import { choices, tellNarrowings } from "../narrowing.mjs";
import { thresholdMessage } from "../thresholds.mjs";
import { namedEnvironment, withoutPreload, withoutTracing } from "../worker-environment.mjs";
import { send } from "../worker-progress.mjs";

const { VERIFY_WORKER_ENVIRONMENTS: environments, VERIFY_JEST: additions } = process.env;
const require = createRequire(import.meta.url);

if (environments) {
  process.env = namedEnvironment(process.env, {
    variable: "JEST_WORKER_ID",
    environments: JSON.parse(environments),
    preload: import.meta.url,
  });
}

if (additions) {
  onModule("jest-config", (config) => {
    const { readConfigs } = config;
    config.readConfigs = async (/** @type {unknown[]} */ ...args) => {
      const read = await readConfigs(...args);
      const added = JSON.parse(readFileSync(additions, "utf8"));
      if (!added.list) await tellNarrowings(narrowings(read.globalConfig, args[0]));
      const { global: whole, ...parts } = (added.isShare && read.globalConfig.coverageThreshold) || {};
      const threshold = thresholdMessage({ ...whole, ...parts });
      if (threshold) send(threshold);
      if (added.serial) {
        // This process runs the tests itself.
        delete process.env.VERIFY_JEST;
        withoutPreload(process.env, import.meta.url);
        withoutTracing(process.env);
      }
      return { ...read, globalConfig: require("./additions.cjs")(read.globalConfig, added) };
    };
  });
  onModule(/jest-runner\/build\/testWorker(\.js)?$/, (testWorker) => {
    const { worker } = testWorker;
    testWorker.worker = (/** @type {{ path: string }} */ job, /** @type {unknown[]} */ ...more) => {
      send({ type: "file", worker: process.env.VERIFY_WORKER, file: job.path, at: Date.now() });
      return worker(job, ...more);
    };
  });
}

/**
 * Narrowings by jest's own options. `onlyChanged` also covers "changed since a commit".
 *
 * @param {Record<string, any>} config jest's global configuration
 * @param {any} args the command line
 * @returns {import("../narrowing.mjs").Narrowing[]}
 */
function narrowings(config, args) {
  const { onlyChanged, changedSince, lastCommit, onlyFailures, findRelatedTests, shard } = config;
  const paths = config.nonFlagArgs ?? [];
  const since = changedSince ? `--changedSince=${changedSince}` : lastCommit ? "--lastCommit" : "--onlyChanged";
  return [
    ...(onlyChanged ? [{ by: /** @type {const} */ ("git"), word: since }] : []),
    ...(onlyFailures ? [{ by: /** @type {const} */ ("failures"), word: "--onlyFailures" }] : []),
    ...(shard
      ? [{ by: /** @type {const} */ ("number"), word: `--shard=${shard.shardIndex}/${shard.shardCount}` }]
      : []),
    ...choices("-t", config.testNamePattern),
    ...choices("--filter", config.filter),
    ...choices("--selectProjects", args?.selectProjects),
    ...choices("--ignoreProjects", args?.ignoreProjects),
    ...choices(findRelatedTests ? "--findRelatedTests" : "", paths),
  ];
}
