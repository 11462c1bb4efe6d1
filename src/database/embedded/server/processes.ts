import { execFile } from "node:child_process";
import { readlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { processStart } from "../../../shared/process-owner.ts";

const run = promisify(execFile);

/** Whether a process is the postgres of a data directory. */
export async function isPostmasterOf(pid: number, dataDirectory: string): Promise<boolean> {
  try {
    if (process.platform === "linux") return (await readlink(`/proc/${pid}/cwd`)) === dataDirectory;
    return (await run("/bin/ps", ["-o", "command=", "-p", String(pid)])).stdout.includes(dataDirectory);
  } catch {
    return false;
  }
}

/** Sends a signal; ignores processes that are gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself.
  }
}

/** Waits until a process is gone; returns whether it ended in time. */
export async function waitForEnd(pid: number, milliseconds: number): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while ((await processStart(pid)) !== undefined) {
    if (performance.now() > deadline) return false;
    await sleep(5);
  }
  return true;
}
