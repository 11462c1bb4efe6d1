import { chown, lchown, readdir } from "node:fs/promises";
import { join } from "node:path";
import { extractArchive } from "../binaries/archive.ts";
import type { Installation } from "../binaries/installation.ts";
import { makeRunDirectory, openPassage, type RunDirectory, removeRunDirectory } from "../server/run-directory.ts";

/**
 * Makes a run directory with the data of an archive. Throws UnavailableError where that fails, and leaves nothing
 * behind.
 */
export async function fillDirectory(archive: string, installation: Installation): Promise<RunDirectory> {
  const directory = await makeRunDirectory();
  try {
    await extractArchive(archive, directory.data, installation.environment);
    const { user } = await installation.account();
    if (user) await giveAway(directory, user);
    return directory;
  } catch (error) {
    await removeRunDirectory(directory.path);
    throw error;
  }
}

async function giveAway(directory: RunDirectory, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  await openPassage(directory);
  const names = await readdir(directory.data, { recursive: true });
  await Promise.all(names.map((name) => lchown(join(directory.data, name), uid, gid)));
  await Promise.all([chown(directory.data, uid, gid), chown(directory.sockets, uid, gid)]);
}
