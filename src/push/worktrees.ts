import { access, constants, mkdir, realpath, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { cacheDirectory } from "../paths.ts";
import type { Environment } from "../world.ts";
import type { Target } from "./refs.ts";
import type { Repository } from "./repository.ts";

/**
 * The absolute path for a new worktree, after those of killed runs are removed.
 *
 * It lies in the cache directory, not inside `.git`: below the user's checkout, runners would find the checkout's
 * node_modules and configuration files on their way up, and some (jest) look at nothing under `.git`.
 */
export async function worktreePath(repository: Repository, target: Target, environment: Environment): Promise<string> {
  const parent = await worktreesDirectory(environment);
  await sweepWorktrees(repository, parent);
  return join(parent, worktreeName(repository, target));
}

async function worktreesDirectory(environment: Environment): Promise<string> {
  const preferred = join(cacheDirectory(environment), "worktrees");
  try {
    await mkdir(preferred, { recursive: true, mode: 0o700 });
    await access(preferred, constants.W_OK);
    return await realpath(preferred);
  } catch {
    // A home that cannot be written to.
    const fallback = join(tmpdir(), `pushproof-worktrees-${process.getuid?.() ?? "user"}`);
    await mkdir(fallback, { recursive: true, mode: 0o700 });
    return await realpath(fallback);
  }
}

let counter = 0;

/** Tells who owns it, so that the next run may remove what a killed one left: `shop-3f2c1ab90e.4711.0.host`. */
function worktreeName(repository: Repository, target: Target): string {
  const name = basename(repository.root).replace(/[^\w.-]/g, "-");
  return `${name}-${target.commit.slice(0, 10)}.${process.pid}.${counter++}.${host}`;
}

const ownedName = /\.(\d+)\.\d+\.([^./]+)$/;
const host = hostname().replace(/[^\w-]/g, "-");

/** Removes the worktrees of this repository whose process is gone. */
async function sweepWorktrees(repository: Repository, parent: string): Promise<void> {
  const list = await repository.git.raw(["worktree", "list", "--porcelain"]);
  for (const [, path = ""] of list.matchAll(/^worktree (.*)$/gm)) {
    const [, pid, owner] = ownedName.exec(path) ?? [];
    const ours = path.startsWith(`${parent}/`) && owner === host;
    if (ours && !isAlive(Number(pid))) await removeWorktree(repository, path);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
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
