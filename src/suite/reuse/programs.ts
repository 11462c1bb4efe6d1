import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync, readSync, type Stats, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, sep } from "node:path";
import { isWithin } from "../../shared/within.ts";
import type { Environment } from "../../shared/world.ts";

/** Where version managers write which version their shims start. */
const versionFiles = [
  ".tool-versions",
  ".config/mise/config.toml",
  ".nvm/alias/default",
  ".volta/tools/user/platform.json",
];

/** How a digest tells programs apart. */
interface ProgramStates {
  /** The text that stands for a program; `facts` are what the file system says of it. */
  readonly program: (name: string, path: string, facts: Stats) => string;
  /** The text that stands for a file of a version manager. */
  readonly version: (name: string, path: string) => string;
}

/**
 * A digest of every program that an environment's PATH finds: where it is, how large, and when it was written; of those in the
 * checkout what they hold, as each worktree has them anew. Takes some ten milliseconds. What git and npm add to PATH for
 * whatever they start is left out.
 */
export function digestPrograms(environment: Environment, checkoutRoot: string): string {
  return digestWith(environment, {
    program: (_, path, { size, mtimeMs }) =>
      isWithin(path, checkoutRoot)
        ? `{checkout}${path.slice(checkoutRoot.length)} ${hashOf(contentOf(path, size).replaceAll(checkoutRoot, "{checkout}"))}`
        : `${path} ${size} ${mtimeMs}`,
    version: (_, path) => `${path} ${latin1Of(path)}`,
  });
}

/** Longer programs are told apart by their ends: linkers write a build's id into the first, and the last changes with the size. */
const readWhole = 65_536;
const readAtEnds = 8192;

/**
 * The same by what the programs hold, for machines on which the same ones lie elsewhere or were written at other times. Paths
 * of the checkout and the home directory in scripts do not count. Takes some hundred milliseconds.
 */
export function digestProgramsByContent(environment: Environment, checkoutRoot: string): string {
  const { HOME = homedir() } = environment;
  const anywhere = (content: string): string =>
    content.replaceAll(checkoutRoot, "{checkout}").replaceAll(HOME, "{home}");
  return digestWith(environment, {
    program: (name, path, { size }) => `${name} ${hashOf(anywhere(contentOf(path, size)))}`,
    version: (name, path) => `${name} ${latin1Of(path)}`,
  });
}

function digestWith({ PATH = "", HOME = homedir() }: Environment, states: ProgramStates): string {
  // Of some 1,500 programs; hashing them one by one, or joining each path with care, would take twice as long.
  const lines: string[] = [];
  const seen = new Set<string>();
  for (const directory of new Set(PATH.split(delimiter))) {
    if (directory === "" || isOfCaller(directory)) continue;
    const place = join(directory, sep);
    for (const name of namesIn(directory)) {
      const path = place + name;
      const facts = seen.has(name) ? undefined : statSync(path, { throwIfNoEntry: false });
      if (!facts?.isFile()) continue;
      seen.add(name);
      lines.push(states.program(name, path, facts));
    }
    if (isOfShims(directory)) lines.push(states.version("version", join(directory, "..", "version")));
  }
  for (const file of versionFiles) lines.push(states.version(file, join(HOME, file)));
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

/** What a program holds, one character a byte: of a long one its size and its ends. */
function contentOf(path: string, size: number): string {
  return size > readWhole ? `${size} ${endsOf(path, size)}` : latin1Of(path);
}

function hashOf(content: string): string {
  return createHash("sha256").update(content, "latin1").digest("hex");
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
