import { posix } from "node:path";

/** A project's tracked and trackable files, read from the checkout. */
export interface ProjectFiles {
  /** Relative to the root, with forward slashes, sorted. */
  readonly paths: readonly string[];
  has(path: string): boolean;
  /** The text of a file, or null where it is missing or too large to be hand-written. */
  read(path: string): string | null;
}

const skippedDirectory =
  /^(node_modules|site-packages|venv|__pycache__|(__)?fixtures(__)?|test-?data|\.(?!github$).*)$/;

/** A project of these paths; `readText` is called at most once per path. */
export function projectFiles(paths: readonly string[], readText: (path: string) => string | null): ProjectFiles {
  const kept = paths
    .filter(
      (path) =>
        !path
          .split("/")
          .slice(0, -1)
          .some((name) => skippedDirectory.test(name)),
    )
    .sort();
  const known = new Set(kept);
  const texts = new Map<string, string | null>();
  return {
    paths: kept,
    has: (path) => known.has(path),
    read: (path) => {
      if (!known.has(path)) return null;
      const cached = texts.get(path);
      if (cached !== undefined) return cached;
      const text = readText(path);
      texts.set(path, text);
      return text;
    },
  };
}

/** Whether a path is in a directory; "." contains everything. */
export function isUnder(directory: string, path: string): boolean {
  return directory === "." || path === directory || path.startsWith(`${directory}/`);
}

/** A path inside of a directory, without a leading "./". */
export function within(directory: string, path: string): string {
  return posix.join(directory, path);
}

/** A directory and its parents, nearest first, up to ".". */
export function upwards(directory: string): string[] {
  const chain = [directory];
  for (let current = directory; current !== "."; ) {
    current = posix.dirname(current);
    chain.push(current);
  }
  return chain;
}

/** The depth of a directory; "." is 0. */
export function depth(directory: string): number {
  return directory === "." ? 0 : directory.split("/").length;
}

/** The names of a directory's direct entries. */
export function entriesOf(project: ProjectFiles, directory: string): string[] {
  const prefix = directory === "." ? "" : `${directory}/`;
  const inside = project.paths.filter((path) => path.startsWith(prefix));
  return [...new Set(inside.map((path) => path.slice(prefix.length).split("/")[0] ?? ""))];
}
