import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { UnavailableError } from "../../../shared/errors.ts";
import { currentOwner } from "../../../shared/process-owner.ts";

/** The private directory of one run's server. */
export interface RunDirectory {
  readonly path: string;
  /** For the cluster; created. */
  readonly data: string;
  /** For the unix socket; created. */
  readonly sockets: string;
  readonly log: string;
  /** For this run's postgresql.conf and pg_hba.conf; not in the data directory, which may be archived. */
  readonly configuration: string;
  readonly hostRules: string;
}

export const runPrefix = "pushproof-postgres-";
export const ownerFile = "owner.json";
/** The longest path of a unix socket on Linux and macOS. */
const longestSocketPath = 103;
/** A container's memory file system has 64 MB; with less than this free, tests would fill it. */
const leastFreeMemory = 1 << 30;

/** The possible parent directories, the best first. */
export function runLocations(): string[] {
  return [...new Set(["/dev/shm", tmpdir(), "/tmp"])];
}

/** Makes a run directory, in memory where there is room. Throws UnavailableError where none can be made. */
export async function makeRunDirectory(locations: readonly string[] = runLocations()): Promise<RunDirectory> {
  const failures: unknown[] = [];
  for (const location of locations) {
    if (join(location, `${runPrefix}123456/s/.s.PGSQL.65535`).length > longestSocketPath) continue;
    try {
      if (location === "/dev/shm" && (await freeBytes(location)) < leastFreeMemory) continue;
      return await makeIn(location);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new UnavailableError(
    `No directory for the database server can be made in ${locations.join(" or ")}: set TMPDIR to one that can be written to.`,
    { cause: failures },
  );
}

async function makeIn(location: string): Promise<RunDirectory> {
  const path = await mkdtemp(join(location, runPrefix));
  try {
    await writeFile(join(path, ownerFile), JSON.stringify(await currentOwner()), { mode: 0o600 });
    const directory = {
      path,
      data: join(path, "data"),
      sockets: join(path, "s"),
      log: join(path, "server.log"),
      configuration: join(path, "postgresql.conf"),
      hostRules: join(path, "pg_hba.conf"),
    };
    await Promise.all([mkdir(directory.data, { mode: 0o700 }), mkdir(directory.sockets, { mode: 0o700 })]);
    return directory;
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    throw error;
  }
}

/** Lets another user pass through to the data and the sockets, which only that user owns. */
export async function openPassage(directory: RunDirectory): Promise<void> {
  await chmod(directory.path, 0o711);
}

/**
 * Removes a run directory whose server has ended. Who owns it goes last: if we are killed meanwhile, the next run sees that it
 * may remove the rest.
 */
export async function removeRunDirectory(path: string): Promise<void> {
  const names = await readdir(path).catch(() => []);
  const files = names.filter((name) => name !== ownerFile).map((name) => join(path, name));
  // A cluster has a thousand files: `rm` takes a fifth of the time that Node does, and in a process of its own.
  await promisify(execFile)("rm", ["-rf", "--", ...files]).catch(() => {});
  for (const left of [...files, path]) await rm(left, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
}

/** How many bytes a file system has left for us. Rejects where there is none at that path. */
export async function freeBytes(location: string): Promise<number> {
  const { bavail, bsize } = await statfs(location);
  return bavail * bsize;
}
