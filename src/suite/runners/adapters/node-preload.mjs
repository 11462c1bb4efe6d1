// Loaded into every process of `node --test` with `node --import`, before any other code. Each test file has a process of its
// own there, and nobody tells it which worker it is: it waits here for the database of one that is free.
import { createConnection } from "node:net";
import { leaseDatabase } from "./lease.mjs";
import { watchEnd } from "./node-end.mjs";
import { withoutPreload } from "./worker-environment.mjs";

const { VERIFY_LEASES: leases, VERIFY_PROGRESS: socketPath } = process.env;
const runsFile = process.env.NODE_TEST_CONTEXT?.startsWith("child") && process.argv[1] !== undefined;

if (runsFile) {
  watchEnd();
  if (leases?.startsWith("/")) {
    const lease = await leaseDatabase(leases);
    Object.assign(process.env, lease.environment);
    delete process.env.VERIFY_LEASES;
    if (socketPath) {
      const socket = createConnection(socketPath);
      socket.on("error", () => {});
      const message = { type: "file", worker: lease.worker, file: process.argv[1], at: Date.now() };
      socket.end(`${JSON.stringify(message)}\n`);
    }
  }
  // What a test starts is the user's own again.
  withoutPreload(process.env, import.meta.url);
  process.env.NODE_OPTIONS = (process.env.NODE_OPTIONS ?? "")
    .replace(/--test-reporter(-destination)?=("[^"]*"|\S+)/g, "")
    .trim();
  if (process.env.NODE_OPTIONS === "") delete process.env.NODE_OPTIONS;
}
