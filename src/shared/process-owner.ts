import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, readlink, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The process that created something, to decide later whether it is still needed. */
export interface Owner {
  readonly pid: number;
  /** See `processStart`. */
  readonly start: string | undefined;
  /** See `pidNamespaceId`. The name is part of file names on disk. */
  readonly world: string;
}

/** A leftover of a killed run, and whether it was removed. */
export interface Swept {
  readonly path: string;
  readonly isGone: boolean;
}

/** This process as an owner. */
export async function currentOwner(): Promise<Owner> {
  const [start, world] = await Promise.all([processStart(process.pid), pidNamespaceId()]);
  return { pid: process.pid, start, world };
}

/**
 * Whether an owner is still running; undefined where its process id belongs to another boot, container or machine, and where
 * the system cannot be asked.
 */
export async function isOwnerAlive({ pid, start, world }: Owner): Promise<boolean | undefined> {
  if (start === undefined || world !== (await pidNamespaceId())) return undefined;
  return await processStart(pid).then(
    (now) => now === start,
    () => undefined,
  );
}

const unknownStart = "unknown";
const ownedName = /\.(?<pid>\d+)\.(?<start>[\w-]+)\.(?<world>[0-9a-f]{12})\.\w+$/;
/** How long to keep something whose owner cannot be checked, for example after a reboot: longer than any run takes. */
const unknownOwnerMilliseconds = 24 * 60 * 60_000;

/**
 * A file name that contains its owner, so that a later run may remove it: `NAME.PID.START.WORLD.` and a word of letters
 * and digits.
 */
export function nameWithOwner(name: string, { pid, start, world }: Owner, word: string): string {
  return `${name}.${pid}.${start ?? unknownStart}.${world}.${word}`;
}

/** Whether something with such a name is still needed; undefined where the name contains no owner. */
export async function isStillNeeded(path: string): Promise<boolean | undefined> {
  const { pid, start, world } = ownedName.exec(path)?.groups ?? {};
  if (pid === undefined || start === undefined || world === undefined) return undefined;
  const owner = { pid: Number(pid), start: start === unknownStart ? undefined : start, world };
  const isAlive = await isOwnerAlive(owner);
  if (isAlive !== undefined) return isAlive;
  const age = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  return age < unknownOwnerMilliseconds;
}

/**
 * The start time of a process in the system's units, or undefined where it does not exist; tells apart processes with
 * the same id. Letters, digits and dashes only. Throws the system's error where it cannot be asked, as where too many files
 * are open.
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
    // The second field, the name, may contain blanks and parentheses; the start time is the 22nd, the state the 3rd.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch (error) {
    // Without the process there is no such file (it may also go while it is read), and ps ends with 1.
    if (["ENOENT", "ESRCH", 1].includes((error as { code?: string | number }).code ?? "")) return undefined;
    throw error;
  }
}

/**
 * Identifies the namespace of process ids, as twelve hexadecimal digits: boot and pid namespace, or the host name where
 * the system provides neither.
 */
async function pidNamespaceId(): Promise<string> {
  const [boot, namespace] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => ""),
    readlink("/proc/self/ns/pid").catch(() => ""),
  ]);
  const identity = `${boot.trim()} ${namespace}`.trim() || hostname();
  return createHash("sha256").update(identity).digest("hex").slice(0, 12);
}
