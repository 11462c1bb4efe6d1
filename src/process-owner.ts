import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The process that made something, so that a later run knows whether it is still needed. */
export interface Owner {
  readonly pid: number;
  /** See `processStart`. */
  readonly start: string | undefined;
  /** See `processWorld`. */
  readonly world: string;
}

/** This process as an owner. */
export async function currentOwner(): Promise<Owner> {
  const [start, world] = await Promise.all([processStart(process.pid), processWorld()]);
  return { pid: process.pid, start, world };
}

/**
 * Whether an owner still runs; undefined where its number is of another boot, container or machine, and says nothing
 * here.
 */
export async function isOwnerAlive({ pid, start, world }: Owner): Promise<boolean | undefined> {
  if (start === undefined || world !== (await processWorld())) return undefined;
  return (await processStart(pid)) === start;
}

/**
 * When a process began, as the system counts it, or undefined where there is none: tells a process from a later one of
 * the same number. Letters, digits and dashes only.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  try {
    if (process.platform !== "linux") {
      const { stdout } = await run("/bin/ps", ["-o", "lstart=", "-p", String(pid)], {
        env: { LC_ALL: "C", TZ: "UTC" },
      });
      return stdout.trim().replace(/\W+/g, "-");
    }
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    // The second field, the name, may hold blanks and parentheses; the start is the 22nd, the state the 3rd.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/**
 * What a process number refers to, as twelve hexadecimal digits: the boot and the namespace of processes, or the machine
 * where the system tells neither.
 */
export async function processWorld(): Promise<string> {
  const [boot, namespace] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => ""),
    readlink("/proc/self/ns/pid").catch(() => ""),
  ]);
  const told = `${boot.trim()} ${namespace}`.trim() || hostname();
  return createHash("sha256").update(told).digest("hex").slice(0, 12);
}
