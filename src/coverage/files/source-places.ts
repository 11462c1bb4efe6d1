import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { globOf } from "../../shared/patterns.ts";

/**
 * Where what a suite's `source` names may lie, absolute: a directory, a file, or a package that is imported by its name, from
 * the suite's own directory or from where packages most often lie in it.
 */
export function sourcePlaces(directory: string, name: string): string[] {
  const asPath = name.replaceAll(".", "/");
  const candidates = [name, asPath, `${asPath}.py`, `src/${asPath}`, `lib/${asPath}`];
  return candidates.map((candidate) => join(directory, candidate));
}

/** Those of them that are there. */
export function existingSourcePlaces(directory: string, name: string): string[] {
  return sourcePlaces(directory, name).filter((path) => existsSync(path));
}

/** The glob, relative to the suite's directory, of what a `source` that is a directory or a file names. */
export function sourceGlob(directory: string, name: string): string {
  const isFile = statSync(join(directory, name), { throwIfNoEntry: false })?.isFile() === true;
  return isFile ? globOf(name) : `${globOf(name)}/**`;
}
