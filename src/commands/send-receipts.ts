import { openRepository } from "../git/repository.ts";
import { type ExitCode, exitCodes } from "../shared/errors.ts";
import type { Environment, World } from "../shared/world.ts";
import { destinationVariable } from "../trust/travel/beside-push.ts";
import { deliver } from "../trust/travel/deliver.ts";

/**
 * What the hook starts beside a push: sends the signed receipts of trees to the remote that a variable names. `caller` is
 * the environment that git set for the hook. Prints nothing, as nobody reads it: `verify status` tells what became of it.
 */
export async function sendInBackground(trees: readonly string[], world: World, caller: Environment): Promise<ExitCode> {
  const { [destinationVariable]: url = "", ...environment } = caller;
  const { signal } = world;
  await deliver(await openRepository(world), trees, { url, caller: environment, signal, manner: "never asks" });
  return exitCodes.verified;
}
