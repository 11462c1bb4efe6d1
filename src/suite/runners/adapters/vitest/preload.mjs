// Loaded into every process and thread of vitest with `node --import`, before any other code. Vitest numbers a worker
// later, by setting VITEST_POOL_ID, which sets the worker's database. Where each file has its own process or thread,
// the preload first waits to lease a database.
import { leaseDatabase } from "../lease.mjs";
import { allowDatabase } from "../tracing/databases.mjs";
import { leasedEnvironment, workerEnvironment } from "../worker-environment.mjs";
import { send } from "../worker-progress.mjs";

const environments = process.env.VERIFY_WORKER_ENVIRONMENTS;
const leases = process.env.VERIFY_LEASES;

/**
 * The entry points of test workers in vitest 4 and 3; npm, the coordinating process and other children are excluded.
 */
const runsFiles = /\/(vitest\/dist\/workers\/\w+|tinypool\/dist\/entry\/(process|worker))\.js$/;

const preload = import.meta.url;
/** @param {string} worker */
const onRun = (worker) => void reportFile(worker);

if (environments) {
  process.env = workerEnvironment(process.env, { environments: JSON.parse(environments), preload, onRun });
} else if (leases?.startsWith("/") && runsFiles.test(process.argv[1] ?? "")) {
  const lease = await leaseDatabase(leases);
  allowDatabase(lease.environment);
  process.env = leasedEnvironment(process.env, { lease, preload, onRun });
}

/**
 * Reports which file this worker runs. Vitest publishes it shortly after numbering the worker, so this polls a few
 * times; if it is never found, only the display lacks the name.
 * @param {string} worker
 */
async function reportFile(worker, attempts = 40) {
  // Taken before tests can replace timers and the clock.
  const timer = setTimeout;
  const at = Date.now();
  const before = /** @type {any} */ (globalThis).__vitest_worker__;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const state = /** @type {any} */ (globalThis).__vitest_worker__;
    const file = state?.filepath ?? state?.ctx?.files?.[0]?.filepath;
    // A worker that runs many files may still show the last one.
    if (file && state !== before) return send({ type: "file", worker, file, at });
    await new Promise((resolve) => timer(resolve, 5).unref());
  }
}
