import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A package whose installed version differs from the lock file. */
export interface Difference {
  readonly name: string;
  /** The installed version; null where it is missing. */
  readonly installed: string | null;
  readonly wanted: string;
}

/** The result of comparing installed packages with a lock file. */
export interface Comparison {
  readonly differences: readonly Difference[];
  /**
   * Top-level packages that the lock file lacks, relative to its directory: "node_modules/left". Installing from the
   * lock file would remove them.
   */
  readonly extra: ReadonlySet<string>;
}

/** A lock file format, and how to compare it. */
export interface LockFormat {
  readonly manager: string;
  /** Possible file names. */
  readonly names: readonly string[];
  /** Files that only this manager leaves in node_modules. */
  readonly records: readonly string[];
  /** The command that installs exactly what the lock file names. */
  installCommand(text: string): string;
  /**
   * Compares an absolute directory's installed packages with a lock file's text; null where they cannot be read. Throws
   * for an invalid lock file.
   */
  compare(text: string, directory: string): Promise<Comparison | null>;
}

/** The version in the package.json of an absolute directory: undefined without a package, null without a version. */
export function versionIn(directory: string): string | null | undefined {
  const text = readText(join(directory, "package.json"));
  if (text === null) return undefined;
  try {
    const { version } = JSON.parse(text);
    return typeof version === "string" ? version : null;
  } catch {
    return null;
  }
}

/** The text of a file; null where it cannot be read. */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Versions in `wanted` that `installed` lacks, as differences. */
export function missingVersions(
  wanted: ReadonlyMap<string, ReadonlySet<string>>,
  installed: ReadonlyMap<string, ReadonlySet<string>>,
): Difference[] {
  return [...wanted].flatMap(([name, versions]) => {
    const there = installed.get(name) ?? new Set<string>();
    const others = [...there].filter((version) => !versions.has(version));
    const lacking = [...versions].filter((version) => !there.has(version));
    return lacking.map((version) => ({ name, installed: others.join(" and ") || null, wanted: version }));
  });
}

/** Adds a version to those of a name. */
export function addVersion(all: Map<string, Set<string>>, name: string, version: string): void {
  const versions = all.get(name) ?? new Set<string>();
  all.set(name, versions);
  versions.add(version);
}
