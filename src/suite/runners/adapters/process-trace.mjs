// Traces what a Node process reads, looks for, writes and connects to: see docs/incremental.md. What cannot be traced makes
// its test file always run.
import childProcess from "node:child_process";
import dgram from "node:dgram";
import dns from "node:dns";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import os from "node:os";
import { dirname, isAbsolute, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import workerThreads from "node:worker_threads";

/** @typedef {(...args: any[]) => any} Call */
/** @typedef {Record<string, any>} Module */

/** Functions of `fs` by what they do with the path that comes first; each has a form that ends in Sync, and one that promises. */
const reading = ["readFile", "createReadStream", "readdir", "opendir", "openAsBlob"];
const looking = ["stat", "lstat", "access", "exists", "readlink", "realpath", "statfs"];
const writing = ["writeFile", "createWriteStream", "truncate", "mkdir", "rm", "rmdir", "unlink", "chmod", "utimes"];
/** Those whose first path is read or moved, and whose second is written. */
const copying = ["copyFile", "cp", "rename", "link", "symlink"];
const untraced = ["watch", "watchFile", "glob"];

/** A process's trace, from `traceProcess` on. */
export class Trace {
  /** What was read: content of files, lists of directories. */
  reads = new Set();
  /** What was looked for: whether it is there, and what it is. */
  looks = new Set();
  /** Why the process could not be traced, a clause. @type {string | null} */
  fault = null;
  /** Environments that name the databases that may be connected to. @type {Record<string, string | undefined>[]} */
  databases = [];
  /** What was written of the checkout. */
  written = new Set();
  /** Why the tests of this process always run, a clause; null where nothing speaks for that. @type {string | null} */
  always = null;
  /** Whether code of the checkout looked at the text of a function: then comments matter. */
  hasReadText = false;
  isOn = true;
  #checkout;
  #temporary = realpathOf(os.tmpdir());
  /** What lies in the temporary directory and was made here, and what is the verifier's own. @type {string[]} */
  #made = [dirname(process.env.VERIFY_TRACE ?? "/none/trace")];
  /** What names of temporary directories that were made here begin with. @type {string[]} */
  #beginnings = [];
  /** @type {((frames: string[], path: string) => boolean) | null} */
  #isTool;

  /**
   * @param {string} checkout the absolute real path of the verified files
   * @param {((frames: string[], path: string) => boolean) | null} isTool whether the runner itself reads that path as it loads a
   *   module, by the files that called, the nearest first; null where all that is read counts
   */
  constructor(checkout, isTool) {
    this.#checkout = checkout;
    this.#isTool = isTool;
  }

  /** @param {string} why */
  mark(why) {
    if (this.isOn) this.always ??= why;
  }

  /** @param {unknown} given @param {Set<string>} into */
  note(given, into) {
    if (!this.isOn) return;
    const path = pathOf(given);
    if (path === null) return;
    if (isWithin(path, this.#checkout)) {
      if (isInstalled(path) && !this.#isLinked(path)) return;
      if (this.#isTool?.(callers(), path)) return;
      into.add(path);
    } else if (isWithin(path, this.#temporary)) {
      if (this.#isMade(path) || this.#isTool !== null || !originals.existsSync(path)) return;
      if (!isRunner(callers())) this.mark(`reads ${path}`);
    } else if (!isInstalled(path) && !systemPlaces.some((place) => isWithin(path, place))) {
      if (!isRunner(callers())) into.add(path);
    }
  }

  /** @param {unknown} given */
  wrote(given) {
    if (!this.isOn || this.#isTool !== null) return;
    const path = pathOf(given);
    if (path === null || /^\/(?:dev|proc)\//.test(path) || isInstalled(path)) return;
    if (isWithin(path, this.#temporary) && !isWithin(path, this.#checkout)) {
      if (originals.existsSync(path) && !this.#isMade(path)) this.mark(`writes ${path}, which was there`);
      else this.made(path);
      return;
    }
    if (isWithin(path, this.#checkout)) this.written.add(path);
    this.mark(`writes ${isWithin(path, this.#checkout) ? path.slice(this.#checkout.length + 1) : path}`);
  }

  /** @param {string} path @param {boolean} isBeginning whether its name only begins so */
  made(path, isBeginning = false) {
    const places = isBeginning ? this.#beginnings : this.#made;
    if (!places.includes(path)) places.push(path);
  }

  /** @param {string} path */
  #isMade(path) {
    return this.#made.some((one) => isWithin(path, one)) || this.#beginnings.some((one) => path.startsWith(one));
  }

  /** Whether a path leads through an installed package to a file of the checkout, as in workspaces. @param {string} path */
  #isLinked(path) {
    const [, before = "", name = ""] = /^(.*?\/node_modules\/)((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
    const known = linked.get(before + name);
    if (known !== undefined) return known;
    const real = realpathOf(before + name);
    const is = isWithin(real, this.#checkout) && !isInstalled(real);
    linked.set(before + name, is);
    return is;
  }

  /** @param {string} text of a function */
  readText(text) {
    if (this.hasReadText || !this.isOn || text.endsWith("{ [native code] }")) return;
    const [caller = ""] = callers();
    if (isWithin(caller, this.#checkout) && !isInstalled(caller)) this.hasReadText = true;
  }
}

/** @type {Map<string, boolean>} */
const linked = new Map();
const originals = { existsSync: fs.existsSync, realpathSync: fs.realpathSync };
const systemPlaces = ["/dev", "/proc", "/sys", "/etc/ssl", resolve(process.execPath, "../..")];
const ownDirectory = fileURLToPath(new URL(".", import.meta.url));

/** @param {string} path */
function realpathOf(path) {
  try {
    return originals.realpathSync(path);
  } catch {
    return path;
  }
}

/** @param {string} path @param {string} directory */
export function isWithin(path, directory) {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

/** @param {string} path */
export function isInstalled(path) {
  return path.includes("/node_modules/") || isWithin(path, ownDirectory);
}

/** @param {unknown} given @returns {string | null} null for a descriptor */
function pathOf(given) {
  try {
    if (given instanceof URL) return fileURLToPath(given);
    const text = typeof given === "string" ? given : Buffer.isBuffer(given) ? given.toString() : null;
    if (text === null) return null;
    return isAbsolute(text) ? resolve(text) : join(process.cwd(), text);
  } catch {
    return null;
  }
}

/** The files that called, the nearest first, without Node's own and this one. */
function callers() {
  const { stackTraceLimit } = Error;
  const { prepareStackTrace } = Error;
  Error.stackTraceLimit = 24;
  Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFileName() ?? "");
  const files = /** @type {string[]} */ (/** @type {unknown} */ (new Error().stack));
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  return files
    .map((file) => (file.startsWith("file:") ? fileURLToPath(file) : file))
    .filter((file) => file !== "" && !file.startsWith("node:") && !file.startsWith(ownDirectory));
}

/** Whether the runner itself did something. @param {string[]} frames */
export function isRunner(frames) {
  const [nearest = ""] = frames;
  return nearest === "" || /\/node_modules\/(?:vitest|@vitest|vite|jest[\w-]*|@jest)\//.test(nearest);
}

/** @param {unknown} flags as of `fs.open` */
function isWriting(flags) {
  const { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND } = fs.constants;
  if (typeof flags === "number") return (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)) !== 0;
  return typeof flags === "string" && /[wa+]/.test(flags);
}

/**
 * Traces this process from now on. Where this Node does not let that happen, the tests of the process always run.
 *
 * @param {Trace} trace
 * @param {Record<string, string | undefined>[]} databases environments that name what may be connected to
 * @param {string[]} sockets paths that the verifier listens at
 */
export function traceProcess(trace, databases, sockets) {
  trace.databases.push(...databases.map(({ PGHOST, PGPORT }) => ({ PGHOST, PGPORT })));
  try {
    traceFiles(trace);
    traceProcesses(trace);
    traceSockets(trace, sockets);
  } catch (error) {
    trace.fault = `this version of Node cannot be traced (${error})`;
    trace.mark("could not be traced");
  }
  const { toString: plain } = Function.prototype;
  Function.prototype.toString = replacement(plain, function () {
    const text = plain.call(this);
    trace.readText(text);
    return text;
  });
  syncBuiltinESMExports();
}

/** @param {Trace} trace */
function traceFiles(trace) {
  const before = /** @type {Record<string, (args: unknown[]) => void>} */ ({});
  for (const name of reading) before[name] = ([path]) => trace.note(path, trace.reads);
  for (const name of looking) before[name] = ([path]) => trace.note(path, trace.looks);
  for (const name of writing) before[name] = ([path]) => trace.wrote(path);
  for (const name of untraced) before[name] = () => trace.mark(`calls fs.${name}`);
  for (const name of copying) {
    before[name] = ([from, to]) => {
      if (name === "copyFile" || name === "cp") trace.note(from, trace.reads);
      else if (name === "rename") trace.wrote(from);
      trace.wrote(to);
    };
  }
  before.mkdtemp = ([prefix]) => {
    trace.wrote(`${prefix}`);
    if (typeof prefix === "string") trace.made(resolve(prefix), true);
  };
  before.appendFile = ([path]) => {
    trace.note(path, trace.reads);
    trace.wrote(path);
  };
  before.open = ([path, flags]) => {
    if (isWriting(flags)) trace.wrote(path);
    else trace.note(path, trace.reads);
  };
  before.readFile = ([path, options]) => {
    const flag = /** @type {any} */ (options)?.flag;
    if (isWriting(flag)) trace.wrote(path);
    trace.note(path, trace.reads);
  };
  for (const [name, tell] of Object.entries(before)) {
    for (const [module, key] of /** @type {[Module, string][]} */ ([
      [fs, name],
      [fs, `${name}Sync`],
      [fs.promises, name],
    ])) {
      const plain = module[key];
      if (typeof plain !== "function") continue;
      module[key] = replacement(plain, function (...args) {
        tell(args);
        return Reflect.apply(plain, this, args);
      });
      // `exists` has a form of its own for promises.
      const promised = plain[promisify.custom];
      if (name === "exists" && promised !== undefined) {
        module[key][promisify.custom] = (/** @type {unknown[]} */ ...args) => {
          tell(args);
          return promised(...args);
        };
      }
      if (typeof plain.native !== "function") continue;
      const { native } = plain;
      module[key].native = replacement(native, function (...args) {
        tell(args);
        return Reflect.apply(native, this, args);
      });
    }
  }
}

/** @param {Trace} trace */
function traceProcesses(trace) {
  const mark = () => trace.mark("starts a process");
  before(childProcess.ChildProcess.prototype, "spawn", mark);
  for (const name of ["spawnSync", "execSync", "execFileSync"]) before(childProcess, name, mark);
  const { Worker } = workerThreads;
  const Marked = class extends Worker {
    /** @param {ConstructorParameters<typeof Worker>} args */
    constructor(...args) {
      trace.mark("starts a thread");
      super(...args);
    }
  };
  Object.defineProperty(Marked, "name", { value: "Worker" });
  /** @type {Module} */ (workerThreads).Worker = Marked;
}

/** @param {Trace} trace @param {string[]} sockets */
function traceSockets(trace, sockets) {
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
      const isDatabase = databases.some(({ host }) => host.startsWith("/") && isWithin(target.path ?? "", host));
      if (!isOwn && !isDatabase && !sockets.includes(target.path)) trace.mark(`connects to ${target.path}`);
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

/** Has something done before each call. @param {Module} module @param {string} name @param {(args: unknown[], self: any) => void} tell */
function before(module, name, tell) {
  const plain = module[name];
  module[name] = replacement(plain, function (...args) {
    tell(args, this);
    return Reflect.apply(plain, this, args);
  });
}

/** A function that looks like another one. @param {Call} plain @param {(this: any, ...args: any[]) => any} call @returns {any} */
function replacement(plain, call) {
  for (const [key, descriptor] of Reflect.ownKeys(plain).map((one) => [
    one,
    Object.getOwnPropertyDescriptor(plain, one),
  ])) {
    const isFixed = key === "prototype";
    Object.defineProperty(call, /** @type {string} */ (key), {
      .../** @type {PropertyDescriptor} */ (descriptor),
      ...(isFixed ? {} : { configurable: true }),
      ...(typeof key === "symbol" && /** @type {any} */ (descriptor).value !== undefined ? { writable: true } : {}),
    });
  }
  return call;
}
