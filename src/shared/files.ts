import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readdir, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** What a file is to hold: a text, or whatever the function writes to the path it is given. */
export type FileContent = string | ((path: string) => Promise<void>);

/**
 * Replaces a file of ours in one step, its directory made where there is none: a reader sees the old one or the new one,
 * never half of one. What cannot be written leaves the old one, and nothing beside it.
 */
export async function replaceFile(path: string, content: FileContent): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await replaceWith(path, (temporary) =>
    typeof content === "string" ? writeFile(temporary, content) : content(temporary),
  );
}

/**
 * Replaces a file of the user's in one step, as `replaceFile` does; what is a link leads to the file that is replaced,
 * which keeps its owner and its mode. A new one gets the mode that is given.
 */
export async function editFile(path: string, text: string, mode = 0o666): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const before = await stat(target).catch(() => null);
  await replaceWith(target, async (temporary) => {
    await writeFile(temporary, text, { mode });
    if (before === null) return;
    const made = await stat(temporary);
    // Root edits what another user goes on working with. Before the mode, which a change of owner takes bits from.
    if (made.uid !== before.uid || made.gid !== before.gid) await chown(temporary, before.uid, before.gid);
    await chmod(temporary, before.mode & 0o7777);
  });
}

/** Has a temporary file of the same directory written, which then takes the file's place at once. */
async function replaceWith(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await write(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Removes what of a directory was last written more than so many days ago, directories as a whole; a directory that is not
 * there holds nothing old.
 */
export async function removeOlder(directory: string, days: number, now: Date): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const path = join(directory, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: now.getTime() }));
    if (now.getTime() - mtimeMs > days * 86_400_000) await rm(path, { recursive: true, force: true });
  }
}
