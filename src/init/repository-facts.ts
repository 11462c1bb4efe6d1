import { basename, dirname } from "node:path";
import { RequestError } from "../errors.ts";
import type { World } from "../world.ts";
import { askGit, git, runCommand } from "./commands.ts";

/** The absolute root of the checkout that the program was called in. Throws RequestError where there is none. */
export async function findRoot(world: World): Promise<string> {
  const root = await askGit(world, world.directory, ["rev-parse", "--show-toplevel"]);
  if (root) return root;
  const { everything } = await runCommand(world, world.directory, ["git", "rev-parse", "--show-toplevel"]);
  if (/dubious ownership/.test(everything)) {
    throw new RequestError(
      `git does not trust ${world.directory}, which belongs to another user: run \`git status\` there to see how to allow it.`,
    );
  }
  if (/work tree/.test(everything)) {
    throw new RequestError(`${world.directory} is a bare repository: run \`verify init\` in a checkout of it.`);
  }
  throw new RequestError(`${world.directory} is not in a git repository: run \`git init\` first.`);
}

/** The repository's name: its main checkout's directory, also when called in a linked worktree. */
export async function repositoryName(world: World, root: string): Promise<string> {
  const common = await git(world, root, ["rev-parse", "--path-format=absolute", "--git-common-dir"]);
  return basename(basename(common) === ".git" ? dirname(common) : root);
}

/** The branch that pull requests go to: what origin calls its HEAD, else main or master, else the one checked out. */
export async function baseBranch(world: World, root: string): Promise<string> {
  const head = await askGit(world, root, ["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"]);
  if (head?.startsWith("origin/")) return head.slice("origin/".length);
  const known = await git(world, root, ["for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes/origin"]);
  const names = known.split("\n").map((ref) => ref.replace(/^refs\/(heads|remotes\/origin)\//, ""));
  const usual = ["main", "master"].find((name) => names.includes(name));
  return usual ?? (await askGit(world, root, ["symbolic-ref", "--quiet", "--short", "HEAD"])) ?? "main";
}

/** Whether git ignores what lies in node_modules. */
export async function ignoresNodeModules(world: World, root: string): Promise<boolean> {
  return (await askGit(world, root, ["check-ignore", "--no-index", "--quiet", "node_modules/husky"])) !== null;
}

/** Those of the paths that a commit would change. */
export async function uncommitted(world: World, root: string, paths: readonly string[]): Promise<string[]> {
  const listing = await git(world, root, ["status", "--porcelain", "-z", "--untracked-files=all", "--", ...paths]);
  const changed = new Set(listing.split("\0").map((entry) => entry.slice(3)));
  return paths.filter((path) => changed.has(path));
}
