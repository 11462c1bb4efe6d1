import { randomBytes } from "node:crypto";
import { link, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { InterruptedError } from "../shared/errors.ts";
import { removed } from "../shared/files.ts";
import { currentOwner, isOwnerAlive, type Owner, type Swept } from "../shared/process-owner.ts";
import { isAncestor } from "./pushing-process.ts";

const pollMilliseconds = 100;
/** How long a lock is kept whose owner cannot be asked, as it is another container's: longer than any run takes. */
const unknownOwnerMilliseconds = 24 * 60 * 60_000;

/** What somebody holds while a tree is verified, so that whoever comes later takes the receipt and runs nothing. */
export interface RunLock {
  /** Whether another run has ended meanwhile, which may have left a receipt. */
  readonly hasWaited: boolean;
  /** Can be called twice. */
  release(): Promise<void>;
}

/** The lock of a run that takes none. */
export const noRunLock: RunLock = { hasWaited: false, release: async () => {} };

/**
 * Takes the lock of a tree in a repository, shared by its linked worktrees. While a live run of another process holds it, waits
 * after calling `onWait` with the process id; without `onWait`, goes on without the lock. A run that one of our ancestors
 * does is not waited for, as it waits for us. The lock decides about time only: where it cannot be taken, the run goes on
 * without it. Throws InterruptedError when aborted.
 */
export async function takeRunLock(
  commonDirectory: string,
  tree: string,
  { signal, onWait }: { readonly signal: AbortSignal; readonly onWait?: ((pid: number) => void) | undefined },
): Promise<RunLock> {
  const path = join(locksDirectory(commonDirectory), tree);
  for (let hasWaited = false; ; hasWaited = true) {
    if (signal.aborted) throw new InterruptedError();
    const release = await tryTake(path).catch(() => noRunLock.release);
    if (release !== null) return { hasWaited, release };
    const owner = await readOwner(path).catch(() => undefined);
    if (owner === undefined) return { hasWaited, release: noRunLock.release };
    // Released just now.
    if (owner === null) continue;
    if (onWait === undefined || (await isOwnerAlive(owner)) === undefined || (await isAncestor(owner.pid)))
      return { hasWaited, release: noRunLock.release };
    if (!hasWaited) onWait(owner.pid);
    await sleep(pollMilliseconds, undefined, { signal }).catch(() => {});
  }
}

/** Removes the locks of a repository's killed runs. */
export async function sweepRunLocks(commonDirectory: string): Promise<Swept[]> {
  const directory = locksDirectory(commonDirectory);
  const paths = (await readdir(directory).catch(() => [])).map((name) => join(directory, name));
  return (await Promise.all(paths.map((path) => removeStale(path).catch(() => null)))).filter(
    (swept) => swept !== null,
  );
}

function locksDirectory(commonDirectory: string): string {
  return join(commonDirectory, "verify", "running");
}

/** Takes a lock that nobody holds; gives how to release it, or null where somebody does. */
async function tryTake(path: string): Promise<(() => Promise<void>) | null> {
  await removeStale(path);
  await mkdir(join(path, ".."), { recursive: true });
  // A link appears with its content, so that nobody reads half of it. What is killed in between goes as a stale lock.
  const own = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(own, JSON.stringify(await currentOwner()), { flag: "wx" });
    await link(own, path);
    return () => rm(path, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return null;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

/**
 * Removes a lock whose owner has ended; null where there is none. Of two that do so at once, one may remove the other's new
 * one: then both run.
 */
async function removeStale(path: string): Promise<Swept | null> {
  const owner = await readOwner(path);
  if (owner === null) return null;
  const isAlive = await isOwnerAlive(owner);
  const age = Date.now() - (await stat(path).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
  const isStale = isAlive === false || (isAlive === undefined && age > unknownOwnerMilliseconds);
  return isStale ? await removed(path) : null;
}

/**
 * Who holds a lock; null where there is none. What is no lock of ours belongs to nobody alive. Throws the system's error
 * where it cannot be read.
 */
async function readOwner(path: string): Promise<Owner | null> {
  const content = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (content === null) return null;
  try {
    const { pid, start, world } = JSON.parse(content) as Owner;
    return { pid: Number(pid), start, world };
  } catch {
    return { pid: 0, start: "none", world: (await currentOwner()).world };
  }
}
