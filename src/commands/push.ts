import { defaultOptions } from "../config/request.ts";
import { listRemotes } from "../git/remotes.ts";
import { openRepository } from "../git/repository.ts";
import { rehearsePush } from "../push/unseen-push.ts";
import { exitCodes, InterruptedError } from "../shared/errors.ts";
import { runInForeground } from "../shared/exec/foreground.ts";
import type { Environment, World } from "../shared/world.ts";
import { verify } from "../verify.ts";

/**
 * Verifies what `git push` with these arguments would send, then runs it: no connection waits for the suites, and the hook
 * answers by the receipt. Returns git's exit code, or that of the verification where nothing is sent. `environment` is the
 * one that the program was called with.
 */
export async function push(args: readonly string[], world: World, environment: Environment): Promise<number> {
  const repository = await openRepository(world);
  const { lines, url } = await rehearsePush(args, world.directory, { repository, environment });
  const remotes = await listRemotes(repository.git);
  const remote = args.find((word) => remotes.includes(word)) ?? url;
  const code = await verify({ subject: { kind: "push", lines, remote, url }, options: defaultOptions }, world);
  if (code !== exitCodes.verified) {
    world.errors.write("Nothing was sent.\n");
    return code;
  }
  if (world.signal.aborted) throw new InterruptedError();
  const command = { program: "git", args: ["push", ...args], directory: world.directory, environment };
  const { exitCode, problem } = await runInForeground(command, world.signal);
  if (problem !== null) world.errors.write(`${problem}\n`);
  return exitCode;
}
