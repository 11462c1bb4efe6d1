import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inReports } from "../../src/project/reports-directory.ts";
import { UnavailableError } from "../../src/shared/errors.ts";
import { makeRepository } from "../support/repository.ts";

test("what the file system refuses is said with the directory", async () => {
  const { root } = await makeRepository({});
  const full = inReports(root, (directory) => writeFile(join(directory, "no such directory/file"), ""));
  await expect(full).rejects.toThrow(UnavailableError);
  await expect(full).rejects.toThrow(`The reports cannot be written to ${join(root, ".verify")}: ENOENT`);
});

test("a bug of ours is passed on as it is, with its stack", async () => {
  const { root } = await makeRepository({});
  const bug = new TypeError("undefined is not a function");
  await expect(inReports(root, () => Promise.reject(bug))).rejects.toBe(bug);
});
