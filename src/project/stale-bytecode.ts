import { closeSync, openSync, readdirSync, readSync, rmSync, type Stats, statSync } from "node:fs";
import { join, parse, relative, resolve } from "node:path";
import { messageOf, UnavailableError } from "../shared/errors.ts";
import type { Environment } from "../shared/world.ts";

/**
 * Removes compiled Python that Python would run in place of a source that has changed since. Python compares a source's
 * size and the second in which it was written, and nothing else: a file that is edited twice in one second, or whose time
 * is set back, runs as it was before (https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation).
 *
 * `files` are relative to the absolute `root`; those that git tracks are kept. Throws UnavailableError where one cannot be
 * removed.
 */
export function removeStaleBytecode(root: string, files: ReadonlySet<string>, environment: Environment): void {
  for (const [directory, sources] of sourcesByDirectory(files)) {
    const compiled = compiledDirectory(root, directory, environment);
    for (const name of compiledIn(compiled)) {
      const path = join(compiled, name);
      const source = sources.get(moduleOf(name));
      if (source === undefined || files.has(relative(root, path)) || !isStale(path, join(root, source))) continue;
      try {
        rmSync(path, { force: true });
      } catch (error) {
        throw new UnavailableError(
          `${path} may be compiled from what ${source} held before, and cannot be removed: ${messageOf(error)}. Remove it.`,
        );
      }
    }
  }
}

/** The Python files of each directory by their modules' names, relative to the root. */
function sourcesByDirectory(files: ReadonlySet<string>): Map<string, Map<string, string>> {
  const found = new Map<string, Map<string, string>>();
  for (const file of files) {
    if (!file.endsWith(".py")) continue;
    const { dir, name } = parse(file);
    const sources = found.get(dir) ?? new Map<string, string>();
    found.set(dir, sources.set(name, file));
  }
  return found;
}

/** "sums" of sums.cpython-311.pyc and sums.cpython-311-pytest-9.1.1.pyc; empty for other names. */
const moduleOf = (name: string): string => /^(.+)\.(?:cpython|pypy|graalpy)-?\d/.exec(name)?.[1] ?? "";

/** Where Python keeps what it compiles from a directory's files. */
function compiledDirectory(root: string, directory: string, { PYTHONPYCACHEPREFIX: prefix }: Environment): string {
  return prefix ? join(resolve(root, prefix), root, directory) : join(root, directory, "__pycache__");
}

/** Read synchronously, as all here: for thousands of files that takes a third of the time. */
function compiledIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith(".pyc"));
  } catch {
    return [];
  }
}

/** Whether Python would run it, although the source may have changed since it was compiled. */
function isStale(path: string, source: string): boolean {
  const [compiled, current] = [statSync(path, { throwIfNoEntry: false }), statSync(source, { throwIfNoEntry: false })];
  if (compiled === undefined || current === undefined) return false;
  // In the second in which it was compiled the source can have changed before and after; its change time cannot be set back.
  const isLater = secondOf(compiled.mtimeMs) > secondOf(current.mtimeMs) && compiled.mtimeMs > current.ctimeMs;
  return !isLater && isTaken(path, current);
}

const secondOf = (milliseconds: number): number => Math.floor(milliseconds / 1000);

/** Whether Python takes it for what it would compile of that source, by its header (PEP 552). */
function isTaken(path: string, { mtimeMs, size }: Stats): boolean {
  const header = readHeader(path);
  if (header === null) return false;
  const flags = header.readUInt32LE(4);
  const isByHash = (flags & 1) === 1;
  // Of those that hold a hash of their source, some are to be held against it, and some are not.
  if (isByHash) return (flags & 2) === 0;
  const isOfSize = header.readUInt32LE(12) === size % 2 ** 32;
  return isOfSize && header.readUInt32LE(8) === secondOf(mtimeMs) % 2 ** 32;
}

/** The first 16 bytes; null where there are none to read. */
function readHeader(path: string): Buffer | null {
  const header = Buffer.alloc(16);
  try {
    const file = openSync(path, "r");
    try {
      return readSync(file, header) === header.length ? header : null;
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}
