// Client for processes that need a database during a verification: it asks on a unix socket and holds the database
// while connected, so that a killed process returns it too.
import { createConnection } from "node:net";

/**
 * Waits for a database without a time limit, or until the signal aborts. The connection does not keep the process
 * alive.
 *
 * @param {string} socketPath
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ worker: string, name: string, environment: Record<string, string>, end: () => void }>}
 */
export function leaseDatabase(socketPath, signal) {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath).setEncoding("utf8");
    const giveUp = () => void socket.destroy();
    signal?.addEventListener("abort", giveUp, { once: true });
    if (signal?.aborted) giveUp();
    let answer = "";
    socket.on("data", (/** @type {string} */ chunk) => {
      answer += chunk;
      if (!answer.endsWith("\n")) return;
      signal?.removeEventListener("abort", giveUp);
      const { error, ...database } = JSON.parse(answer);
      if (error) return reject(new Error(error));
      socket.unref();
      resolve({ ...database, end: () => void socket.destroy() });
    });
    const gone = "The verification that lends the databases of this suite has ended.";
    socket.on("error", (cause) => reject(new Error(gone, { cause })));
    socket.on("close", () => reject(new Error(gone)));
  });
}
