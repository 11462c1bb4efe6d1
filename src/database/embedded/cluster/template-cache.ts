import { randomBytes } from "node:crypto";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { privateCache } from "../../../shared/cache.ts";
import { currentOwner, nameWithOwner } from "../../../shared/process-owner.ts";
import type { Environment } from "../../../shared/world.ts";
import { listKept, pruneKept, removeKept, touch } from "../binaries/kept.ts";

/** The cache of built templates, each the archive of a whole cluster. */
export interface TemplateCache {
  /** The absolute path of the archive with that key, marked as used; null where there is none. */
  find(key: string): Promise<string | null>;
  /** The absolute path for writing a new archive; `keep` renames it. */
  newPath(key: string): string;
  /** Stores a complete archive under its key, and removes old or surplus ones. */
  keep(path: string, key: string): Promise<string>;
}

/** Opens the user's cache of templates. */
export async function openTemplateCache(environment: Environment): Promise<TemplateCache> {
  const directory = await privateCache(environment);
  const owner = await currentOwner();
  const pathOf = (key: string): string => join(directory, `template-${key}.tar`);
  return {
    find: async (key) => ((await touch(pathOf(key))) ? pathOf(key) : null),
    newPath: (key) => join(directory, nameWithOwner(`template-${key}`, owner, randomBytes(6).toString("hex"))),
    keep: async (path, key) => {
      await rename(path, pathOf(key));
      await pruneKept(directory, pathOf(key));
      return pathOf(key);
    },
  };
}

/** What clearing the caches removed. */
export interface ClearedCaches {
  readonly files: number;
  readonly bytes: number;
  /** Absolute paths that were left because a live run uses them. */
  readonly live: readonly string[];
}

/** Removes cached items that no live run needs. */
export async function clearCaches(environment: Environment): Promise<ClearedCaches> {
  const all = await listKept(await privateCache(environment));
  const free = all.filter(({ state }) => state !== "live");
  const ends = await Promise.allSettled(free.map(({ path }) => removeKept(path)));
  const gone = free.filter((_, index) => ends[index]?.status === "fulfilled");
  return {
    files: gone.length,
    bytes: gone.reduce((sum, { bytes }) => sum + bytes, 0),
    live: all.filter(({ state }) => state === "live").map(({ path }) => path),
  };
}
