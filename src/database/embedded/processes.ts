import { execFile } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** When a process began, as the system counts it, or undefined where there is none: tells a process from a later one of the same number. */
export async function processStart(pid: number): Promise<string | undefined> {
  try {
    if (process.platform !== "linux") return (await run("/bin/ps", ["-o", "lstart=", "-p", String(pid)])).stdout.trim();
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    // The second field, the name, may hold blanks and parentheses; the start is the 22nd, the state the 3rd.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** What a process number refers to: the boot and the namespace of processes. Empty where the system does not tell. */
export async function processWorld(): Promise<string> {
  const [boot, namespace] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => ""),
    readlink("/proc/self/ns/pid").catch(() => ""),
  ]);
  return `${boot.trim()} ${namespace}`.trim();
}

/** Whether a process is the postgres that works in a data directory. */
export async function isPostmasterOf(pid: number, dataDirectory: string): Promise<boolean> {
  try {
    if (process.platform === "linux") return (await readlink(`/proc/${pid}/cwd`)) === dataDirectory;
    return (await run("/bin/ps", ["-o", "command=", "-p", String(pid)])).stdout.includes(dataDirectory);
  } catch {
    return false;
  }
}

/** Sends a signal; a process that is gone is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself.
  }
}

/** Waits until a process is gone; tells whether it went within the time. */
export async function waitForEnd(pid: number, milliseconds: number): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while ((await processStart(pid)) !== undefined) {
    if (performance.now() > deadline) return false;
    await sleep(5);
  }
  return true;
}
