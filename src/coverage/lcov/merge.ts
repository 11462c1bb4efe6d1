import { open } from "node:fs/promises";
import { resolve, sep } from "node:path";
import type { Count } from "../../model/count.ts";
import { compareNames } from "../../shared/text.ts";
import { canonicalPath, nameWithin } from "../../shared/within.ts";
import { readLcov } from "./read.ts";
import { type Coverage, SourceCoverage } from "./source-coverage.ts";

/** An LCOV file of a suite. */
export interface LcovInput {
  /** The absolute path of the LCOV file. */
  readonly path: string;
  /** The absolute directory that its relative source files are relative to. */
  readonly base: string;
}

/**
 * Merges LCOV files of all suites. Hits of repeated records and files are added up. Throws UnavailableError where a
 * file is unreadable, not LCOV, or truncated.
 */
export async function mergeLcov(inputs: readonly LcovInput[]): Promise<Map<string, SourceCoverage>> {
  const merged = new Map<string, SourceCoverage>();
  // All workers name the same files, so each is resolved once.
  const bases = new Map<string, Map<string, SourceCoverage>>();
  for (const { path, base } of inputs) {
    const known = entryOf(bases, base, () => new Map<string, SourceCoverage>());
    await readLcov(path, (source) =>
      entryOf(known, source, () => entryOf(merged, sourcePath(source, base), () => new SourceCoverage())),
    );
  }
  return merged;
}

/**
 * Writes one LCOV file: names relative to the root, sorted, totals recomputed. Files outside of the root keep absolute
 * names.
 */
export async function writeLcov(coverage: Coverage, root: string, path: string): Promise<void> {
  const canonicalRoot = canonicalPath(root);
  const named = [...coverage].map(([file, source]) => [nameWithin(canonicalRoot, file) ?? file, source] as const);
  const handle = await open(path, "w");
  try {
    for (const [name, source] of named.sort(([left], [right]) => compareNames(left, right))) {
      await handle.write(Buffer.concat(lcovRecord(name, source)));
    }
  } finally {
    await handle.close();
  }
}

/** Names of functions and branches are latin1 bytes and are written as such. */
function lcovRecord(name: string, { lines, functions, branches }: SourceCoverage): Buffer[] {
  let text = "";
  for (const { line, end, name } of functions.entries()) text += `FN:${line},${end > 0 ? `${end},` : ""}${name}\n`;
  for (const { hits, name } of functions.entries()) text += `FNDA:${hits},${name}\n`;
  text += totals("FN", functions.count(), functions.isMeasured);
  for (const [key, taken] of branches.entries()) text += `BRDA:${key},${taken ?? "-"}\n`;
  text += totals("BR", branches.count(), branches.isMeasured);
  for (const [line, hits] of lines.entries()) text += `DA:${line},${hits}\n`;
  text += totals("L", lines.count(), true);
  return [Buffer.from(`TN:\nSF:${name}\n`), Buffer.from(text, "latin1"), Buffer.from("end_of_record\n")];
}

function totals(what: string, { covered, total }: Count, isMeasured: boolean): string {
  return isMeasured ? `${what}F:${total}\n${what}H:${covered}\n` : "";
}

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** The real path of a source file in an LCOV file, which may come from Windows. */
function sourcePath(written: string, base: string): string {
  const slashed = sep === "/" && isWindowsPath(written) ? written.replaceAll("\\", "/") : written;
  if (sep === "/" && hasDrive(slashed)) return slashed;
  return canonicalPath(resolve(base, slashed));
}

/** On other systems a backslash may be part of a name, so a path that also has slashes is kept. */
function isWindowsPath(path: string): boolean {
  return hasDrive(path) || (path.includes("\\") && !path.includes("/"));
}

function hasDrive(path: string): boolean {
  return /^[A-Za-z]:[\\/]/.test(path);
}
