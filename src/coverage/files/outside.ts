import { existsSync } from "node:fs";
import { adapterPath } from "../../shared/paths.ts";
import { canonicalPath, isWithin, nameWithin } from "../../shared/within.ts";
import type { Coverage, SourceCoverage } from "../lcov/source-coverage.ts";

/** The merged coverage, classified by where its files are. */
export interface ClassifiedCoverage {
  /** The verified files. */
  readonly verified: Coverage;
  /** Files in another checkout of the repository: their code ran instead of the verified code. */
  readonly otherCheckout: readonly string[];
  /** Other files, such as generated or installed ones; they do not count. */
  readonly untracked: readonly string[];
  /** Files below the root that do not exist: the data is from another tree, or they were removed during the run. */
  readonly missing: readonly string[];
}

/** The files that are verified. */
export interface VerifiedFiles {
  /** The absolute root of the checkout. */
  readonly root: string;
  /** The tracked files, relative to the root. */
  readonly tracked: ReadonlySet<string>;
  /** The absolute roots of the repository's other checkouts. */
  readonly otherRoots: readonly string[];
}

/** Classifies the merged coverage. Our own adapters, and what compilers add to modules, are dropped. */
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
    else if (isWithin(file, adapters) || isAddedByCompiler(file)) continue;
    else if (name === null && !isInstalled(file) && otherRoots.some((other) => isWithin(file, other)))
      otherCheckout.push(file);
    else if (name !== null && !existsSync(file)) missing.push(name);
    else untracked.push(name ?? file);
  }
  return { verified, otherCheckout, untracked, missing };
}

/** Source maps name what a compiler itself puts into a module as esbuild does: "<define:import.meta>", "<runtime>". */
function isAddedByCompiler(path: string): boolean {
  return /[\\/]<[^<>\\/]+>$/.test(path);
}

/** Whether an absolute path is inside of a directory of installed packages, which checkouts may share. */
function isInstalled(path: string): boolean {
  return /[\\/](node_modules|site-packages|dist-packages)[\\/]/.test(path);
}
