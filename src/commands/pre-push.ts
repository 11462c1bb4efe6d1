import { text } from "node:stream/consumers";
import { type ExitCode, ExpectedError, exitCodes } from "../errors.ts";
import { parsePushLines } from "../push/refs.ts";
import { defaultOptions } from "../request.ts";
import { verify } from "../verify.ts";
import type { World } from "../world.ts";

/** A server that got no word for longer than this may have hung up by the time the hook is done, in seconds. */
const patienceOfServers = 60;

/** What hooks/pre-push starts: verifies what git says on standard input is pushed, and says what follows from the verdict. */
export async function prePush(push: { remote: string; url: string }, world: World): Promise<ExitCode> {
  const started = performance.now();
  const lines = parsePushLines(await text(world.input));
  const subject = { kind: "push", lines, ...push } as const;
  try {
    const code = await verify({ subject, options: defaultOptions }, world);
    if (code !== exitCodes.verified) sayStopped(world);
    else if (isSsh(push.url) && performance.now() - started > patienceOfServers * 1000) {
      world.output.write(
        "If the server has hung up meanwhile, push again: it takes no time now, the receipt is kept.\n",
      );
    }
    return code;
  } catch (error) {
    if (!(error instanceof ExpectedError) || world.signal.aborted) throw error;
    // The reason first, then what follows from it.
    world.errors.write(`${error.message}\n`);
    sayStopped(world);
    return error.exitCode;
  }
}

function sayStopped(world: World): void {
  world.errors.write("The push is stopped, the remote is unchanged. `git push --no-verify` would go around it.\n");
}

/** `ssh://…`, or git's short form `user@host:path`. */
function isSsh(url: string): boolean {
  return /^(ssh|git\+ssh):\/\//.test(url) || /^[^/]+@[^/:]+:/.test(url);
}
