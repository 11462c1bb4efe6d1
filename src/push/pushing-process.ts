import { readlink } from "node:fs/promises";
import { basename } from "node:path";
import { liveChildren, type Process, readProcess } from "../shared/process-list.ts";
import { type PushCommand, parsePush } from "./push-command.ts";

/** The `git push` process that waits for our hook. */
export interface PushingProcess extends PushCommand {
  readonly id: number;
  /** Its working directory, the root of the checkout; null where unknown. */
  readonly directory: string | null;
}

/** More than any chain of hook managers, package managers and shells. */
const mostGenerations = 40;

/** A process id and what the system tells of it, from a process upward; ends with null where the system hides one. */
async function* upwardFrom(child: number): AsyncGenerator<{ readonly id: number; readonly found: Process | null }> {
  let id = child;
  for (let generation = 0; generation < mostGenerations && id > 1; generation++) {
    const found = await readProcess(id).catch(() => null);
    yield { id, found };
    if (found === null) return;
    id = found.parent;
  }
}

/**
 * The nearest `git push` among our ancestor processes; null where there is none, where the system hides it, or where it
 * has unknown options.
 */
export async function findPushingProcess(child: number = process.ppid): Promise<PushingProcess | null> {
  for await (const { id, found } of upwardFrom(child)) {
    if (found === null) return null;
    const push = parsePush(found.args);
    // A push with unknown options is still the nearest one.
    if (push === null && basename(found.args[0] ?? "") === "git" && found.args.includes("push")) return null;
    if (push !== null) return { ...push, id, directory: await readlink(`/proc/${id}/cwd`).catch(() => null) };
  }
  return null;
}

/** Whether a process is our parent, or one of its parents; false where the system hides them. */
export async function isAncestor(pid: number): Promise<boolean> {
  for await (const { id } of upwardFrom(process.ppid)) if (id === pid) return true;
  return false;
}

/**
 * Whether the process through which the waiting `git push` talks to the server has ended: then that push fails, whatever we
 * say. False where that cannot be told.
 */
export async function hasServerHungUp(): Promise<boolean> {
  const pushing = await findPushingProcess();
  if (pushing === null) return false;
  const children = await liveChildren(pushing.id).catch(() => null);
  if (children === null) return false;
  // Besides the hook, which we descend from, git has started nothing else.
  const isHook = await Promise.all(children.map((id) => id === process.pid || isAncestor(id)));
  return isHook.includes(true) && isHook.every(Boolean);
}
