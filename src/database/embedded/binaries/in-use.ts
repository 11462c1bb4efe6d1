import { readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { currentOwner, isStillNeeded, nameWithOwner } from "../../../shared/process-owner.ts";

const prefix = "used-by";

/**
 * Notes in a kept directory of programs that this process uses them. A server reads its libraries and extensions when
 * they are first asked for, so that they must be there as long as it runs. The note needs no end: it holds while the process lives.
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
    // Where no note can be left, nothing can be removed either; or another process is just emptying the cache.
  }
}

/** Whether a live process uses what is in a directory. */
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
