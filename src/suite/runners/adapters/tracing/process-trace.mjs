// Traces what a Node process reads, looks for, writes and connects to: see docs/incremental.md. What cannot be traced makes
// its test file always run.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";
import { dirname, isAbsolute, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { replacement } from "../replaced-calls.mjs";
import { traceProcesses, traceSockets } from "./connections.mjs";
import { traceFiles } from "./files.mjs";
import { isCompilingForTsx, isKeptByTsx, isParentOfTsx } from "./tsx.mjs";

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
  /** The file that did that; empty where none is known. */
  marker = "";
  /** Whether code of the checkout looked at the text of a function: then comments matter. */
  hasReadText = false;
  /** Whether a module was asked for that is not there: a new file may be it. */
  hasMissed = false;
  /** Whether what nobody is seen to do counts as somebody's, although it may be the runner's. */
  isStrict = false;
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
    if (!this.isOn || this.always !== null || this.#isTool?.(callers(), "")) return;
    this.always = why;
    [this.marker = ""] = callers();
  }

  /** Somebody starts a process or a thread. @param {string} why */
  starts(why) {
    if (this.isOn && this.always === null && !isCompilingForTsx(callers())) this.mark(why);
  }

  /** Somebody connects to a socket that is nobody's here. @param {string} path */
  connects(path) {
    if (!isParentOfTsx(path, callers)) this.mark(`connects to ${path}`);
  }

  /** @param {unknown} given @param {Set<string>} into */
  note(given, into) {
    if (!this.isOn) return;
    const path = pathOf(given);
    if (path === null) return;
    if (isWithin(path, this.#checkout)) {
      if (isInstalled(path) && !this.#isLinked(path)) return;
      if (this.#isTool?.(callers(), path)) return;
      this.add(path, into);
    } else if (isWithin(path, this.#temporary)) {
      if (this.#isMade(path) || !originals.existsSync(path) || isKeptByTsx(path, callers)) return;
      if (this.#isTool !== null || !isRunner(callers())) this.readTemporary(path, into);
    } else if (!isInstalled(path) && !isOfSystem(path)) {
      if (!isRunner(callers())) this.add(path, into);
    }
  }

  /** A temporary file is read or looked for that was there before. @param {string} path @param {Set<string>} _into */
  readTemporary(path, _into) {
    this.mark(`reads ${path}`);
  }

  /** Keeps a path that counts. @param {string} path @param {Set<string>} into */
  add(path, into) {
    into.add(path);
  }

  /** Forgets what was traced: another test file begins in this process. */
  renew() {
    this.reads = new Set();
    this.looks = new Set();
    this.written = new Set();
    this.always = null;
    this.hasReadText = false;
    this.#made.length = 1;
    this.#beginnings = [];
  }

  /** @param {unknown} given */
  wrote(given) {
    if (!this.isOn) return;
    const path = pathOf(given);
    if (path === null || isDevice(path) || isInstalled(path) || this.#isTool?.(callers(), path)) return;
    if (isWithin(path, this.#temporary) && !isWithin(path, this.#checkout)) {
      if (isKeptByTsx(path, callers)) return;
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
    const is = isOwn(real, this.#checkout);
    linked.set(before + name, is);
    return is;
  }

  /** @param {string} text of a function */
  readText(text) {
    if (this.hasReadText || !this.isOn || text.endsWith("{ [native code] }")) return;
    const [caller = ""] = callers();
    if (isOwn(caller, this.#checkout)) this.hasReadText = true;
  }
}

/** @type {Map<string, boolean>} */
const linked = new Map();
const originals = { existsSync: fs.existsSync, realpathSync: fs.realpathSync };
const systemPlaces = ["/dev", "/proc", "/sys", "/etc/ssl", resolve(process.execPath, "../..")];
/** Where files lie in memory: of the places below /dev the one that is no device. */
const memory = "/dev/shm";
const ownDirectory = fileURLToPath(new URL("..", import.meta.url));

/** @param {string} path */
function realpathOf(path) {
  try {
    return originals.realpathSync(path);
  } catch {
    return path;
  }
}

/** @param {string} path */
function isOfSystem(path) {
  return systemPlaces.some((place) => isWithin(path, place)) && !isWithin(path, memory);
}

/** @param {string} path */
function isDevice(path) {
  return /^\/(?:dev|proc)\//.test(path) && !isWithin(path, memory);
}

/** @param {string} path @param {string} directory */
export function isWithin(path, directory) {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

/** @param {string} path */
export function isInstalled(path) {
  return path.includes("/node_modules/") || isWithin(path, ownDirectory);
}

/** Whether a file is the project's own: of the checkout, and not installed. @param {string} path @param {string} checkout */
export function isOwn(path, checkout) {
  return isWithin(path, checkout) && !isInstalled(path);
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
export function callers() {
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
