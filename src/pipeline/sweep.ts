import { join } from "node:path";
import { sweepRuns } from "../database/embedded/server/sweep.ts";
import type { Repository } from "../git/repository.ts";
import { reportsDirectory } from "../project/reports-directory.ts";
import { sweepRunLocks } from "../push/run-lock.ts";
import { sweepWorktrees, worktreesDirectory } from "../push/worktrees.ts";
import { sweepUnfinishedFiles } from "../shared/files.ts";
import type { Swept } from "../shared/process-owner.ts";
import type { Environment, World } from "../shared/world.ts";
import { sweepScratch } from "../suite/scratch.ts";

/**
 * Removes what killed runs left, whether or not this run needs it: worktrees, locks and unfinished files of this
 * repository, Postgres servers and runners' files. Failures are left to the next run, and no verdict depends on it.
 */
export async function sweepLeftovers(repository: Repository, { environment }: World): Promise<void> {
  await Promise.allSettled([sweepRepository(repository, environment), sweepRuns(), sweepScratch(environment)]);
}

/** Removes what killed runs left of a repository's worktrees, locks and files. */
export async function sweepRepository(repository: Repository, environment: Environment): Promise<Swept[]> {
  const { root, commonDirectory } = repository;
  // Files of the first two are below them, of the others, which `verify init` edits, right in them.
  const deep = [join(root, reportsDirectory), join(commonDirectory, "verify")];
  const flat = [root, join(root, ".husky"), join(root, ".github", "workflows")];
  const swept = await Promise.allSettled([
    worktreesDirectory(environment).then((directory) => sweepWorktrees(repository, directory)),
    sweepRunLocks(commonDirectory),
    ...deep.map((directory) => sweepUnfinishedFiles(directory, { recursive: true })),
    ...flat.map((directory) => sweepUnfinishedFiles(directory, { recursive: false })),
  ]);
  return swept.flatMap((end) => (end.status === "fulfilled" ? end.value : []));
}
