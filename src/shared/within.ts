import { realpathSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";

/** The absolute path with its links resolved, as far as it exists: one file has one name, however it was reached. */
export function canonicalPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(canonicalPath(parent), basename(path));
  }
}

/** The file's name relative to the root, with forward slashes, or null where it lies outside. Both are canonical paths. */
export function nameWithin(root: string, file: string): string | null {
  const prefix = root.endsWith(sep) ? root : root + sep;
  return file.startsWith(prefix) ? file.slice(prefix.length).replaceAll(sep, "/") : null;
}

/** Whether a canonical path is another one, or lies below it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || nameWithin(directory, path) !== null;
}
