import { open } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { readLcov } from "./lcov-reader.ts";
import { canonicalPath, compareNames, type LineCoverage, LineHits, nameWithin } from "./lines.ts";

export type { LineCoverage } from "./lines.ts";

/** An LCOV file that a suite wrote. */
export interface LcovInput {
  /** The absolute path of the LCOV file. */
  readonly path: string;
  /** The absolute directory that its relative source files are relative to. */
  readonly base: string;
}

/**
 * Merges the coverage of all suites into one map. The hits of a line add up, over repeated records and over files.
 * Throws UnavailableError where a file cannot be read, is not LCOV, or was cut off.
 */
export async function mergeLcov(inputs: readonly LcovInput[]): Promise<Map<string, LineHits>> {
  const merged = new Map<string, LineHits>();
  for (const { path, base } of inputs) {
    const known = new Map<string, LineHits>();
    await readLcov(path, (source) => {
      const hits = known.get(source) ?? hitsOf(merged, sourcePath(source, base));
      known.set(source, hits);
      return hits;
    });
  }
  return merged;
}

/**
 * Writes the map as one LCOV file: names relative to the root, sorted, with the totals counted anew. A file outside
 * the root keeps its absolute name.
 */
export async function writeLcov(coverage: LineCoverage, root: string, path: string): Promise<void> {
  const canonicalRoot = canonicalPath(root);
  const named = [...coverage].map(([file, hits]) => [nameWithin(canonicalRoot, file) ?? file, hits] as const);
  const handle = await open(path, "w");
  try {
    for (const [name, hits] of named.sort(([left], [right]) => compareNames(left, right))) {
      await handle.write(lcovRecord(name, hits));
    }
  } finally {
    await handle.close();
  }
}

function lcovRecord(name: string, hits: LineHits): string {
  const { covered, total } = hits.count();
  const lines = [...hits.entries()].map(([line, count]) => `DA:${line},${count}\n`).join("");
  return `TN:\nSF:${name}\n${lines}LF:${total}\nLH:${covered}\nend_of_record\n`;
}

function hitsOf(merged: Map<string, LineHits>, file: string): LineHits {
  const hits = merged.get(file) ?? new LineHits();
  merged.set(file, hits);
  return hits;
}

/** The canonical path of a source file as it is written in an LCOV file, which may have been written on Windows. */
function sourcePath(written: string, base: string): string {
  const slashed = sep === "/" && isWindowsPath(written) ? written.replaceAll("\\", "/") : written;
  if (sep === "/" && hasDrive(slashed)) return slashed;
  return canonicalPath(resolve(base, slashed));
}

/** A backslash is a legal character of a name elsewhere, so a path that has slashes as well is taken as it stands. */
function isWindowsPath(path: string): boolean {
  return hasDrive(path) || (path.includes("\\") && !path.includes("/"));
}

function hasDrive(path: string): boolean {
  return /^[A-Za-z]:[\\/]/.test(path);
}
