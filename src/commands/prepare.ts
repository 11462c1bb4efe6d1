import { type ExitCode, exitCodes, messageOf } from "../errors.ts";
import { findHookOwner } from "../init/hook-owner.ts";
import { placeShim } from "../init/shim.ts";
import { openRepository, type Repository } from "../push/repository.ts";
import type { World } from "../world.ts";

/**
 * What the prepare script of package.json runs after husky, with every install of packages: puts our shim where git runs
 * husky's. Never fails: packages are also installed where nothing is pushed, without git or without a repository.
 */
export async function prepare(world: World): Promise<ExitCode> {
  try {
    await prepareHook(await openRepository(world));
  } catch (error) {
    if (world.environment.CI === undefined)
      world.errors.write(`pushproof: the hook is not prepared: ${messageOf(error)}\n`);
  }
  return exitCodes.verified;
}

/** Puts our shim where git runs husky's; nothing where others have the hooks. */
export async function prepareHook(repository: Repository): Promise<void> {
  if ((await findHookOwner(repository)).kind === "husky") await placeShim(repository.root);
}
