// Loaded into every process and thread of jest with `node --import`, before any other code. A worker has its database from
// the moment at which jest says which worker it is; the process that reads the configuration is told what the run adds.

import { createRequire } from "node:module";
import { createConnection } from "node:net";
import { isMainThread } from "node:worker_threads";
import { onModule } from "./module-hook.mjs";
import { choices, tellNarrowings } from "./narrowing.mjs";
import { thresholdMessage } from "./thresholds.mjs";
import { namedEnvironment, withoutPreload } from "./worker-environment.mjs";

const { VERIFY_WORKER_ENVIRONMENTS: environments, VERIFY_JEST: additions, VERIFY_PROGRESS: socketPath } = process.env;
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
    config.readConfigs = async (/** @type {unknown[]} */ ...words) => {
      const read = await readConfigs(...words);
      const added = JSON.parse(additions);
      if (!added.list) await tellNarrowings(narrowings(read.globalConfig, words[0]));
      const { global: whole, ...parts } = (added.isShare && read.globalConfig.coverageThreshold) || {};
      const threshold = thresholdMessage({ ...whole, ...parts });
      if (threshold) send(threshold);
      if (added.serial) {
        // This process runs the tests itself.
        delete process.env.VERIFY_JEST;
        withoutPreload(process.env, import.meta.url);
      }
      return { ...read, globalConfig: require("./jest-additions.cjs")(read.globalConfig, added) };
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

/** @param {object} message */
function send(message) {
  if (!socketPath) return;
  const socket = createConnection(socketPath);
  socket.on("error", () => {});
  socket.end(`${JSON.stringify(message)}\n`);
  if (isMainThread) socket.unref();
}

/**
 * What jest's own options leave out. What is changed since a commit is told by `onlyChanged` as well.
 *
 * @param {Record<string, any>} config jest's global configuration
 * @param {any} words the command line
 * @returns {import("./narrowing.mjs").Narrowing[]}
 */
function narrowings(config, words) {
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
    ...choices("--selectProjects", words?.selectProjects),
    ...choices("--ignoreProjects", words?.ignoreProjects),
    ...choices(findRelatedTests ? "--findRelatedTests" : "", paths),
  ];
}
