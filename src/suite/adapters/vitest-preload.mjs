// Loaded into every process and thread of vitest with `node --import`, before any other code.
// Vitest tells a worker who it is only later, by setting VITEST_POOL_ID: from then on the worker has its database.
import { createConnection } from "node:net";
import { isMainThread } from "node:worker_threads";
import { workerEnvironment } from "./worker-environment.mjs";

const environments = process.env.VERIFY_WORKER_ENVIRONMENTS;
const socketPath = process.env.VERIFY_PROGRESS;

if (environments) {
  process.env = workerEnvironment(process.env, {
    environments: JSON.parse(environments),
    preload: import.meta.url,
    onRun: (worker) => void reportFile(worker),
  });
}

/**
 * Tells the verifier which file this worker runs. Vitest publishes it a moment after it named the worker, so it is
 * looked for a few times; a worker whose file is never seen only lacks a name in the display.
 * @param {string} worker
 */
async function reportFile(worker, attempts = 40) {
  // Taken before the tests can replace the timers by their own.
  const timer = setTimeout;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const state = /** @type {any} */ (globalThis).__vitest_worker__;
    const file = state?.filepath ?? state?.ctx?.files?.[0]?.filepath;
    if (file) return send({ type: "file", worker, file });
    await new Promise((resolve) => timer(resolve, 5).unref());
  }
}

/** @param {object} message */
function send(message) {
  if (!socketPath) return;
  const socket = createConnection(socketPath);
  socket.on("error", () => {});
  socket.end(`${JSON.stringify(message)}\n`);
  if (isMainThread) socket.unref();
}
