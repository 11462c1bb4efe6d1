import { lstat, readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { isOwnerAlive, type Owner } from "../../process-owner.ts";
import { isPostmasterOf, signalProcess, waitForEnd } from "./processes.ts";
import { ownerFile, removeRunDirectory, runLocations, runPrefix } from "./run-directory.ts";

/** How long a directory may lie without telling whose it is: it is just being made, or was made in another container. */
const doubtfulMilliseconds = 10 * 60_000;

/**
 * Ends the servers and removes the directories that killed runs of this user have left. What cannot be removed is
 * left to the next run: nothing here is needed by this one.
 * @returns the directories that are gone
 */
export async function sweepRuns(locations: readonly string[] = runLocations()): Promise<string[]> {
  const swept = locations.map(async (location) => {
    const names = (await readdir(location).catch(() => [])).filter((name) => name.startsWith(runPrefix));
    const paths = names.map((name) => join(location, name));
    const results = await Promise.all(paths.map((path) => sweepRun(path).catch(() => false)));
    return paths.filter((_, index) => results[index]);
  });
  return (await Promise.all(swept)).flat();
}

async function sweepRun(path: string): Promise<boolean> {
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== userInfo().uid) return false;
  if (await isNeeded(path, Date.now() - found.mtimeMs)) return false;
  await endServer(join(path, "data"));
  await removeRunDirectory(path);
  return true;
}

async function isNeeded(path: string, age: number): Promise<boolean> {
  const owner = await readOwner(path);
  // The owner is the first thing written: a directory that holds anything else without one is not of our making.
  if (owner === undefined && (await readdir(path)).some((name) => name !== ownerFile)) return true;
  const isAlive = owner && (await isOwnerAlive(owner));
  if (isAlive !== undefined) return isAlive;
  // A process number of another container says nothing here, but a socket can be asked from anywhere.
  return age < doubtfulMilliseconds || (await anySocketAnswers(join(path, "s")));
}

async function readOwner(path: string): Promise<Owner | undefined> {
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
