import { access, constants, lstat, mkdir } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { makeOwnedDirectory } from "./owned-directory.ts";
import { cacheDirectory } from "./paths.ts";
import type { Environment } from "./world.ts";

/**
 * A private cache directory, or a part of it, that only this user can write to: in the user's cache or, where that is
 * read-only or another user's (as under sudo), in the temporary directory; where neither can be used, one that goes with a
 * run after this process.
 */
export async function privateCache(environment: Environment, part = ""): Promise<string> {
  for (const directory of [cacheDirectory(environment), cacheDirectory({})]) {
    const inside = join(directory, part);
    if ((await makeOwn(directory)) && (await makeOwn(inside))) return inside;
  }
  return await makeOwnedDirectory(environment);
}

/** Creates a directory if needed; returns whether it belongs to this user and only this user can write to it. */
export async function makeOwn(directory: string, mode = 0o700): Promise<boolean> {
  try {
    await mkdir(directory, { recursive: true, mode });
    const found = await lstat(directory);
    const isOwn = found.isDirectory() && found.uid === userInfo().uid;
    // Checked separately: root may write without the permission bit, and the file system may be read-only.
    await access(directory, constants.W_OK);
    return isOwn && (found.mode & 0o002) === 0 && (found.mode & 0o200) !== 0;
  } catch {
    return false;
  }
}
