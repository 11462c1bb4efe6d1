// Watches a Node process whose tests are over. If it does not end, reports what keeps it alive, and kills it after a
// while; connection pools get time to close by themselves.
import { createConnection } from "node:net";
import { performance } from "node:perf_hooks";

const { setInterval, clearInterval } = globalThis;

/** After how many seconds the reason is reported, and after how many the process is killed. */
const reportedAfter = 3;
const endedAfter = 15;
/** How long a second is, in milliseconds: shorter where this is tried. */
const second = Number(process.env.VERIFY_ALIVE_SECOND ?? 1000);

/**
 * Starts watching; call it when the tests are over.
 *
 * @param {{ socketPath: string | undefined, isOver?: () => boolean, end?: () => void }} options `isOver` is asked every
 *   second whether the tests are over, where that may turn out to be wrong; `end` ends the process
 */
export function watchLife({ socketPath, isOver = () => true, end = () => process.exit() }) {
  if (!socketPath) return;
  let seconds = 0;
  let before = performance.eventLoopUtilization();
  const clock = setInterval(() => {
    const since = performance.eventLoopUtilization(before);
    before = performance.eventLoopUtilization();
    if (!isOver()) seconds = 0;
    // A busy process is not merely kept alive by open handles.
    else if (since.utilization < 0.5) seconds += 1;
    if (seconds === reportedAfter) say({ type: "alive", by: holders(), isEnded: false });
    if (seconds < endedAfter) return;
    clearInterval(clock);
    say({ type: "alive", by: holders(), isEnded: true }, end);
  }, second);
  clock.unref();

  /** @param {object} message @param {() => void} [then] */
  function say(message, then = () => {}) {
    const socket = createConnection(/** @type {string} */ (socketPath));
    // Ignore that the verifier stopped listening.
    socket.on("error", () => {});
    socket.once("close", then);
    socket.end(`${JSON.stringify(message)}\n`);
    socket.unref();
  }
}

/** What keeps this process alive, a phrase each; empty where unknown. @returns {string[]} */
function holders() {
  const inner = /** @type {NodeJS.Process & { _getActiveHandles?: () => any[] }} */ (process);
  const handles = (inner._getActiveHandles?.() ?? []).filter(keepsAlive);
  const timers = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const handle of handles) counts.set(nameOf(handle), (counts.get(nameOf(handle)) ?? 0) + 1);
  if (timers > 0) counts.set("a timer", timers);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} (${count} times)`));
}

/** @param {any} handle */
function keepsAlive(handle) {
  const fd = handle.fd ?? handle._handle?.fd;
  const isStandard = typeof fd === "number" && fd >= 0 && fd <= 2;
  const inner = handle._handle ?? handle;
  return !isStandard && inner?.hasRef?.() !== false;
}

/** @param {any} handle */
function nameOf(handle) {
  const kind = handle.constructor?.name ?? "";
  if (handle.remotePort !== undefined) {
    const isDatabase = String(handle.remotePort) === process.env.PGPORT;
    return `a connection to ${isDatabase ? "the database" : `${handle.remoteAddress}:${handle.remotePort}`}`;
  }
  if (kind === "Server") {
    const address = handle.address?.();
    return `a server that listens${address?.port ? ` on port ${address.port}` : ""}`;
  }
  if (kind === "Socket") return "an open socket";
  if (kind === "ChildProcess") return `a child process (${handle.spawnfile})`;
  if (kind === "MessagePort" || kind === "Worker") return "a worker thread";
  if (kind.startsWith("FS") || kind === "StatWatcher") return "a watcher of files";
  return kind;
}
