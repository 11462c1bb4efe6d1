// Tells a trace which processes and threads are started, and what is connected to.
import childProcess from "node:child_process";
import dgram from "node:dgram";
import dns from "node:dns";
import net from "node:net";
import os from "node:os";
import workerThreads from "node:worker_threads";
import { before } from "../replaced-calls.mjs";

/** @typedef {import("./process-trace.mjs").Trace} Trace */
/** @typedef {import("../replaced-calls.mjs").Module} Module */

/** @param {Trace} trace */
export function traceProcesses(trace) {
  const mark = () => trace.starts("starts a process");
  before(childProcess.ChildProcess.prototype, "spawn", mark);
  for (const name of ["spawnSync", "execSync", "execFileSync"]) before(childProcess, name, mark);
  const { Worker } = workerThreads;
  const Marked = class extends Worker {
    /** @param {ConstructorParameters<typeof Worker>} args */
    constructor(...args) {
      trace.starts("starts a thread");
      super(...args);
    }
  };
  Object.defineProperty(Marked, "name", { value: "Worker" });
  /** @type {Module} */ (workerThreads).Worker = Marked;
}

/** @param {Trace} trace @param {string[]} sockets */
export function traceSockets(trace, sockets) {
  /** @type {Set<net.Server>} */
  const servers = new Set();
  before(net.Server.prototype, "listen", (_, server) => servers.add(server));
  before(net.Socket.prototype, "connect", (args) => {
    const target = targetOf(args);
    const databases = trace.databases.flatMap(({ PGHOST: host = "", PGPORT: port = "" }) =>
      host === "" ? [] : [{ host, port }],
    );
    if (target.path !== undefined) {
      const isOwn = [...servers].some((server) => server.address() === target.path);
      const isDatabase = databases.some(({ host }) => host.startsWith("/") && target.path?.startsWith(`${host}/`));
      if (!isOwn && !isDatabase && !sockets.includes(target.path)) trace.connects(target.path);
      return;
    }
    const { host = "localhost", port = "" } = target;
    const isLocal = /^(?:localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/.test(host);
    const isOwn =
      isLocal && [...servers].some((server) => String(/** @type {any} */ (server.address())?.port) === port);
    const isDatabase = databases.some(
      (one) =>
        one.port === port && (one.host === host || (isLocal && /^(?:localhost|127\.0\.0\.1|::1)$/.test(one.host))),
    );
    if (!isOwn && !isDatabase) trace.mark(`connects to ${host}:${port}`);
  });
  before(dgram, "createSocket", () => trace.mark("opens a socket"));
  const asks = (/** @type {unknown[]} */ [name]) => {
    if (typeof name === "string" && name !== "localhost" && net.isIP(name) === 0 && name !== os.hostname()) {
      trace.mark(`asks for the address of ${name}`);
    }
  };
  for (const name of Object.keys(dns).filter((key) => /^(?:lookup|resolve)/.test(key))) {
    for (const module of /** @type {Module[]} */ ([dns, dns.promises])) {
      if (typeof module[name] === "function") before(module, name, asks);
    }
  }
}

/** What `Socket.connect` is asked for. @param {unknown[]} args @returns {{ path?: string, host?: string, port?: string }} */
function targetOf(args) {
  const [first, second] = Array.isArray(args[0]) ? args[0] : args;
  if (typeof first === "object" && first !== null) {
    const { path, host, port } = /** @type {any} */ (first);
    if (typeof path === "string") return { path };
    return { host: host ?? "localhost", port: String(port) };
  }
  if (typeof first === "string" && !/^\d+$/.test(first)) return { path: first };
  return { host: typeof second === "string" ? second : "localhost", port: String(first) };
}
