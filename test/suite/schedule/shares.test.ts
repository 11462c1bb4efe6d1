import { join } from "node:path";
import { expect, test } from "vitest";
import { expectedSeconds } from "../../../src/suite/schedule/expected-seconds.ts";
import { shareOut } from "../../../src/suite/schedule/shares.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";

/** A directory with files of these sizes, in bytes. */
async function makeFiles(sizes: Readonly<Record<string, number>>) {
  const root = await makeDirectory();
  await writeFiles(root, Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, "x".repeat(size)])));
  const names = Object.keys(sizes);
  return { root, files: names.map((name) => join(root, name)), plain: (file: string) => file.slice(root.length + 1) };
}

test("each file goes to the share that has least to do, the longest first", async () => {
  const { root, files, plain } = await makeFiles({ a: 1, b: 1, c: 1, d: 1, e: 1 });
  const durations = new Map(Object.entries({ a: 2, b: 7, c: 6, d: 5, e: 4 }));
  const shares = shareOut(files, root, durations, 2).map((share) => share.map(plain));
  expect(shares).toEqual([
    ["b", "e", "a"],
    ["c", "d"],
  ]);
});

test("every file is in one share, and no share is empty", async () => {
  const { root, files } = await makeFiles({ a: 1, b: 2, c: 3 });
  const shares = shareOut(files, root, new Map(), 8);
  expect(shares).toHaveLength(3);
  expect(shares.flat().sort()).toEqual([...files].sort());
});

test("files that all took no time are dealt by count", async () => {
  const { root, files, plain } = await makeFiles({ a: 1, b: 2, c: 3, fresh: 4 });
  const durations = new Map(Object.entries({ a: 0, b: 0, c: 0 }));
  const shares = shareOut(files, root, durations, 2).map((share) => share.map(plain));
  expect(shares).toEqual([
    ["a", "c"],
    ["b", "fresh"],
  ]);
});

test("no files make no shares", async () => {
  expect(shareOut([], "/", new Map(), 4)).toEqual([]);
});

test("without a record, the larger file is expected to take longer", async () => {
  const { root, files, plain } = await makeFiles({ small: 1, large: 9 });
  expect(expectedSeconds(files, root, new Map()).map(({ file }) => plain(file))).toEqual(["large", "small"]);
});

test("a file that nothing is known of is expected to take what known ones take for their size", async () => {
  const { root, files, plain } = await makeFiles({ a: 10, b: 30, fresh: 20 });
  const durations = new Map([
    ["a", 1],
    ["b", 3],
  ]);
  const expected = expectedSeconds(files, root, durations).map(({ file, seconds }) => [plain(file), seconds]);
  expect(expected).toEqual([
    ["b", 3],
    ["fresh", 2],
    ["a", 1],
  ]);
});
