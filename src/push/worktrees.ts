import { access, realpath, rm } from "node:fs/promises";
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

/** Removes this repository's worktrees in that directory whose process is gone. */
export async function sweepWorktrees(repository: Repository, parent: string): Promise<Swept[]> {
  const swept: Swept[] = [];
  for (const path of await listWorktrees(repository)) {
    const isOurs = path.startsWith(`${parent}/`);
    if (!isOurs || (await isStillNeeded(path)) !== false) continue;
    await removeWorktree(repository, path);
    const isGone = await access(path).then(
      () => false,
      () => true,
    );
    swept.push({ path, isGone });
  }
  return swept;
}

/** The absolute paths of the repository's checkouts, including the main one. */
export async function listWorktrees({ git }: Repository): Promise<string[]> {
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
