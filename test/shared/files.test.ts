import { chmod, chown, link, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { editFile, replaceFile, sweepUnfinishedFiles } from "../../src/shared/files.ts";
import { currentOwner } from "../../src/shared/process-owner.ts";
import { makeDirectory } from "../support/repository.ts";

test("a file is written, and the directories it needs are made", async () => {
  const path = join(await makeDirectory(), "deep/down/a.txt");
  await replaceFile(path, "one\n");
  expect(await readFile(path, "utf8")).toBe("one\n");
});

test("the old file is replaced, not written over: whoever has it open reads it to its end", async () => {
  const directory = await makeDirectory();
  const path = join(directory, "a.txt");
  await writeFile(path, "old\n");
  await link(path, join(directory, "held"));
  await replaceFile(path, (temporary) => writeFile(temporary, "new\n"));
  expect(await readFile(path, "utf8")).toBe("new\n");
  expect(await readFile(join(directory, "held"), "utf8")).toBe("old\n");
});

test.each([replaceFile, editFile])("what cannot take its place leaves nothing beside it: %o", async (write) => {
  const directory = await makeDirectory();
  await mkdir(join(directory, "a.txt/in-the-way"), { recursive: true });
  await expect(write(join(directory, "a.txt"), "new\n")).rejects.toThrow();
  expect(await readdir(directory)).toEqual(["a.txt"]);
});

test("what a killed process has left of a file goes, what a live one writes and what is not ours stays", async () => {
  const directory = await makeDirectory();
  const { start, world } = await currentOwner();
  const dead = `.a.txt.${process.pid}.1.${world}.0123456789abtmp`;
  const live = `.a.txt.${process.pid}.${start}.${world}.0123456789abtmp`;
  const users = [".a.txt.0123456789ab.tmp", `a.txt.${process.pid}.1.${world}.0123456789abtmp`];
  await mkdir(join(directory, "below"));
  for (const name of [dead, live, ...users, join("below", dead)]) await writeFile(join(directory, name), "");
  await sweepUnfinishedFiles(directory, { recursive: false });
  expect((await readdir(directory)).sort()).toEqual([live, ...users, "below"].sort());
  expect(await readdir(join(directory, "below"))).toEqual([dead]);
  await sweepUnfinishedFiles(directory, { recursive: true });
  expect(await readdir(join(directory, "below"))).toEqual([]);
  await sweepUnfinishedFiles(join(directory, "nowhere"), { recursive: true });
});

test("what fails in the middle leaves the old file, and nothing beside it", async () => {
  const directory = await makeDirectory();
  const path = join(directory, "a.txt");
  await writeFile(path, "old\n");
  const half = async (temporary: string): Promise<void> => {
    await writeFile(temporary, "ne");
    throw new Error("no space left");
  };
  await expect(replaceFile(path, half)).rejects.toThrow("no space left");
  expect(await readFile(path, "utf8")).toBe("old\n");
  expect(await readdir(directory)).toEqual(["a.txt"]);
});

test("a link of ours is replaced, and what it led to stays", async () => {
  const directory = await makeDirectory();
  await writeFile(join(directory, "theirs"), "theirs\n");
  await symlink("theirs", join(directory, "a.txt"));
  await replaceFile(join(directory, "a.txt"), "ours\n");
  expect(await readFile(join(directory, "theirs"), "utf8")).toBe("theirs\n");
});

test("a link of the user's stays, and the file it leads to is edited", async () => {
  const directory = await makeDirectory();
  await writeFile(join(directory, "real"), "old\n");
  await symlink("real", join(directory, "a.txt"));
  await editFile(join(directory, "a.txt"), "new\n");
  expect(await readlink(join(directory, "a.txt"))).toBe("real");
  expect(await readFile(join(directory, "real"), "utf8")).toBe("new\n");
});

test.each([0o600, 0o755, 0o666])("an edited file keeps its mode: %o", async (mode) => {
  const path = join(await makeDirectory(), "a.txt");
  await writeFile(path, "old\n");
  await chmod(path, mode);
  await editFile(path, "new\n", 0o640);
  expect((await stat(path)).mode & 0o777).toBe(mode);
});

test("a new file gets the mode that is given, as far as the user's mask allows", async () => {
  const path = join(await makeDirectory(), "hook");
  await editFile(path, "#!/bin/sh\n", 0o777);
  expect((await stat(path)).mode & 0o700).toBe(0o700);
});

// Only root can give a file away.
test.runIf(process.getuid?.() === 0)("a file that root edits stays its owner's", async () => {
  const path = join(await makeDirectory(), "a.txt");
  await writeFile(path, "old\n");
  await chown(path, 65_534, 65_534);
  await editFile(path, "new\n");
  expect(await stat(path)).toMatchObject({ uid: 65_534, gid: 65_534 });
});
