import { randomBytes } from "node:crypto";
import { lstat, readdir, rename, rm, utimes } from "node:fs/promises";
import { basename, join } from "node:path";
import { currentOwner, isStillNeeded, nameWithOwner } from "../../../shared/process-owner.ts";
import { isInUse } from "./in-use.ts";

/** A branch that nobody has verified for a month has most likely been merged. */
const longestUnused = 30 * 24 * 60 * 60_000;
/** A template is about 40 MB with an empty schema: room for fifty of them, or for some with much in them. */
const mostTemplateBytes = 2 * 1024 ** 3;

/** What is in a cache directory and may be made again at any time, but no worktree, which may be a live run's. */
const keptName = /^(template|cluster|native|binaries)-/;

/** What is kept between runs: an archive or a directory of programs. */
interface Kept {
  readonly path: string;
  /** On disk, of all that is in it. */
  readonly bytes: number;
  /** In milliseconds since 1970. */
  readonly usedAt: number;
  /** `live`: a process that runs is writing or using it; `leftover`: a killed one has left it half made. */
  readonly state: "live" | "leftover" | "free";
}

/** All that is kept in a cache directory; what vanishes meanwhile is left out. */
export async function listKept(directory: string): Promise<Kept[]> {
  const names = (await readdir(directory)).filter((name) => keptName.test(name));
  const found = await Promise.all(names.map((name) => readKept(join(directory, name)).catch(() => undefined)));
  return found.filter((kept) => kept !== undefined);
}

/**
 * Removes what nobody has used for a month, what killed runs left half made, and the templates that were used longest ago
 * where all together are too much; never the one that is named. What cannot be removed stays: another run has done so, or will.
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

/** Removes something that is kept: at once under its name, so that a removal that is killed leaves nothing that counts. */
export async function removeKept(path: string): Promise<void> {
  const doomed = await unfinishedPath(path);
  await rename(path, doomed);
  await rm(doomed, { recursive: true, force: true });
}

/** Where a new thing that is to be kept is made, under a name that tells who makes it, until it is whole. */
export async function unfinishedPath(path: string): Promise<string> {
  return nameWithOwner(path, await currentOwner(), randomBytes(6).toString("hex"));
}

/** Notes that something kept is used; false where it is not there. */
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

/** The bytes of a file, or of all that is in a directory; links are not followed. */
async function sizeOf(path: string): Promise<number> {
  const found = await lstat(path).catch(() => null);
  if (!found?.isDirectory()) return found?.size ?? 0;
  const inside = await Promise.all((await readdir(path)).map((name) => sizeOf(join(path, name))));
  return inside.reduce((sum, size) => sum + size, 0);
}
