import { existsSync } from "node:fs";
import { mkdir, readdir, readlink, realpath, symlink } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { gitLine } from "./git.ts";
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
  const notes = new Set<string>();
  const committed = await committedFiles(repository, target);
  for (const directory of projectDirectories(committed)) {
    const from = join(repository.root, directory);
    const to = join(worktree, directory);
    for (const name of environmentNames) {
      const installed = existsSync(join(from, name, "pyvenv.cfg")) && !existsSync(join(to, name));
      if (installed) await symlink(join(from, name), join(to, name));
    }
    if (!existsSync(join(from, "node_modules")) || existsSync(join(to, "node_modules"))) continue;
    const stale = await changedLockFile(repository, committed, directory);
    if (stale === null) {
      const root = await realpath(repository.root);
      await mirrorModules({ root, worktree }, join(directory, "node_modules"));
    } else {
      notes.add(
        `The ${stale} of ${target.commit.slice(0, 10)} is not the one the checkout has: check it out, install, and push again.`,
      );
    }
  }
  return [...notes];
}

/** The object id of each file of the commit. */
async function committedFiles({ git }: Repository, target: Target): Promise<Map<string, string>> {
  const lines = await git.raw(["ls-tree", "-r", "-z", "--full-tree", target.commit]);
  const entries = lines.split("\0").filter(Boolean);
  return new Map(
    entries.map((entry) => {
      const tab = entry.indexOf("\t");
      const [, , object = ""] = entry.slice(0, tab).split(" ");
      return [entry.slice(tab + 1), object];
    }),
  );
}

/** The directories of the commit in which something may be installed, relative to the root, which is always one. */
function projectDirectories(committed: ReadonlyMap<string, string>): Set<string> {
  const files = [...committed.keys()].filter((file) => projectFiles.has(basename(file)));
  return new Set([".", ...files.map(dirname)]);
}

/** The nearest lock file that differs between the commit and the checkout, or null where the same ones govern both. */
async function changedLockFile(
  { git, root }: Repository,
  committed: ReadonlyMap<string, string>,
  directory: string,
): Promise<string | null> {
  for (let current = directory; ; current = dirname(current)) {
    const files = lockFiles.map((name) => join(current, name));
    const found = files.filter((file) => committed.has(file) || existsSync(join(root, file)));
    for (const file of found) {
      if (!existsSync(join(root, file))) return file;
      if ((await gitLine(git, "hash-object", "--", file)) !== committed.get(file)) return file;
    }
    if (found.length > 0 || current === ".") return null;
  }
}

/** The absolute roots, links resolved, of the checkout whose packages are installed and of the worktree that needs them. */
interface Mirror {
  readonly root: string;
  readonly worktree: string;
}

/** What lies in a node_modules beside packages and is needed: programs, and the stores that packages are links into. */
const hiddenParts = new Set([".bin", ".pnpm", ".store"]);

/**
 * A node_modules of links. The directory itself is the worktree's own, so that caches written there stay there; packages
 * and programs that are links into the checkout (workspaces) lead to the same place in the worktree, or old code would
 * be tested.
 */
async function mirrorModules(mirror: Mirror, path: string): Promise<void> {
  await mkdir(join(mirror.worktree, path), { recursive: true });
  const entries = await readdir(join(mirror.root, path), { withFileTypes: true });
  await Promise.all(
    entries.map(async (entry) => {
      const inside = join(path, entry.name);
      if (entry.name.startsWith(".") && !hiddenParts.has(entry.name)) return;
      const isGroup = entry.name.startsWith("@") || entry.name === ".bin";
      if (isGroup && entry.isDirectory()) await mirrorModules(mirror, inside);
      else await symlink(await sourceOf(mirror, inside, entry.isSymbolicLink()), join(mirror.worktree, inside));
    }),
  );
}

/** What an entry of node_modules is to lead to. */
async function sourceOf({ root, worktree }: Mirror, path: string, isLink: boolean): Promise<string> {
  const original = join(root, path);
  if (!isLink) return original;
  const real = await realpath(original).catch(async () => resolve(dirname(original), await readlink(original)));
  const inside = relative(root, real);
  const installed = inside === ".." || inside.startsWith("../") || inside.split("/").includes("node_modules");
  return installed ? original : join(worktree, inside);
}
