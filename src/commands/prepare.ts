import { openRepository, type Repository } from "../git/repository.ts";
import { findHookOwner } from "../init/hook/owner.ts";
import { placeShim } from "../init/hook/shim.ts";
import { type ExitCode, ExpectedError, exitCodes, messageOf } from "../shared/errors.ts";
import type { World } from "../shared/world.ts";

/**
 * Run by the prepare script of package.json after husky, on every install: adds our shim to husky's hooks. Never fails,
 * as that would fail the install.
 */
export async function prepare(world: World): Promise<ExitCode> {
  try {
    await prepareHook(await openRepository(world));
  } catch (error) {
    // Packages are also installed without git or a repository, for example in an image.
    if (!(error instanceof ExpectedError)) {
      world.errors.write(`pushproof: the hook could not be prepared: ${messageOf(error)}\n`);
    }
  }
  return exitCodes.verified;
}

/** Adds our shim to husky's hooks; does nothing with other hook managers. */
export async function prepareHook(repository: Repository): Promise<void> {
  if ((await findHookOwner(repository)).kind === "husky") await placeShim(repository.root);
}
