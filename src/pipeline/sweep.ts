import { sweepRuns } from "../database/embedded/server/sweep.ts";
import type { Repository } from "../git/repository.ts";
import { sweepRunLocks } from "../push/run-lock.ts";
import { sweepWorktrees, worktreesDirectory } from "../push/worktrees.ts";
import type { World } from "../shared/world.ts";
import { sweepScratch } from "../suite/scratch.ts";

/**
 * Removes what killed runs left, whether or not this run needs it: worktrees and locks of this repository, Postgres
 * servers and runners' files. Failures are left to the next run, and no verdict depends on it.
 */
export async function sweepLeftovers(repository: Repository, { environment }: World): Promise<void> {
  await Promise.allSettled([
    worktreesDirectory(environment).then((directory) => sweepWorktrees(repository, directory)),
    sweepRuns(),
    sweepScratch(environment),
    sweepRunLocks(repository.commonDirectory),
  ]);
}
