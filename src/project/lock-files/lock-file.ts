import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A package that is not installed as a lock file names it. */
export interface Difference {
  readonly name: string;
  /** The version that is installed; null where none is. */
  readonly installed: string | null;
  readonly wanted: string;
}

/** What is installed, held against a lock file. */
export interface Comparison {
  readonly differences: readonly Difference[];
  /**
   * What is installed at the top of a node_modules and is not in the lock file, as paths relative to the lock file's
   * directory: "node_modules/left". An installation of that lock file would not have it.
   */
  readonly extra: ReadonlySet<string>;
}

/** A package manager's lock file, and how what it installed can be held against one. */
export interface LockFormat {
  readonly manager: string;
  /** What the lock file may be called. */
  readonly names: readonly string[];
  /** Files that only this manager leaves in node_modules. */
  readonly records: readonly string[];
  /** Installs exactly what the lock file names. */
  installCommand(text: string): string;
  /**
   * Holds what is installed in an absolute directory against the text of a lock file; null where what was installed cannot be
   * told. Throws for a text that is no such lock file.
   */
  compare(text: string, directory: string): Promise<Comparison | null>;
}

/** The version that the package.json of an absolute directory names: undefined where there is no package, null where it names none. */
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

/** Names with the versions of each, told as differences: `wanted` that `installed` lacks. */
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

/** Adds a version to the versions of a name. */
export function addVersion(all: Map<string, Set<string>>, name: string, version: string): void {
  const versions = all.get(name) ?? new Set<string>();
  all.set(name, versions);
  versions.add(version);
}
