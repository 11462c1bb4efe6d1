import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { globOf } from "../../shared/patterns.ts";

/**
 * The absolute paths that an entry of `source` may mean: a directory, a file, or an importable package in the suite's
 * directory or a usual subdirectory.
 */
export function sourcePlaces(directory: string, name: string): string[] {
  const asPath = name.replaceAll(".", "/");
  const candidates = [name, asPath, `${asPath}.py`, `src/${asPath}`, `lib/${asPath}`];
  return candidates.map((candidate) => join(directory, candidate));
}

/** The existing ones of these paths. */
export function existingSourcePlaces(directory: string, name: string): string[] {
  return sourcePlaces(directory, name).filter((path) => existsSync(path));
}

/** A glob, relative to the suite's directory, for a `source` that is a directory or a file. */
export function sourceGlob(directory: string, name: string): string {
  const isFile = statSync(join(directory, name), { throwIfNoEntry: false })?.isFile() === true;
  return isFile ? globOf(name) : `${globOf(name)}/**`;
}
