import { basename, dirname } from "node:path";
import { gitLine, gitLineOrNull } from "../../git/client.ts";
import type { Repository } from "../../git/repository.ts";

/** The repository's name: the directory of its main checkout, even in a linked worktree. */
export function repositoryName({ root, commonDirectory }: Repository): string {
  return basename(basename(commonDirectory) === ".git" ? dirname(commonDirectory) : root);
}

/** The base branch of pull requests: origin's HEAD, else main or master, else the current branch. */
export async function baseBranch({ git }: Repository): Promise<string> {
  const head = await gitLineOrNull(git, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD");
  if (head?.startsWith("origin/")) return head.slice("origin/".length);
  const known = await gitLine(git, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes/origin");
  const names = known.split("\n").map((ref) => ref.replace(/^refs\/(heads|remotes\/origin)\//, ""));
  const usual = ["main", "master"].find((name) => names.includes(name));
  return usual ?? (await gitLineOrNull(git, "symbolic-ref", "--quiet", "--short", "HEAD")) ?? "main";
}

/** Whether git ignores node_modules. */
export async function ignoresNodeModules({ git }: Repository): Promise<boolean> {
  return (await gitLineOrNull(git, "check-ignore", "--no-index", "--quiet", "node_modules/husky")) !== null;
}

/** Those of the paths with uncommitted changes. */
export async function uncommitted(repository: Repository, paths: readonly string[]): Promise<string[]> {
  const changed = new Set(await uncommittedFiles(repository, paths));
  return paths.filter((path) => changed.has(path));
}

/** Files with uncommitted changes, among some paths or all. */
export async function uncommittedFiles({ git }: Repository, paths: readonly string[] = []): Promise<string[]> {
  const listing = await git.raw(["status", "--porcelain", "-z", "--untracked-files=all", "--", ...paths]);
  return listing.split("\0").flatMap((entry) => (entry === "" ? [] : [entry.slice(3)]));
}
