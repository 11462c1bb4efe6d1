import { join, resolve } from "node:path";
import picomatch from "picomatch";
import { RequestError } from "../../shared/errors.ts";
import { canonicalPath, isWithin } from "../../shared/within.ts";

/**
 * Rejects a path that leaves the checkout, by `..` or through a link, as its target is not part of the commit. `what`
 * begins the sentence. Throws RequestError.
 */
export function requireWithin(checkoutRoot: string, path: string, what: string): void {
  const real = whereOutside(checkoutRoot, path);
  if (real === null) return;
  throw new RequestError(
    `${what} leads out of the repository, to ${real}: what lies there is not part of the commit, so it cannot be verified.`,
  );
}

/** Rejects a glob, relative to an absolute directory, whose fixed part leaves the checkout. Throws RequestError. */
export function requireGlobWithin(checkoutRoot: string, directory: string, glob: string, what: string): void {
  if (/^!(?!\()/.test(glob)) return;
  requireWithin(checkoutRoot, resolve(directory, picomatch.scan(glob).base), what);
}

/** Of files relative to the checkout's root, those that links lead outside; absolute. */
export function linkedOut(checkoutRoot: string, files: Iterable<string>): string[] {
  const inside = [...new Set(files)].filter((file) => file !== ".." && !file.startsWith("../"));
  const outside = inside.map((file) => whereOutside(checkoutRoot, join(checkoutRoot, file)));
  return outside.filter((path) => path !== null && !/\/(node_modules|site-packages)\//.test(path)) as string[];
}

/** The real path of something outside of the checkout; null where it is inside. */
function whereOutside(checkoutRoot: string, path: string): string | null {
  const real = canonicalPath(path);
  return isWithin(real, canonicalPath(checkoutRoot)) ? null : real;
}
