import { realpathSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";

/** The absolute real path, as far as it exists, so that one file has one name. */
export function canonicalPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(canonicalPath(parent), basename(path));
  }
}

/**
 * The file's name relative to the root, with forward slashes, or null where it is outside. Both are canonical paths.
 */
export function nameWithin(root: string, file: string): string | null {
  const prefix = root.endsWith(sep) ? root : root + sep;
  return file.startsWith(prefix) ? file.slice(prefix.length).replaceAll(sep, "/") : null;
}

/** Whether a canonical path equals another one or is inside of it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || nameWithin(directory, path) !== null;
}
