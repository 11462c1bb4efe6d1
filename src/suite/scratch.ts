import { lstat, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { makeOwnedDirectory, ownedPrefix, temporaryParent } from "../shared/owned-directory.ts";
import { isStillNeeded, processStart, type Swept } from "../shared/process-owner.ts";
import type { Environment } from "../shared/world.ts";

const groupFile = "group";

/**
 * Makes the private, absolute directory for files of one verification's runners. First ends the suites and removes the
 * directories of killed runs. Throws UnavailableError where it cannot be created.
 */
export async function makeScratch(environment: Environment): Promise<string> {
  await sweepScratch(environment);
  return await makeOwnedDirectory(environment);
}

/** Records a suite's process group, so that a later run can end it if this one is killed. */
export async function noteGroup(scratch: string, pid: number): Promise<void> {
  const start = await processStart(pid).catch(() => undefined);
  await writeFile(join(scratch, groupFile), `${pid} ${start ?? ""}`).catch(() => {});
}

/** Ends the suites and removes the directories of this user's killed runs. */
export async function sweepScratch(environment: Environment): Promise<Swept[]> {
  const swept: Swept[] = [];
  // Sockets lie in /tmp where the path of another directory is too long, see src/shared/socket.ts.
  const parents = [...new Set([temporaryParent(environment), "/tmp"])];
  for (const path of (await Promise.all(parents.map((parent) => ownedIn(parent)))).flat()) {
    const isOwn = await lstat(path).then(
      (found) => found.isDirectory() && found.uid === userInfo().uid,
      () => false,
    );
    if (!isOwn || (await isStillNeeded(path)) !== false) continue;
    await endSuites(path);
    const isGone = await rm(path, { recursive: true, force: true, maxRetries: 3 }).then(
      () => true,
      () => false,
    );
    swept.push({ path, isGone });
  }
  return swept;
}

/** What has a name of ours; an unreadable directory holds nothing of ours, and writing to it will report the problem. */
async function ownedIn(parent: string): Promise<string[]> {
  const names = await readdir(parent).catch(() => []);
  return names.filter((name) => name.startsWith(`${ownedPrefix}.`)).map((name) => join(parent, name));
}

/** Ends the process groups of a killed run. */
async function endSuites(scratch: string): Promise<void> {
  for (const suite of await readdir(scratch).catch(() => [])) {
    const noted = await readFile(join(scratch, suite, groupFile), "utf8").catch(() => "");
    const [pid, start] = noted.split(" ");
    if (!pid) continue;
    const now = await processStart(Number(pid));
    // A process id is not reused while its group has members.
    if (now === undefined || now === start) endGroup(Number(pid));
  }
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is already gone.
  }
}
