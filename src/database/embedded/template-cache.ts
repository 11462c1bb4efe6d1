import { randomBytes } from "node:crypto";
import { lstat, readdir, rename, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { privateCache } from "../../cache.ts";
import { currentOwner, isStillNeeded, nameWithOwner } from "../../process-owner.ts";
import type { Environment } from "../../world.ts";

/** Where built templates, each in a whole cluster's archive, are kept between runs. */
export interface TemplateCache {
  /** The absolute path of the archive with that key, noted as used; null where there is none. */
  find(key: string): Promise<string | null>;
  /** The absolute path under which a new archive is to be written; `keep` gives it its name. */
  newPath(key: string): string;
  /** Takes a whole archive in under its key, and removes those that are old, or too much. */
  keep(path: string, key: string): Promise<string>;
}

/** A branch that nobody has verified for a month has most likely been merged. */
const longestUnused = 30 * 24 * 60 * 60_000;
/** A template is about 40 MB with an empty schema: room for fifty of them, or for some with much in them. */
const mostBytes = 2 * 1024 ** 3;

const prefix = "template-";
const suffix = ".tar";
/** What is in a cache directory and may be made again at any time, but no worktree, which may be a live run's. */
const kept = /^(template|cluster|native|binaries)-/;

/** Opens the user's cache of templates. */
export async function openTemplateCache(environment: Environment): Promise<TemplateCache> {
  const directory = await privateCache(environment);
  const owner = await currentOwner();
  const pathOf = (key: string): string => join(directory, `${prefix}${key}${suffix}`);
  return {
    find: async (key) => {
      const now = new Date();
      return await utimes(pathOf(key), now, now).then(
        () => pathOf(key),
        () => null,
      );
    },
    newPath: (key) => join(directory, nameWithOwner(`${prefix}${key}`, owner, randomBytes(6).toString("hex"))),
    keep: async (path, key) => {
      await rename(path, pathOf(key));
      await prune(directory, pathOf(key));
      return pathOf(key);
    },
  };
}

/** Removes what is kept between runs, and tells how much that was. A run that has begun needs none of it any more. */
export async function clearCaches(environment: Environment): Promise<{ files: number; bytes: number }> {
  const directory = await privateCache(environment);
  const names = (await readdir(directory)).filter((name) => kept.test(name));
  const paths = names.map((name) => join(directory, name));
  // What another run is just writing is that run's.
  const needed = await Promise.all(paths.map(isStillNeeded));
  const free = paths.filter((_, index) => needed[index] !== true);
  const sizes = await Promise.all(free.map(sizeOf));
  await Promise.all(free.map((path) => rm(path, { recursive: true, force: true })));
  return { files: free.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

interface Archive {
  readonly path: string;
  readonly bytes: number;
  readonly usedAt: number;
}

/** Where something cannot be removed, another run has done so, or will. */
async function prune(directory: string, newest: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => name.startsWith(prefix));
  const paths = names.map((name) => join(directory, name)).filter((path) => path !== newest);
  const found = await Promise.all(paths.map((path) => readArchive(path).catch(() => undefined)));
  const archives = found.filter((archive) => archive !== undefined);
  let room = mostBytes - (await sizeOf(newest));
  for (const { path, bytes, usedAt } of archives.sort((left, right) => right.usedAt - left.usedAt)) {
    const isLeftover = (await isStillNeeded(path)) === false;
    room -= bytes;
    if (isLeftover || room < 0 || Date.now() - usedAt > longestUnused) await rm(path, { force: true }).catch(() => {});
  }
}

async function readArchive(path: string): Promise<Archive> {
  const { size, mtimeMs } = await lstat(path);
  return { path, bytes: size, usedAt: mtimeMs };
}

/** The bytes of a file, or of all that is in a directory; links are not followed. */
async function sizeOf(path: string): Promise<number> {
  const found = await lstat(path).catch(() => null);
  if (!found?.isDirectory()) return found?.size ?? 0;
  const inside = await Promise.all((await readdir(path)).map((name) => sizeOf(join(path, name))));
  return inside.reduce((sum, size) => sum + size, 0);
}
