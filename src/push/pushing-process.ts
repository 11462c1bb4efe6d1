import { readlink } from "node:fs/promises";
import { basename } from "node:path";
import { readProcess } from "../shared/process-list.ts";
import { type PushCommand, parsePush } from "./push-command.ts";

/** The `git push` process that waits for our hook. */
export interface PushingProcess extends PushCommand {
  /** Its working directory, the root of the checkout; null where unknown. */
  readonly directory: string | null;
}

/** More than any chain of hook managers, package managers and shells. */
const mostGenerations = 40;

/**
 * The nearest `git push` among our ancestor processes; null where there is none, where the system hides it, or where it
 * has unknown options.
 */
export async function findPushingProcess(child: number = process.ppid): Promise<PushingProcess | null> {
  let id = child;
  for (let generation = 0; generation < mostGenerations && id > 1; generation++) {
    const found = await readProcess(id).catch(() => null);
    if (found === null) return null;
    const push = parsePush(found.args);
    // A push with unknown options is still the nearest one.
    if (push === null && basename(found.args[0] ?? "") === "git" && found.args.includes("push")) return null;
    if (push !== null) return { ...push, directory: await readlink(`/proc/${id}/cwd`).catch(() => null) };
    id = found.parent;
  }
  return null;
}
