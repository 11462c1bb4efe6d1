import { randomBytes } from "node:crypto";
import { lstat, readdir, rename, rm, utimes } from "node:fs/promises";
import { basename, join } from "node:path";
import { currentOwner, isStillNeeded, nameWithOwner } from "../../../shared/process-owner.ts";
import { isInUse } from "./in-use.ts";

/** A branch without runs for a month has probably been merged. */
const longestUnused = 30 * 24 * 60 * 60_000;
/** A template with an empty schema takes about 40 MB, so this is room for fifty small ones, or for some large ones. */
const mostTemplateBytes = 2 * 1024 ** 3;

/** Names in a cache directory that can be recreated at any time; no worktrees, which may belong to a live run. */
const keptName = /^(template|cluster|native|binaries)-/;

/** A cached archive, or a cached directory of programs. */
interface Kept {
  readonly path: string;
  /** Total size on disk. */
  readonly bytes: number;
  /** In milliseconds since 1970. */
  readonly usedAt: number;
  /** `live`: a running process writes or uses it; `leftover`: a killed process left it incomplete. */
  readonly state: "live" | "leftover" | "free";
}

/** All cached items in a directory; items that disappear meanwhile are skipped. */
export async function listKept(directory: string): Promise<Kept[]> {
  const names = (await readdir(directory)).filter((name) => keptName.test(name));
  const found = await Promise.all(names.map((name) => readKept(join(directory, name)).catch(() => undefined)));
  return found.filter((kept) => kept !== undefined);
}

/**
 * Removes items that were unused for a month, incomplete items of killed runs, and the least recently used templates
 * above the size limit, but never the named one. Failures are ignored: another run removed the item, or the next will.
 */
export async function pruneKept(directory: string, newest: string): Promise<void> {
  const all = (await listKept(directory)).filter(({ path, state }) => path !== newest && state !== "live");
  let room = mostTemplateBytes - (isTemplate(newest) ? await sizeOf(newest) : 0);
  for (const { path, bytes, usedAt, state } of all.sort((left, right) => right.usedAt - left.usedAt)) {
    const isOld = state === "leftover" || Date.now() - usedAt > longestUnused;
    if (!isOld && isTemplate(path)) room -= bytes;
    if (isOld || (isTemplate(path) && room < 0)) await removeKept(path).catch(() => {});
  }
}

/** Removes a cached item. It is renamed first, so that an interrupted removal leaves no partial item. */
export async function removeKept(path: string): Promise<void> {
  const doomed = await unfinishedPath(path);
  await rename(path, doomed);
  await rm(doomed, { recursive: true, force: true });
}

/** The path for a new item while it is incomplete; the name contains its owner. */
export async function unfinishedPath(path: string): Promise<string> {
  return nameWithOwner(path, await currentOwner(), randomBytes(6).toString("hex"));
}

/** Marks a cached item as used; false where it does not exist. */
export async function touch(path: string): Promise<boolean> {
  const now = new Date();
  return await utimes(path, now, now).then(
    () => true,
    () => false,
  );
}

function isTemplate(path: string): boolean {
  return basename(path).startsWith("template-");
}

async function readKept(path: string): Promise<Kept> {
  const [{ mtimeMs }, isNeeded, isUsed, bytes] = await Promise.all([
    lstat(path),
    isStillNeeded(path),
    isInUse(path),
    sizeOf(path),
  ]);
  const state = isNeeded || isUsed ? "live" : isNeeded === false ? "leftover" : "free";
  return { path, bytes, usedAt: mtimeMs, state };
}

/** The size of a file, or of everything in a directory; links are not followed. */
async function sizeOf(path: string): Promise<number> {
  const found = await lstat(path).catch(() => null);
  if (!found?.isDirectory()) return found?.size ?? 0;
  const inside = await Promise.all((await readdir(path)).map((name) => sizeOf(join(path, name))));
  return inside.reduce((sum, size) => sum + size, 0);
}
