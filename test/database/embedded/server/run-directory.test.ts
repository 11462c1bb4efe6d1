import { readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { makeRunDirectory, ownerFile } from "../../../../src/database/embedded/server/run-directory.ts";
import { UnavailableError } from "../../../../src/shared/errors.ts";
import type { Owner } from "../../../../src/shared/process-owner.ts";
import { makeDirectory } from "../../../support/repository.ts";
import { failureOf } from "../../support.ts";

test("a run directory is private and says whose it is", async () => {
  const { path } = await makeRunDirectory([await makeDirectory()]);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  const owner = JSON.parse(await readFile(join(path, ownerFile), "utf8")) as Owner;
  expect(owner).toEqual({ pid: process.pid, start: expect.any(String), world: expect.any(String) });
});

test("a location where none can be made is passed over", async () => {
  const location = await makeDirectory();
  expect(dirname((await makeRunDirectory(["/nowhere", location])).path)).toBe(location);
});

test("a location whose name leaves a socket's path no room is passed over", async () => {
  const location = await makeDirectory();
  expect(dirname((await makeRunDirectory([`/tmp/${"long".repeat(30)}`, location])).path)).toBe(location);
});

test("where there is no location at all, it is said what would help", async () => {
  const file = join(await makeDirectory(), "file");
  await writeFile(file, "");
  const failure = await failureOf(makeRunDirectory([file]));
  expect(failure).toBeInstanceOf(UnavailableError);
  expect(failure.message).toContain("TMPDIR");
});
