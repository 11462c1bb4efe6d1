import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { extractArchive } from "../../../../src/database/embedded/binaries/archive.ts";
import { openProvision } from "../../../../src/database/open.ts";
import { privateCache } from "../../../../src/shared/cache.ts";
import { InterruptedError, UnavailableError } from "../../../../src/shared/errors.ts";
import { makeDirectory } from "../../../support/repository.ts";
import { ask, environmentWith, failureOf, makeRequest, open, ownRunDirectories } from "../../support.ts";

test("two first uses at once make one whole archive between them", async () => {
  const cache = await makeDirectory();
  const environment = environmentWith({ XDG_CACHE_HOME: cache });
  const provisions = await Promise.all([open({ environment }), open({ environment })]);
  for (const provision of provisions) {
    const [database] = await provision.lease(["gw0"]);
    expect(await ask(database, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  }
  expect(await readdir(join(cache, "pushproof"))).toEqual([expect.stringMatching(/^cluster-.*\.tar$/)]);
});

test("a first use that is aborted leaves no archive and no directory", async () => {
  const cache = await makeDirectory();
  const controller = new AbortController();
  const temporary = await makeDirectory();
  await chmod(temporary, 0o755);
  const environment = environmentWith({ XDG_CACHE_HOME: cache, TMPDIR: temporary });
  const opening = failureOf(openProvision(makeRequest({ environment, signal: controller.signal })));
  // From its first file on, initdb has most of its work before it.
  const hasBegun = async (): Promise<boolean> => {
    const [directory = ""] = (await readdir(temporary)).filter((name) => name.startsWith("pushproof-run."));
    return (await readdir(join(temporary, directory, "data")).catch(() => [])).length > 0;
  };
  await vi.waitUntil(hasBegun, { timeout: 60_000, interval: 5 });
  controller.abort();
  expect(await opening).toBeInstanceOf(InterruptedError);
  expect(await readdir(temporary)).toEqual([]);
  expect(await readdir(join(cache, "pushproof"))).toEqual([]);
  expect(await ownRunDirectories()).toEqual([]);
});

test("a damaged archive is told, and made anew by the next run", async () => {
  const cache = await makeDirectory();
  const environment = environmentWith({ XDG_CACHE_HOME: cache });
  await (await open({ environment })).close();
  const [archive = ""] = await readdir(join(cache, "pushproof"));
  await writeFile(join(cache, "pushproof", archive), "no archive at all");
  expect(await failureOf(open({ environment }))).toBeInstanceOf(UnavailableError);
  await open({ environment });
});

test("an archive that cannot be unpacked is told with where and why", async () => {
  const failure = await failureOf(extractArchive("/nowhere.tar", await makeDirectory(), process.env));
  expect(failure.message).toContain("/nowhere.tar");
});

test("a cache directory that others may write to is not used", async () => {
  const home = await makeDirectory();
  await mkdir(join(home, "pushproof"));
  await chmod(join(home, "pushproof"), 0o777);
  expect(await privateCache({ XDG_CACHE_HOME: home })).not.toContain(home);
});

test("a cache directory that cannot be made is done without", async () => {
  const home = await makeDirectory();
  await writeFile(join(home, "pushproof"), "a file");
  expect(await privateCache({ XDG_CACHE_HOME: home })).not.toContain(home);
});
