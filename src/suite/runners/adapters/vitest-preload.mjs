// Loaded into every process and thread of vitest with `node --import`, before any other code.
// Vitest tells a worker who it is only later, by setting VITEST_POOL_ID: from then on the worker has its database. Where
// each file has a process or thread of its own, that waits here for a database of its own, before any other code.
import { createConnection } from "node:net";
import { isMainThread } from "node:worker_threads";
import { leaseDatabase } from "./lease.mjs";
import { leasedEnvironment, workerEnvironment } from "./worker-environment.mjs";

const environments = process.env.VERIFY_WORKER_ENVIRONMENTS;
const leases = process.env.VERIFY_LEASES;
const socketPath = process.env.VERIFY_PROGRESS;

/** What runs test files, in vitest 4 and 3: neither npm, nor the process that coordinates, nor what that starts beside. */
const runsFiles = /\/(vitest\/dist\/workers\/\w+|tinypool\/dist\/entry\/(process|worker))\.js$/;

const preload = import.meta.url;
/** @param {string} worker */
const onRun = (worker) => void reportFile(worker);

if (environments) {
  process.env = workerEnvironment(process.env, { environments: JSON.parse(environments), preload, onRun });
} else if (leases?.startsWith("/") && runsFiles.test(process.argv[1] ?? "")) {
  process.env = leasedEnvironment(process.env, { lease: await leaseDatabase(leases), preload, onRun });
}

/**
 * Tells the verifier which file this worker runs. Vitest publishes it a moment after it named the worker, so it is
 * looked for a few times; a worker whose file is never seen only lacks a name in the display.
 * @param {string} worker
 */
async function reportFile(worker, attempts = 40) {
  // Taken before the tests can replace the timers and the clock by their own.
  const timer = setTimeout;
  const at = Date.now();
  const before = /** @type {any} */ (globalThis).__vitest_worker__;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const state = /** @type {any} */ (globalThis).__vitest_worker__;
    const file = state?.filepath ?? state?.ctx?.files?.[0]?.filepath;
    // A worker that runs many files still has the last one's for a moment.
    if (file && state !== before) return send({ type: "file", worker, file, at });
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
