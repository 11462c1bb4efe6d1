import { access, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cleanEmbedded } from "../../src/database/cleaning.ts";
import { listEmbeddedDatabases, listEmbeddedRuns } from "../../src/database/embedded/server/inventory.ts";
import { ownerFile, runPrefix } from "../../src/database/embedded/server/run-directory.ts";
import { writeRunNote } from "../../src/database/embedded/server/run-note.ts";
import { currentOwner, type Owner } from "../../src/shared/process-owner.ts";
import { makeDirectory } from "../support/repository.ts";

/** A server's directory in a location of the test's own, which no other test sweeps. */
async function runDirectory(location: string, owner: Owner | undefined): Promise<string> {
  const path = await mkdtemp(join(location, runPrefix));
  await mkdir(join(path, "s"));
  if (owner !== undefined) await writeFile(join(path, ownerFile), JSON.stringify(owner));
  return path;
}

const deadOwner = async (): Promise<Owner> => ({ ...(await currentOwner()), pid: 2 ** 22 + 1 });

test("the directories of live and of killed runs are told apart", async () => {
  const location = await makeDirectory();
  const [live, dead] = [
    await runDirectory(location, await currentOwner()),
    await runDirectory(location, await deadOwner()),
  ];
  const runs = await listEmbeddedRuns([location]);
  expect(new Map(runs.map(({ path, isLive }) => [path, isLive]))).toEqual(
    new Map([
      [live, true],
      [dead, false],
    ]),
  );
});

test("a directory that does not say whose it is is not taken for a run's", async () => {
  const location = await makeDirectory();
  await runDirectory(location, undefined);
  expect(await listEmbeddedRuns([location])).toEqual([]);
});

test("a server that is not up has no databases to list", async () => {
  const location = await makeDirectory();
  await runDirectory(location, await deadOwner());
  const [run] = await listEmbeddedRuns([location]);
  expect(run && (await listEmbeddedDatabases(run))).toEqual([]);
});

test("cleaning names the server that it removes by its process and what it verified", async () => {
  const location = await makeDirectory();
  const path = await runDirectory(location, await deadOwner());
  await writeRunNote(path, { directory: "/home/ada/shop", base: "shop_test", worker: null });
  expect(await cleanEmbedded([location])).toEqual({
    removed: [`${path}: the embedded server of process 4194305 in /home/ada/shop`],
    left: [],
    failed: [],
  });
});

test("cleaning leaves a live run's server, and says so", async () => {
  const location = await makeDirectory();
  const path = await runDirectory(location, await currentOwner());
  expect(await cleanEmbedded([location])).toEqual({
    removed: [],
    left: [`${path}: the embedded server of process ${process.pid}, which may still go on`],
    failed: [],
  });
  await access(path);
});
