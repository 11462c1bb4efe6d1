import { openRepository, type Repository } from "../git/repository.ts";
import { findHookOwner } from "../init/hook/owner.ts";
import { placeShim } from "../init/hook/shim.ts";
import { type ExitCode, ExpectedError, exitCodes, messageOf } from "../shared/errors.ts";
import type { World } from "../shared/world.ts";

/**
 * What the prepare script of package.json runs after husky, with every install of packages: puts our shim where git runs
 * husky's. Never fails, since an install of packages would fail with it.
 */
export async function prepare(world: World): Promise<ExitCode> {
  try {
    await prepareHook(await openRepository(world));
  } catch (error) {
    // Packages are also installed where there is no git or no repository, such as in an image.
    if (!(error instanceof ExpectedError)) {
      world.errors.write(`pushproof: the hook could not be prepared: ${messageOf(error)}\n`);
    }
  }
  return exitCodes.verified;
}

/** Puts our shim where git runs husky's; nothing where others have the hooks. */
export async function prepareHook(repository: Repository): Promise<void> {
  if ((await findHookOwner(repository)).kind === "husky") await placeShim(repository.root);
}
