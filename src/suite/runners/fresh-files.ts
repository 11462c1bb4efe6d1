import { stat } from "node:fs/promises";
import { glob } from "tinyglobby";

/**
 * How much older than the run's start its files may look, in milliseconds: some file systems store whole seconds, and
 * clocks differ.
 */
const grain = 2_000;

/** The files that match some globs before a run, to recognize files of earlier runs. */
export interface FilesBefore {
  readonly directory: string;
  /** By absolute path, a state that changes whenever a file is written. */
  readonly states: ReadonlyMap<string, string>;
  /** In milliseconds since the epoch. */
  readonly at: number;
}

/** Which expected files a run has written. */
export interface WrittenFiles {
  /** Absolute, sorted. */
  readonly files: readonly string[];
  /** Globs without a match that the run wrote. */
  readonly missed: readonly string[];
  /** Absolute: existing files that match a missed glob. */
  readonly stale: readonly string[];
}

/** Records which files match the globs in that absolute directory before a run. */
export async function filesBefore(directory: string, globs: readonly string[]): Promise<FilesBefore> {
  const at = Date.now();
  const paths = await matching(directory, globs);
  const found = await Promise.all(paths.map(async (path) => [path, (await stateOf(path))?.mark ?? ""] as const));
  return { directory, states: new Map(found), at };
}

/** The files that match the globs and were written since. */
export async function writtenSince(before: FilesBefore, globs: readonly string[]): Promise<WrittenFiles> {
  const exclusions = globs.filter((pattern) => pattern.startsWith("!"));
  const files = new Set<string>();
  const stale = new Set<string>();
  const missed: string[] = [];
  for (const pattern of globs.filter((candidate) => !candidate.startsWith("!"))) {
    const paths = await matching(before.directory, [pattern, ...exclusions]);
    const isWritten = await Promise.all(paths.map((path) => wasWritten(before, path)));
    const written = paths.filter((_, index) => isWritten[index]);
    for (const path of written) files.add(path);
    if (written.length > 0) continue;
    missed.push(pattern);
    for (const path of paths) stale.add(path);
  }
  return { files: [...files].sort(), missed, stale: [...stale].sort() };
}

/** Checks both state and age: a file that was moved there is new, but from an earlier run. */
async function wasWritten({ states, at }: FilesBefore, path: string): Promise<boolean> {
  const state = await stateOf(path);
  return state !== null && state.mark !== states.get(path) && state.modified >= at - grain;
}

async function stateOf(path: string): Promise<{ mark: string; modified: number } | null> {
  return await stat(path, { bigint: true }).then(
    ({ ino, size, mtimeNs, mtimeMs }) => ({ mark: `${ino} ${size} ${mtimeNs}`, modified: Number(mtimeMs) }),
    () => null,
  );
}

async function matching(directory: string, globs: readonly string[]): Promise<string[]> {
  if (globs.length === 0) return [];
  // Packages bring results of their own; whoever means them says so.
  const isMeant = globs.some((pattern) => pattern.includes("node_modules"));
  return await glob([...globs], {
    cwd: directory,
    absolute: true,
    dot: true,
    expandDirectories: false,
    followSymbolicLinks: false,
    ignore: ["**/.git/**", ...(isMeant ? [] : ["**/node_modules/**"])],
  });
}
