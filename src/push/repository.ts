import type { SimpleGit } from "simple-git";
import { RequestError } from "../errors.ts";
import type { World } from "../world.ts";
import { gitLine, gitLineOrNull, openGit } from "./git.ts";

/** The repository the program was called in. */
export interface Repository {
  /** The absolute root of the checkout. */
  readonly root: string;
  /** The absolute directory that all linked worktrees share; receipts lie in its `verify`. */
  readonly commonDirectory: string;
  /** Git in `root`. */
  readonly git: SimpleGit;
}

/** Finds the repository of the world's directory. Throws RequestError outside of one. */
export async function openRepository(world: World): Promise<Repository> {
  const here = openGit(world.directory, world.environment);
  const root = await gitLineOrNull(here, "rev-parse", "--show-toplevel");
  if (!root) {
    throw new RequestError(
      `${world.directory} is not in a git checkout: run this in a repository, or begin one with \`git init\`.`,
    );
  }
  const git = openGit(root, world.environment);
  const commonDirectory = await gitLine(git, "rev-parse", "--path-format=absolute", "--git-common-dir");
  return { root, commonDirectory, git };
}
