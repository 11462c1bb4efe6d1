import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readdir, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { currentOwner, isStillNeeded, nameWithOwner, type Swept } from "./process-owner.ts";

/** A file's content: text, or a function that writes to a given path. */
export type FileContent = string | ((path: string) => Promise<void>);

/**
 * Replaces one of our files atomically and creates its directory. Readers see the old or the new content. On failure
 * the old file stays and nothing else is left.
 */
export async function replaceFile(path: string, content: FileContent): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await replaceWith(path, (temporary) =>
    typeof content === "string" ? writeFile(temporary, content) : content(temporary),
  );
}

/**
 * Replaces a file of the user's atomically, following links and keeping owner and mode. A new file gets the given mode.
 */
export async function editFile(path: string, text: string, mode = 0o666): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const before = await stat(target).catch(() => null);
  await replaceWith(target, async (temporary) => {
    await writeFile(temporary, text, { mode });
    if (before === null) return;
    const made = await stat(temporary);
    // Root edits another user's file, so its owner is restored; before the mode, as changing the owner clears bits.
    if (made.uid !== before.uid || made.gid !== before.gid) await chown(temporary, before.uid, before.gid);
    await chmod(temporary, before.mode & 0o7777);
  });
}

/** The end of a temporary file's name. */
const unfinished = /^\..*[0-9a-f]{12}tmp$/;

/** Writes a temporary file in the same directory and renames it. */
async function replaceWith(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const word = `${randomBytes(6).toString("hex")}tmp`;
  const temporary = nameWithOwner(join(dirname(path), `.${basename(path)}`), await currentOwner(), word);
  try {
    await write(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Removes the temporary files that killed processes left in a directory, and in those below it where asked for; a missing
 * directory is ignored.
 */
export async function sweepUnfinishedFiles(
  directory: string,
  { recursive }: { readonly recursive: boolean },
): Promise<Swept[]> {
  const swept: Swept[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
    const path = join(directory, entry.name);
    if (recursive && entry.isDirectory()) swept.push(...(await sweepUnfinishedFiles(path, { recursive })));
    else if (entry.isFile() && unfinished.test(entry.name) && (await isStillNeeded(path)) === false)
      swept.push(await removed(path));
  }
  return swept;
}

/** Removes a file that is not needed, and gives whether it is gone. */
export async function removed(path: string): Promise<Swept> {
  const isGone = await rm(path, { force: true }).then(
    () => true,
    () => false,
  );
  return { path, isGone };
}

/**
 * Removes entries of a directory that are older than so many days, directories as a whole; a missing directory is
 * ignored.
 */
export async function removeOlder(directory: string, days: number, now: Date): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const path = join(directory, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: now.getTime() }));
    if (now.getTime() - mtimeMs > days * 86_400_000) await rm(path, { recursive: true, force: true });
  }
}
