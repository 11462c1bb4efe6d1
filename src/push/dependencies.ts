import { existsSync } from "node:fs";
import { mkdir, readdir, readlink, realpath, symlink } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { gitLineOrNull } from "./git.ts";
import type { Target } from "./refs.ts";
import type { Repository } from "./repository.ts";

const lockFiles = ["package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"];
const projectFiles = new Set([
  "package.json",
  "pyproject.toml",
  "setup.py",
  "setup.cfg",
  "pytest.ini",
  "tox.ini",
  "requirements.txt",
]);
const environmentNames = [".venv", "venv", "env"];

/**
 * Makes what is installed beside the user's checkout available in a worktree: node_modules where the commit's lock file
 * is the one they were installed from, and Python's virtual environments as they are. Gives a sentence for each
 * node_modules that does not belong to the commit.
 */
export async function linkDependencies(repository: Repository, target: Target, worktree: string): Promise<string[]> {
  const notes: string[] = [];
  for (const directory of await projectDirectories(repository, target)) {
    const from = join(repository.root, directory);
    const to = join(worktree, directory);
    for (const name of environmentNames) {
      const installed = existsSync(join(from, name, "pyvenv.cfg")) && !existsSync(join(to, name));
      if (installed) await symlink(join(from, name), join(to, name));
    }
    if (!existsSync(join(from, "node_modules")) || existsSync(join(to, "node_modules"))) continue;
    const stale = await changedLockFile(repository, target, directory);
    if (stale === null) await mirrorModules(repository.root, worktree, join(directory, "node_modules"));
    else
      notes.push(
        `The ${stale} of ${target.commit.slice(0, 10)} is not the one the checkout has: check it out, install, and push again.`,
      );
  }
  return notes;
}

/** The directories of the commit in which something may be installed, relative to the root, which is always one. */
async function projectDirectories({ git }: Repository, target: Target): Promise<string[]> {
  const files = await git.raw(["ls-tree", "-r", "-z", "--name-only", target.commit]);
  const directories = files
    .split("\0")
    .filter((file) => projectFiles.has(basename(file)))
    .map(dirname);
  return [...new Set([".", ...directories])];
}

/** The nearest lock file that differs between the commit and the checkout, or null where the same one governs both. */
async function changedLockFile({ git, root }: Repository, target: Target, directory: string): Promise<string | null> {
  for (let current = directory; ; current = dirname(current)) {
    for (const name of lockFiles) {
      const file = join(current, name);
      const committed = await gitLineOrNull(git, "rev-parse", "--quiet", "--verify", `${target.commit}:${file}`);
      const present = existsSync(join(root, file));
      if (!committed && !present) continue;
      if (!committed || !present) return file;
      const here = await gitLineOrNull(git, "hash-object", "--", file);
      return here === committed ? null : file;
    }
    if (current === ".") return null;
  }
}

/**
 * A node_modules of links. The directory itself is the worktree's own, so that caches written there stay there; packages
 * that are links into the checkout (workspaces) lead to the same place in the worktree, or old code would be tested.
 */
async function mirrorModules(root: string, worktree: string, path: string): Promise<void> {
  await mkdir(join(worktree, path), { recursive: true });
  for (const entry of await readdir(join(root, path), { withFileTypes: true })) {
    const inside = join(path, entry.name);
    if (entry.name.startsWith("@") && entry.isDirectory()) await mirrorModules(root, worktree, inside);
    else if (entry.name === ".bin" || !entry.name.startsWith(".")) await mirrorEntry(root, worktree, inside);
  }
}

async function mirrorEntry(root: string, worktree: string, path: string): Promise<void> {
  const original = join(root, path);
  const workspace = await linkedWorkspace(root, original);
  await symlink(workspace === null ? original : join(worktree, workspace), join(worktree, path));
}

/** Where in the checkout a package link leads, relative to the root; null for an installed package. */
async function linkedWorkspace(root: string, original: string): Promise<string | null> {
  const link = await readlink(original).catch(() => null);
  if (link === null) return null;
  const real = await realpath(original).catch(() => resolve(dirname(original), link));
  const inside = relative(await realpath(root), real);
  const installed = inside.split("/").includes("node_modules");
  return inside.startsWith("..") || installed ? null : inside;
}
