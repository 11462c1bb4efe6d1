import { existsSync } from "node:fs";
import { adapterPath } from "../../shared/paths.ts";
import { canonicalPath, isWithin, nameWithin } from "../../shared/within.ts";
import type { Coverage, SourceCoverage } from "../lcov/source-coverage.ts";

/** The merged coverage, parted by whose code it is about. */
export interface ClassifiedCoverage {
  /** Of the verified files. */
  readonly verified: Coverage;
  /** Files of another checkout of the same repository: their code ran in place of what was to be verified. */
  readonly otherCheckout: readonly string[];
  /** Files that are no part of what is verified, such as generated or installed ones: they neither help nor harm. */
  readonly untracked: readonly string[];
  /** Files below the root that are not there: the data is not of what was verified, or they were removed while it ran. */
  readonly missing: readonly string[];
}

/** What is verified. */
export interface VerifiedFiles {
  /** The absolute root of the checkout. */
  readonly root: string;
  /** Its files, relative to the root. */
  readonly tracked: ReadonlySet<string>;
  /** The absolute roots of the repository's other checkouts. */
  readonly otherRoots: readonly string[];
}

/** Parts the merged coverage. What we inject into the workers ourselves is nobody's code and left out in silence. */
export function classifyCoverage(merged: Coverage, { root, tracked, otherRoots }: VerifiedFiles): ClassifiedCoverage {
  const adapters = canonicalPath(adapterPath("."));
  const canonicalRoot = canonicalPath(root);
  const verified = new Map<string, SourceCoverage>();
  const otherCheckout: string[] = [];
  const untracked: string[] = [];
  const missing: string[] = [];
  for (const [file, source] of merged) {
    const name = nameWithin(canonicalRoot, file);
    if (name !== null && tracked.has(name)) verified.set(file, source);
    else if (isWithin(file, adapters)) continue;
    else if (name === null && !isInstalled(file) && otherRoots.some((other) => isWithin(file, other)))
      otherCheckout.push(file);
    else if (name !== null && !existsSync(file)) missing.push(name);
    else untracked.push(name ?? file);
  }
  return { verified, otherCheckout, untracked, missing };
}

/** Whether an absolute path lies in a directory of installed packages, which the checkouts may share. */
function isInstalled(path: string): boolean {
  return /[\\/](node_modules|site-packages|dist-packages)[\\/]/.test(path);
}
