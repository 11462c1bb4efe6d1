import { access, realpath, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Repository } from "../git/repository.ts";
import { privateCache } from "../shared/cache.ts";
import { currentOwner, isStillNeeded, nameWithOwner, type Owner, type Swept } from "../shared/process-owner.ts";
import type { Environment } from "../shared/world.ts";
import type { Target } from "./refs.ts";

/**
 * The absolute path for a new worktree, after those of killed runs are removed.
 *
 * It lies in the cache directory, not inside `.git`: below the user's checkout, runners would find the checkout's
 * node_modules and configuration files on their way up, and some (jest) look at nothing under `.git`.
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

/** The absolute directory in which worktrees lie; made. */
export async function worktreesDirectory(environment: Environment): Promise<string> {
  return await realpath(await privateCache(environment, "worktrees"));
}

/** Removes the worktrees in that directory which are this repository's and whose process is gone. */
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

/** The absolute paths of the repository's checkouts, the main one among them, as git knows them. */
export async function listWorktrees({ git }: Repository): Promise<string[]> {
  const list = ["worktree", "list", "--porcelain"];
  // Before git 2.36 a line is all that can be asked for.
  const lines = await git.raw([...list, "-z"]).then(
    (output) => output.split("\0"),
    async () => (await git.raw(list)).split("\n"),
  );
  return lines.filter((line) => line.startsWith("worktree ")).map((line) => line.slice("worktree ".length));
}

/**
 * Removes the files, then what git knows of them. Never by `git worktree prune`, which would also forget a worktree of
 * the user's whose drive is not mounted. What cannot be removed now stays known to git, and the next run tries again.
 */
export async function removeWorktree({ git }: Repository, path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
    await git.raw(["worktree", "remove", "--force", "--force", path]);
  } catch {
    // It was never added, or another run swept it.
  }
}
