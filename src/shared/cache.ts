import { access, constants, lstat, mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { cacheDirectory } from "./paths.ts";
import type { Environment } from "./world.ts";

/**
 * A cache directory, or a part of it, that nobody but this user can have filled: in the user's cache, or, where that
 * cannot be written to or is another's (as under sudo), in the temporary directory.
 */
export async function privateCache(environment: Environment, part = ""): Promise<string> {
  for (const directory of [cacheDirectory(environment), cacheDirectory({})]) {
    const inside = join(directory, part);
    if ((await makeOwn(directory)) && (await makeOwn(inside))) return inside;
  }
  return await mkdtemp(join(tmpdir(), "pushproof-cache-"));
}

/** Makes a directory where there is none; tells whether it is this user's, can be written to, and not by everybody. */
export async function makeOwn(directory: string, mode = 0o700): Promise<boolean> {
  try {
    await mkdir(directory, { recursive: true, mode });
    const found = await lstat(directory);
    const isOwn = found.isDirectory() && found.uid === userInfo().uid;
    // The bit is asked for itself, as root may write without it; the system, as a file system may be read-only.
    await access(directory, constants.W_OK);
    return isOwn && (found.mode & 0o002) === 0 && (found.mode & 0o200) !== 0;
  } catch {
    return false;
  }
}
