import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import type { Environment } from "../../shared/world.ts";

/** Where version managers write which version their shims start. */
const versionFiles = [
  ".tool-versions",
  ".config/mise/config.toml",
  ".nvm/alias/default",
  ".volta/tools/user/platform.json",
];

/**
 * A digest of every program that an environment's PATH finds: where it is, how large, and when it was written. Takes some
 * ten milliseconds. What git and npm add to PATH for whatever they start is left out.
 */
export function digestPrograms({ PATH = "", HOME = homedir() }: Environment): string {
  const digest = createHash("sha256");
  const seen = new Set<string>();
  for (const directory of new Set(PATH.split(delimiter))) {
    if (directory === "" || isOfCaller(directory)) continue;
    for (const name of namesIn(directory)) {
      if (seen.has(name)) continue;
      const found = statSync(join(directory, name), { throwIfNoEntry: false });
      if (!found?.isFile()) continue;
      seen.add(name);
      digest.update(`${directory}/${name} ${found.size} ${found.mtimeMs}\n`);
    }
    if (isOfShims(directory)) digest.update(textOf(join(directory, "..", "version")));
  }
  for (const file of versionFiles) digest.update(textOf(join(HOME, file)));
  return digest.digest("hex");
}

/** Longer programs are told apart by their ends: linkers write a build's id into the first, and the last changes with the size. */
const readWhole = 65_536;
const readAtEnds = 8192;

/**
 * The same by what the programs hold, for machines on which the same ones lie elsewhere or were written at other times. Paths
 * of the checkout and the home directory in scripts do not count. Takes some hundred milliseconds.
 */
export function digestProgramsByContent({ PATH = "", HOME = homedir() }: Environment, checkoutRoot: string): string {
  const digest = createHash("sha256");
  const seen = new Set<string>();
  const stateOf = (path: string, size: number): string => {
    if (size > readWhole) return `${size} ${endsOf(path, size)}`;
    return latin1Of(path).replaceAll(checkoutRoot, "{checkout}").replaceAll(HOME, "{home}");
  };
  for (const directory of new Set(PATH.split(delimiter))) {
    if (directory === "" || isOfCaller(directory)) continue;
    for (const name of namesIn(directory)) {
      const path = join(directory, name);
      const found = seen.has(name) ? undefined : statSync(path, { throwIfNoEntry: false });
      if (!found?.isFile()) continue;
      seen.add(name);
      digest.update(`${name} ${createHash("sha256").update(stateOf(path, found.size), "latin1").digest("hex")}\n`);
    }
    if (isOfShims(directory)) digest.update(latin1Of(join(directory, "..", "version")));
  }
  for (const file of versionFiles) digest.update(`${file} ${latin1Of(join(HOME, file))}\n`);
  return digest.digest("hex");
}

/** The first and last bytes of a file, one character each; nothing of one that may only be run. */
function endsOf(path: string, size: number): string {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const ends = Buffer.alloc(2 * readAtEnds);
    readSync(file, ends, 0, readAtEnds, 0);
    readSync(file, ends, readAtEnds, readAtEnds, size - readAtEnds);
    return ends.toString("latin1");
  } catch {
    return "unreadable";
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** A file's bytes, one character each. */
function latin1Of(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "unreadable";
  }
}

/** What git and npm add to PATH for whatever they start. */
function isOfCaller(directory: string): boolean {
  return /[\\/](?:git-core|node-gyp-bin)[\\/]?$/.test(directory);
}

/** A shim is the same file for all versions; its manager has the current one beside its directory. */
function isOfShims(directory: string): boolean {
  return /[\\/]shims[\\/]?$/.test(directory);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return `${path}\n${readFileSync(path, "utf8")}\n`;
  } catch {
    return "";
  }
}
