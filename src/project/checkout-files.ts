import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Repository } from "../git/repository.ts";
import { type ProjectFiles, projectFiles } from "./project-files.ts";

const largestFile = 1_000_000;

/** The files of a checkout: tracked, and untracked but not ignored; without dependencies and hidden directories. */
export async function listProjectFiles({ git, root }: Repository): Promise<ProjectFiles> {
  const listing = await git.raw(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  const paths = [...new Set(listing.split("\0"))].filter((path) => path !== "" && existsSync(join(root, path)));
  return filesUnder(root, paths);
}

/** A project of these paths below an absolute root. */
export function filesUnder(root: string, paths: readonly string[]): ProjectFiles {
  return projectFiles(paths, (path) => {
    const absolute = join(root, path);
    const stats = statSync(absolute, { throwIfNoEntry: false });
    return stats?.isFile() && stats.size <= largestFile ? readFileSync(absolute, "utf8") : null;
  });
}
