import { existsSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { defaultOptions, type PushLine } from "../config/request.ts";
import { openRepository, type Repository } from "../git/repository.ts";
import { hasServerHungUp } from "../push/pushing-process.ts";
import { parsePushLines } from "../push/refs.ts";
import { findPush } from "../push/unseen-push.ts";
import { type ExitCode, ExpectedError, exitCodes } from "../shared/errors.ts";
import { wrapProse } from "../shared/explain-error.ts";
import type { Environment, World } from "../shared/world.ts";
import type { WaitingPush } from "../trust/travel/beside-push.ts";
import { verify } from "../verify.ts";
import { prepareHook } from "./prepare.ts";

/** A server that waits longer than this may close the connection before the hook is done, in seconds. */
const patienceOfServers = 60;

/** The arguments that git passes to the hook. */
interface HookArguments {
  readonly remote: string;
  readonly url: string;
}

/**
 * The command behind hooks/pre-push: verifies the refs on standard input, and prints the consequence of the verdict.
 * `environment` is the one that git set for the hook.
 */
export async function prePush(push: HookArguments, world: World, environment: Environment): Promise<ExitCode> {
  const started = performance.now();
  try {
    const given = parsePushLines(await text(world.input));
    const repository = await openRepository(world);
    // A husky that was installed without us has its own shim, which lets pushes from older branches pass.
    await prepareHook(repository).catch(() => {});
    // Missing lines do not prove that nothing is pushed: some hook managers swallow them.
    const lines = given.length > 0 ? given : await findLines(push, { repository, world, environment });
    const subject = { kind: "push", lines, ...push } as const;
    const code = await verify({ subject, options: defaultOptions }, world);
    if (code !== exitCodes.verified) {
      sayStopped(world);
      return code;
    }
    await sendReceipts(repository, { lines, url: push.url, environment }, world);
    if (isSsh(push.url)) await sayWhatOfConnection(performance.now() - started, world);
    return code;
  } catch (error) {
    if (!(error instanceof ExpectedError) || world.signal.aborted) throw error;
    // The reason first, then the consequence.
    const { wrapFor } = await import("../report/terminal/wrap-for.ts");
    const wrap = await wrapFor(world.errors, world.environment);
    world.errors.write(`${wrapProse(error.message, (line) => wrap(line, 0))}\n`);
    sayStopped(world);
    return error.exitCode;
  }
}

/** Starts sending the push's signed receipts, and says so; whatever goes wrong there, the push goes on. */
async function sendReceipts(repository: Repository, push: WaitingPush, world: World): Promise<void> {
  // Whoever signs none does not load what sends them.
  if (!existsSync(join(repository.commonDirectory, "verify", "signed"))) return;
  const { sendBeside } = await import("../trust/travel/beside-push.ts");
  const count = await sendBeside(repository, push).catch(() => 0);
  if (count > 0) world.output.write(`${count === 1 ? "Its signed receipt goes" : "Their signed receipts go"} along.\n`);
}

/** Finds out what is pushed without git's lines; prints a remark where the result is not exact. */
async function findLines(
  push: HookArguments,
  { repository, world, environment }: { repository: Repository; world: World; environment: Environment },
): Promise<readonly PushLine[]> {
  const found = await findPush({ repository, environment, ...push });
  if (found.remark !== null) world.output.write(`${found.remark}\n`);
  return found.lines;
}

/** Over SSH, git has connected before it ran the hook, and says nothing meanwhile. */
async function sayWhatOfConnection(milliseconds: number, world: World): Promise<void> {
  const [what, advice] = [
    "it takes no time now, the receipt is kept",
    "`npx verify push` verifies before it connects.",
  ];
  if (await hasServerHungUp()) {
    world.output.write(`The server has hung up meanwhile, so this push fails. Push again: ${what}.\n${advice}\n`);
  } else if (milliseconds > patienceOfServers * 1000) {
    world.output.write(`If the server has hung up meanwhile, push again: ${what}.\n${advice}\n`);
  }
}

function sayStopped(world: World): void {
  world.errors.write("Push stopped; nothing was sent. Bypass with `git push --no-verify`.\n");
}

/** `ssh://…`, or git's short form `user@host:path`. */
function isSsh(url: string): boolean {
  return /^(ssh|git\+ssh):\/\//.test(url) || /^[^/]+@[^/:]+:/.test(url);
}
