import { spawn } from "node:child_process";
import { join } from "node:path";
import type { PushLine } from "../../config/request.ts";
import { readObjects } from "../../git/objects.ts";
import type { Repository } from "../../git/repository.ts";
import { isDryRun } from "../../push/push-command.ts";
import { findPushingProcess } from "../../push/pushing-process.ts";
import { ReceiptStore } from "../../push/receipts.ts";
import { SentReceipts } from "../../push/sent-receipts.ts";
import { packageRoot } from "../../shared/paths.ts";
import { withoutCredentials } from "../../shared/redact.ts";
import type { Environment } from "../../shared/world.ts";

/** The variable that hands a remote's URL to the sender: it may hold a password, which a command line would show. */
export const destinationVariable = "VERIFY_RECEIPTS_TO";

/** A push that git waits with, and what its hook was given. */
export interface WaitingPush {
  readonly lines: readonly PushLine[];
  readonly url: string;
  /** The environment that git set for the hook. */
  readonly environment: Environment;
}

/**
 * Starts a process of its own that sends the signed receipts of a push's trees, and does not wait for it: it connects while
 * git sends the branch. It outlives the hook, the terminal and Ctrl-C, and asks for nothing; if it is killed, the next push
 * of the tree sends the receipt. Gives how many receipts go; none of a dry run, and none that the remote has or refused.
 */
export async function sendBeside(repository: Repository, { lines, url, environment }: WaitingPush): Promise<number> {
  if (url === "") return 0;
  const trees = await unsentTrees(repository, lines, withoutCredentials(url), environment);
  if (trees.length === 0) return 0;
  const pushing = await findPushingProcess();
  if (pushing !== null && isDryRun(pushing)) return 0;
  const words = [join(packageRoot, "dist", "main.js"), "send-receipts", "--", ...trees];
  const child = spawn(process.execPath, words, {
    cwd: repository.root,
    env: { ...environment, [destinationVariable]: url },
    detached: true,
    // Whoever reads git's output waits for the end of everything that holds it.
    stdio: "ignore",
  });
  child.on("error", () => {});
  child.unref();
  return trees.length;
}

async function unsentTrees(
  { root, commonDirectory }: Repository,
  lines: readonly PushLine[],
  url: string,
  environment: Environment,
): Promise<string[]> {
  const names = lines.map(({ localObject }) => localObject).filter((object) => /[^0]/.test(object));
  const objects = await readObjects(
    root,
    environment,
    names.map((name) => `${name}^{tree}`),
  );
  const trees = new Set(objects.flatMap((object) => (object === null ? [] : [object.id])));
  const [store, sent] = [new ReceiptStore(commonDirectory), new SentReceipts(commonDirectory)];
  const unsent = await Promise.all(
    [...trees].map(async (tree) =>
      (await store.envelopeOf(tree)) === null || (await sent.isSettled(tree, url)) ? [] : [tree],
    ),
  );
  return unsent.flat();
}
