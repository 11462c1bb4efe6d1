import { existsSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import type { Repository } from "../git/repository.ts";

/** The files of a project that git tracks or would track, read as they lie. */
export interface ProjectFiles {
  /** Relative to the root, with forward slashes, sorted. */
  readonly paths: readonly string[];
  has(path: string): boolean;
  /** The text of a file, or null where there is none or it is too large to have been written by hand. */
  read(path: string): string | null;
}

const largestFile = 1_000_000;
const skippedDirectory =
  /^(node_modules|site-packages|venv|__pycache__|(__)?fixtures(__)?|test-?data|\.(?!github$).*)$/;

/** What lies in the checkout: tracked files and untracked ones that are not ignored, without dependencies and hidden directories. */
export async function listProjectFiles({ git, root }: Repository): Promise<ProjectFiles> {
  const listing = await git.raw(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  const paths = [...new Set(listing.split("\0"))].filter((path) => path !== "" && existsSync(join(root, path)));
  return filesUnder(root, paths);
}

/** The project of these paths below an absolute root. */
export function filesUnder(root: string, paths: readonly string[]): ProjectFiles {
  return projectFiles(paths, (path) => {
    const absolute = join(root, path);
    const stats = statSync(absolute, { throwIfNoEntry: false });
    return stats?.isFile() && stats.size <= largestFile ? readFileSync(absolute, "utf8") : null;
  });
}

/** A project of these paths; `readText` is asked at most once for each. */
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

/** Whether a path lies in a directory; everything lies in ".". */
export function isUnder(directory: string, path: string): boolean {
  return directory === "." || path === directory || path.startsWith(`${directory}/`);
}

/** A path inside a directory, without "./" in front. */
export function within(directory: string, path: string): string {
  return posix.join(directory, path);
}

/** The directory itself and those above it, nearest first, up to ".". */
export function upwards(directory: string): string[] {
  const chain = [directory];
  for (let current = directory; current !== "."; ) {
    current = posix.dirname(current);
    chain.push(current);
  }
  return chain;
}

/** How many directories deep a directory lies; "." is 0. */
export function depth(directory: string): number {
  return directory === "." ? 0 : directory.split("/").length;
}

/** The names of what lies directly in a directory, files and directories alike. */
export function entriesOf(project: ProjectFiles, directory: string): string[] {
  const prefix = directory === "." ? "" : `${directory}/`;
  const inside = project.paths.filter((path) => path.startsWith(prefix));
  return [...new Set(inside.map((path) => path.slice(prefix.length).split("/")[0] ?? ""))];
}
