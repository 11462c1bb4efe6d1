// Tells a trace what a process reads, looks for and writes by `fs`.
import fs from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { replacement } from "../replaced-calls.mjs";

/** @typedef {import("./process-trace.mjs").Trace} Trace */
/** @typedef {import("../replaced-calls.mjs").Module} Module */

/** Functions of `fs` by what they do with the path that comes first; each has a form that ends in Sync, and one that promises. */
const reading = ["readFile", "createReadStream", "readdir", "opendir", "openAsBlob"];
const looking = ["stat", "lstat", "access", "exists", "readlink", "realpath", "statfs"];
const writing = ["writeFile", "createWriteStream", "truncate", "mkdir", "rm", "rmdir", "unlink", "chmod", "utimes"];
/** Those whose first path is read or moved, and whose second is written. */
const copying = ["copyFile", "cp", "rename", "link", "symlink"];
const untraced = ["watch", "watchFile", "glob"];

/** @param {unknown} flags as of `fs.open` */
function isWriting(flags) {
  const { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND } = fs.constants;
  if (typeof flags === "number") return (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)) !== 0;
  return typeof flags === "string" && /[wa+]/.test(flags);
}

/** @param {Trace} trace */
export function traceFiles(trace) {
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
