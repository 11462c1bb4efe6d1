import { type Dirent, existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readlink, realpath, symlink } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { Repository } from "../git/repository.ts";
import type { InstalledPackages } from "./installed.ts";
import type { Target } from "./refs.ts";

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
 * Makes installed dependencies of the user's checkout available in a worktree: node_modules where they match the
 * commit's lock file, and Python virtual environments. Returns a sentence for each node_modules that does not match.
 */
export async function linkDependencies(repository: Repository, target: Target, worktree: string): Promise<string[]> {
  const notes = new Set<string>();
  const committed = await committedFiles(repository, target);
  const packages = await openInstalled(repository, target, committed);
  for (const directory of projectDirectories(committed.keys())) {
    const from = join(repository.root, directory);
    const to = join(worktree, directory);
    for (const name of environmentNames) {
      const installed = existsSync(join(from, name, "pyvenv.cfg")) && !existsSync(join(to, name));
      if (installed) await symlink(join(from, name), join(to, name));
    }
    if (!existsSync(join(from, "node_modules")) || existsSync(join(to, "node_modules"))) continue;
    const { problem, extra } = await packages.of(directory);
    if (problem === null) {
      const root = await realpath(repository.root);
      await mirrorModules({ root, worktree, extra }, join(directory, "node_modules"));
    } else {
      notes.add(problem);
    }
  }
  return [...notes];
}

/**
 * Why installed packages in the user's checkout, which has the commit's files as `tracked`, do not match the commit's lock
 * files, one sentence each.
 */
export async function staleDependencies(
  repository: Repository,
  target: Target,
  tracked: Iterable<string>,
): Promise<string[]> {
  const directories = [...projectDirectories(tracked)].filter((directory) =>
    existsSync(join(repository.root, directory, "node_modules")),
  );
  if (directories.length === 0) return [];
  const packages = await openInstalled(repository, target, await committedFiles(repository, target));
  const installed = await Promise.all(directories.map((directory) => packages.of(directory)));
  return [...new Set(installed.flatMap(({ problem }) => problem ?? []))];
}

/** Imported lazily: the readers of lock files take long to load, and not every project has one. */
async function openInstalled(
  ...[repository, target, committed]: ConstructorParameters<typeof InstalledPackages>
): Promise<InstalledPackages> {
  const { InstalledPackages: Installed } = await import("./installed.ts");
  return new Installed(repository, target, committed);
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

/** The commit's directories in which packages may be installed, relative to the root, which is included. */
function projectDirectories(committed: Iterable<string>): Set<string> {
  const files = [...committed].filter((file) => projectFiles.has(basename(file)));
  return new Set([".", ...files.map(dirname)]);
}

/** The absolute real roots of the checkout with the packages and of the worktree that needs them. */
interface Mirror {
  readonly root: string;
  readonly worktree: string;
  /** Packages to leave out because the lock file lacks them, relative to the root. */
  readonly extra: ReadonlySet<string>;
}

/**
 * Creates a node_modules of links. The directory belongs to the worktree, so that caches written there stay there.
 * Links into the checkout (workspaces) are redirected into the worktree, or old code would be tested. Package stores
 * (.pnpm, .store) are left out, as an install in the worktree would write to the user's own; Node still finds packages
 * by their real paths.
 */
async function mirrorModules(mirror: Mirror, path: string): Promise<void> {
  await mkdir(join(mirror.worktree, path), { recursive: true });
  const entries = await readdir(join(mirror.root, path), { withFileTypes: true });
  await Promise.all(entries.map((entry) => mirrorEntry(mirror, path, entry)));
}

async function mirrorEntry(mirror: Mirror, path: string, entry: Dirent): Promise<void> {
  const inside = join(path, entry.name);
  const isProgram = basename(path) === ".bin";
  if (mirror.extra.has(inside) || (entry.name.startsWith(".") && entry.name !== ".bin" && !isProgram)) return;
  if (entry.isDirectory() && (entry.name.startsWith("@") || entry.name === ".bin")) {
    await mirrorModules(mirror, inside);
    return;
  }
  const target = join(mirror.worktree, inside);
  // A script that finds its program relative to its real path would find the checkout's.
  if (isProgram && entry.isFile()) await copyFile(join(mirror.root, inside), target);
  else {
    const source = await sourceOf(mirror, inside, entry.isSymbolicLink());
    if (!(isProgram && (await isOfExtra(mirror, inside)))) await symlink(source, target);
  }
}

/** Whether a program belongs to a package that is left out. */
async function isOfExtra({ root, extra }: Mirror, path: string): Promise<boolean> {
  if (extra.size === 0) return false;
  const real = await realpath(join(root, path)).catch(() => "");
  return [...extra].some((left) => real.startsWith(`${join(root, left)}/`));
}

/** The link target of an entry in node_modules. */
async function sourceOf({ root, worktree }: Mirror, path: string, isLink: boolean): Promise<string> {
  const original = join(root, path);
  if (!isLink) return original;
  const real = await realpath(original).catch(async () => resolve(dirname(original), await readlink(original)));
  const inside = relative(root, real);
  const installed = inside === ".." || inside.startsWith("../") || inside.split("/").includes("node_modules");
  return installed ? original : join(worktree, inside);
}
