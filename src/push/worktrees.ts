import { existsSync } from "node:fs";
import { access, readdir, readFile, realpath, rm, rmdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Repository } from "../git/repository.ts";
import { privateCache } from "../shared/cache.ts";
import { currentOwner, isStillNeeded, nameWithOwner, type Owner, type Swept } from "../shared/process-owner.ts";
import type { Environment } from "../shared/world.ts";
import type { Target } from "./refs.ts";

/**
 * The absolute path for a new worktree; first removes those of killed runs.
 *
 * It is in the cache directory, not inside of `.git`: below the user's checkout, runners would find its node_modules
 * and configuration files, and some (jest) ignore everything under `.git`.
 */
export async function worktreePath(repository: Repository, target: Target, environment: Environment): Promise<string> {
  const parent = await worktreesDirectory(environment);
  await sweepWorktrees(repository, parent);
  return join(parent, worktreeName(repository, target, await currentOwner()));
}

let counter = 0;

function worktreeName(repository: Repository, target: Target, owner: Owner): string {
  const name = basename(repository.root).replace(/[^\w.-]/g, "-");
  return nameWithOwner(`${name}-${target.commit.slice(0, 10)}`, owner, String(counter++));
}

/** The absolute directory of worktrees; created. */
export async function worktreesDirectory(environment: Environment): Promise<string> {
  return await realpath(await privateCache(environment, "worktrees"));
}

/**
 * Removes this repository's worktrees in that directory whose process is gone, and what a git that was killed has left of
 * one: a record that leads nowhere, which git does not list, and files without a record, whoever's they were.
 */
export async function sweepWorktrees(repository: Repository, parent: string): Promise<Swept[]> {
  const swept: Swept[] = [];
  const sweep = async (path: string, remove: () => Promise<void>): Promise<void> => {
    if ((await isStillNeeded(path)) !== false) return;
    await remove();
    const isGone = await access(path).then(
      () => false,
      () => true,
    );
    swept.push({ path, isGone });
  };
  for (const path of await listWorktrees(repository))
    if (path.startsWith(`${parent}/`)) await sweep(path, () => removeWorktree(repository, path));
  const records = join(repository.commonDirectory, "worktrees");
  for (const path of await entriesOf(records)) if (await leadsNowhere(path)) await sweep(path, () => removeFiles(path));
  // As git does, when the last one goes.
  await rmdir(records).catch(() => {});
  for (const path of await entriesOf(parent)) await sweep(path, () => removeFiles(path));
  return swept;
}

async function entriesOf(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(() => [])).map((name) => join(directory, name));
}

/** Whether a record of a worktree has no path: git writes it first, so that it was killed before. */
async function leadsNowhere(record: string): Promise<boolean> {
  return await readFile(join(record, "gitdir"), "utf8").then(
    (path) => path.trim() === "",
    (error: NodeJS.ErrnoException) => error.code === "ENOENT",
  );
}

/** Where that fails, the next run tries again. */
async function removeFiles(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
}

/** The absolute paths of the repository's checkouts, including the main one. */
export async function listWorktrees({ git, root, commonDirectory }: Repository): Promise<string[]> {
  // Where git keeps no records of linked ones, as in most repositories, there is only this one.
  if (!existsSync(join(commonDirectory, "worktrees"))) return [root];
  const list = ["worktree", "list", "--porcelain"];
  // Before git 2.36, only line-separated output is available.
  const lines = await git.raw([...list, "-z"]).then(
    (output) => output.split("\0"),
    async () => (await git.raw(list)).split("\n"),
  );
  return lines.filter((line) => line.startsWith("worktree ")).map((line) => line.slice("worktree ".length));
}

/**
 * Removes the files, then git's record. Never uses `git worktree prune`, which would also drop a user's worktree on an
 * unmounted drive. If removal fails, the record stays and the next run retries.
 */
export async function removeWorktree({ git }: Repository, path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
    await git.raw(["worktree", "remove", "--force", "--force", path]);
  } catch {
    // It was never added, or another run removed it.
  }
}
