import { readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { currentOwner, isStillNeeded, nameWithOwner } from "../../../shared/process-owner.ts";

const prefix = "used-by";

/**
 * Marks a cached directory of programs as used by this process. A server loads libraries and extensions on demand, so
 * they must stay while it runs. The mark is valid as long as the process lives.
 */
export async function noteUse(directory: string): Promise<void> {
  try {
    const note = join(directory, nameWithOwner(prefix, await currentOwner(), "programs"));
    const now = new Date();
    await writeFile(note, "");
    await utimes(directory, now, now);
    const needed = await usesIn(directory);
    await Promise.all(needed.filter(([, isNeeded]) => !isNeeded).map(([path]) => rm(path, { force: true })));
  } catch {
    // Where no mark can be written, nothing can be removed either, or the cache is being emptied.
  }
}

/** Whether a live process uses a directory. */
export async function isInUse(directory: string): Promise<boolean> {
  return (await usesIn(directory)).some(([, isNeeded]) => isNeeded);
}

async function usesIn(directory: string): Promise<[path: string, isNeeded: boolean][]> {
  const names = await readdir(directory).catch(() => []);
  const paths = names.filter((name) => name.startsWith(`${prefix}.`)).map((name) => join(directory, name));
  return await Promise.all(
    paths.map(async (path): Promise<[string, boolean]> => [path, (await isStillNeeded(path)) === true]),
  );
}
