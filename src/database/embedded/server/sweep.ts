import { lstat, readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { isOwnerAlive, type Owner } from "../../../shared/process-owner.ts";
import { isPostmasterOf, signalProcess, waitForEnd } from "./processes.ts";
import { ownerFile, removeRunDirectory, runLocations, runPrefix } from "./run-directory.ts";

/** How old a directory without an owner must be: it may be new, or from another container. */
const unknownOwnerMilliseconds = 10 * 60_000;

/**
 * Ends the servers and removes the directories of this user's killed runs. Failures are left to the next run. @returns
 * the removed directories
 */
export async function sweepRuns(locations: readonly string[] = runLocations()): Promise<string[]> {
  const paths = await runDirectories(locations);
  const results = await Promise.all(paths.map((path) => sweepRun(path).catch(() => false)));
  return paths.filter((_, index) => results[index]);
}

/** All run directories of this user. */
export async function runDirectories(locations: readonly string[]): Promise<string[]> {
  const found = locations.map(async (location) => {
    const names = (await readdir(location).catch(() => [])).filter((name) => name.startsWith(runPrefix));
    const paths = names.map((name) => join(location, name));
    const areOwn = await Promise.all(paths.map((path) => isOwnDirectory(path)));
    return paths.filter((_, index) => areOwn[index]);
  });
  return (await Promise.all(found)).flat();
}

async function isOwnDirectory(path: string): Promise<boolean> {
  return await lstat(path).then(
    (found) => found.isDirectory() && found.uid === userInfo().uid,
    () => false,
  );
}

async function sweepRun(path: string): Promise<boolean> {
  if (await isRunNeeded(path)) return false;
  await endServer(join(path, "data"));
  await removeRunDirectory(path);
  return true;
}

/** Whether a run directory is a live run's, or may be. Throws where it has disappeared. */
export async function isRunNeeded(path: string): Promise<boolean> {
  const age = Date.now() - (await lstat(path)).mtimeMs;
  const owner = await readOwner(path);
  // The owner is written first, so a directory with other content but no owner is not ours.
  if (owner === undefined && (await readdir(path)).some((name) => name !== ownerFile)) return true;
  const isAlive = owner && (await isOwnerAlive(owner));
  if (isAlive !== undefined) return isAlive;
  // A process id of another container is meaningless, but its socket can be probed.
  return age < unknownOwnerMilliseconds || (await anySocketAnswers(join(path, "s")));
}

/** The owner of a run directory; undefined where there is none. */
export async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(join(path, ownerFile), "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

async function anySocketAnswers(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch(() => []);
  const answers = names.filter((name) => !name.endsWith(".lock")).map((name) => socketAnswers(join(directory, name)));
  return (await Promise.all(answers)).includes(true);
}

async function socketAnswers(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function endServer(dataDirectory: string): Promise<void> {
  const content = await readFile(join(dataDirectory, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number.parseInt(content, 10);
  if (!(pid > 1) || !(await isPostmasterOf(pid, dataDirectory))) return;
  signalProcess(pid, "SIGQUIT");
  if (await waitForEnd(pid, 2_000)) return;
  signalProcess(pid, "SIGKILL");
  await waitForEnd(pid, 5_000);
}
