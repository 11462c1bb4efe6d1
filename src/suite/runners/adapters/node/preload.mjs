// Loaded into every process of `node --test` with `node --import`, before any other code. Each test file has its own
// process without a worker number, so it waits here to lease the database of a free worker.
import { createConnection } from "node:net";
import { leaseDatabase } from "../lease.mjs";
import { allowDatabase } from "../tracing/databases.mjs";
import { withoutPreload } from "../worker-environment.mjs";
import { watchEnd } from "./end.mjs";

const { VERIFY_LEASES: leases, VERIFY_PROGRESS: socketPath } = process.env;
const runsFile = process.env.NODE_TEST_CONTEXT?.startsWith("child") && process.argv[1] !== undefined;

if (runsFile) {
  watchEnd();
  if (leases?.startsWith("/")) {
    const lease = await leaseDatabase(leases);
    allowDatabase(lease.environment);
    Object.assign(process.env, lease.environment);
    delete process.env.VERIFY_LEASES;
    if (socketPath) {
      const socket = createConnection(socketPath);
      socket.on("error", () => {});
      const message = { type: "file", worker: lease.worker, file: process.argv[1], at: Date.now() };
      socket.end(`${JSON.stringify(message)}\n`);
    }
  }
  // Child processes get the user's own environment.
  withoutPreload(process.env, import.meta.url);
  process.env.NODE_OPTIONS = (process.env.NODE_OPTIONS ?? "")
    .replace(/--test-reporter(-destination)?=("[^"]*"|\S+)/g, "")
    .trim();
  if (process.env.NODE_OPTIONS === "") delete process.env.NODE_OPTIONS;
}
