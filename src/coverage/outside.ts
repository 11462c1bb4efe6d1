import { relative } from "node:path";
import { adapterPath } from "../paths.ts";
import { canonicalPath, type LineCoverage, type LineHits, nameWithin } from "./lines.ts";

/** The merged coverage, parted by whose code it is about. */
export interface PartedCoverage {
  /** The lines of the verified files. */
  readonly lines: LineCoverage;
  /** Files of another checkout of the same repository: their code ran in place of what was to be verified. */
  readonly misled: readonly string[];
  /** Files that are no part of what is verified, such as generated or installed ones: they neither help nor harm. */
  readonly elsewhere: readonly string[];
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
export function partCoverage(merged: LineCoverage, { root, tracked, otherRoots }: VerifiedFiles): PartedCoverage {
  const adapters = canonicalPath(adapterPath("."));
  const canonicalRoot = canonicalPath(root);
  const lines = new Map<string, LineHits>();
  const misled: string[] = [];
  const elsewhere: string[] = [];
  for (const [file, hits] of merged) {
    const name = nameWithin(canonicalRoot, file);
    if (name !== null && tracked.has(name)) lines.set(file, hits);
    else if (isUnder(file, adapters)) continue;
    else if (name === null && !isInstalled(file) && otherRoots.some((other) => isUnder(file, other))) misled.push(file);
    else elsewhere.push(name ?? file);
  }
  return { lines, misled, elsewhere };
}

/** Whether an absolute path lies in a directory of installed packages, which the checkouts may share. */
function isInstalled(path: string): boolean {
  return /[\\/](node_modules|site-packages|dist-packages)[\\/]/.test(path);
}

function isUnder(file: string, directory: string): boolean {
  const inside = relative(directory, file);
  return inside !== "" && inside !== ".." && !inside.startsWith("../") && !inside.startsWith("/");
}
