// Tells from the workers of vitest and jest which file they run.
import { createConnection } from "node:net";
import { isMainThread } from "node:worker_threads";

// Read before any other code may take it away.
const socketPath = process.env.VERIFY_PROGRESS;

/** Sends a message, where anybody listens; nothing waits for it. @param {object} message */
export function send(message) {
  if (!socketPath) return;
  const socket = createConnection(socketPath);
  socket.on("error", () => {});
  socket.end(`${JSON.stringify(message)}\n`);
  if (isMainThread) socket.unref();
}
