// Tells what tsx does for itself from what tests do. It keeps what it compiled in a directory of its own, by content, has esbuild
// compile, and looks for a process of its own that started it.
import fs from "node:fs";
import os from "node:os";
import { join, sep } from "node:path";

const place = join(os.tmpdir(), `tsx-${process.geteuid?.() ?? os.userInfo().username}`);
/** Where earlier versions kept it: tsx removes it. */
const earlier = join(os.tmpdir(), "tsx");
const { realpathSync } = fs;
const tsx = /\/node_modules\/tsx\/dist\//;
const esbuild = /\/node_modules\/esbuild\//;

/**
 * Whether tsx itself reads or writes what it keeps: what is there is the same whoever put it there.
 *
 * @param {string} path
 * @param {() => string[]} callers the files that called, the nearest first
 */
export function isKeptByTsx(path, callers) {
  const isThere = [place, earlier].some((one) =>
    [one, realpathOf(one)].some((own) => path === own || path.startsWith(own + sep)),
  );
  return isThere && tsx.test(callers()[0] ?? "");
}

/**
 * Whether tsx itself tells its own program, which may have started this process, what was loaded: it is told nothing.
 *
 * @param {string} path of a socket
 * @param {() => string[]} callers
 */
export function isParentOfTsx(path, callers) {
  return path === join(place, `${process.ppid}.pipe`) && tsx.test(callers()[0] ?? "");
}

/**
 * Whether tsx has something compiled: it hands over the text, and gets code.
 *
 * @param {string[]} callers
 */
export function isCompilingForTsx(callers) {
  const first = callers.findIndex((file) => !esbuild.test(file));
  return first > 0 && tsx.test(callers[first] ?? "");
}

/** @param {string} path */
function realpathOf(path) {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
