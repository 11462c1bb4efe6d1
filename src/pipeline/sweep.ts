import { sweepRuns } from "../database/embedded/server/sweep.ts";
import type { Repository } from "../git/repository.ts";
import { sweepWorktrees, worktreesDirectory } from "../push/worktrees.ts";
import type { World } from "../shared/world.ts";
import { sweepScratch } from "../suite/scratch.ts";

/**
 * Removes what killed runs have left, whatever this run itself will need: worktrees of this repository, Postgres servers
 * and the files of runners. What cannot be removed now is left to the next run, and no verdict depends on it.
 */
export async function sweepLeftovers(repository: Repository, { environment }: World): Promise<void> {
  await Promise.allSettled([
    worktreesDirectory(environment).then((directory) => sweepWorktrees(repository, directory)),
    sweepRuns(),
    sweepScratch(environment),
  ]);
}
