import { link, readdir, readFile, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { RecordStore, suiteDirectory } from "../../../src/suite/reuse/record-store.ts";
import { makeDirectory } from "../../support/repository.ts";

async function makeStore(): Promise<{ store: RecordStore; directory: string; path: string }> {
  const common = await makeDirectory();
  const store = new RecordStore(common, "backend");
  await store.write("key", { found: 1 });
  const directory = suiteDirectory(common, "backend");
  return { store, directory, path: join(directory, "key.json.gz") };
}

test("a record is what was written, and there is none for another key", async () => {
  const { store } = await makeStore();
  expect(await store.read("key")).toEqual({ found: 1 });
  expect(await store.read("other")).toBeNull();
});

test("a damaged record is as none", async () => {
  const { store, path } = await makeStore();
  const bytes = await readFile(path);
  await writeFile(path, bytes.subarray(0, bytes.length - 9));
  expect(await store.read("key")).toBeNull();
});

test.each(["version", "suite", "key", "schema"])("a record of another %s is as none", async (field) => {
  const { store, path } = await makeStore();
  const record = JSON.parse(gunzipSync(await readFile(path)).toString());
  await writeFile(path, gzipSync(JSON.stringify({ ...record, [field]: "another" })));
  expect(await store.read("key")).toBeNull();
});

test("a link to a record is as none, symbolic or not", async () => {
  const { store, directory, path } = await makeStore();
  await link(path, join(directory, "hard.json.gz"));
  expect(await store.read("key")).toBeNull();
  await rename(path, join(directory, "elsewhere"));
  await symlink("elsewhere", path);
  expect(await store.read("key")).toBeNull();
});

test("the records used longest ago go first", async () => {
  const { store, directory, path } = await makeStore();
  await utimes(path, new Date(0), new Date(0));
  for (let index = 0; index < 48; index++) await store.write(`other-${index}`, {});
  expect(await readdir(directory)).toHaveLength(48);
  expect(await store.read("key")).toBeNull();
});

test("two runs that write one record at once leave a whole one", async () => {
  const { store } = await makeStore();
  const large = "x".repeat(1_000_000);
  await Promise.all([1, 2, 3, 4].map((found) => store.write("key", { found, large })));
  expect(await store.read("key")).toMatchObject({ large });
});
