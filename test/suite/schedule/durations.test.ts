import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RanTest } from "../../../src/model/test-id.ts";
import { DurationStore } from "../../../src/suite/schedule/durations.ts";
import { makeDirectory } from "../../support/repository.ts";

function ran(file: string, id: string, seconds: number): RanTest {
  return { file, id, seconds, outcome: "passed", worker: "gw0" };
}

const storeOf = (commonDirectory: string, branch: string | null, base = "main") =>
  new DurationStore({ commonDirectory, branch, base });

test("a file's seconds are the sum of its tests'", async () => {
  const store = storeOf(await makeDirectory(), "feature");
  await store.record("backend", [ran("a.py", "one", 1.5), ran("a.py", "two", 0.25), ran("b.py", "one", 3)]);
  expect([...(await store.ofSuite("backend"))]).toEqual([
    ["a.py", 1.75],
    ["b.py", 3],
  ]);
});

test("a branch without a record goes by the base's, and its own go first", async () => {
  const directory = await makeDirectory();
  await storeOf(directory, "main").record("backend", [ran("a.py", "one", 1)]);
  const store = storeOf(directory, "feature/a");
  expect((await store.ofSuite("backend")).get("a.py")).toBe(1);
  await store.record("backend", [ran("a.py", "one", 2)]);
  expect((await store.ofSuite("backend")).get("a.py")).toBe(2);
  expect((await storeOf(directory, "main").ofSuite("backend")).get("a.py")).toBe(1);
});

test.each(["constructor", "toString", "__proto__"])("a file and a test may be called %s", async (name) => {
  const directory = await makeDirectory();
  const store = storeOf(directory, "main");
  await store.record(name, [ran(name, name, 1.5), ran(name, "other", 1)]);
  expect([...(await store.ofSuite(name))]).toEqual([[name, 2.5]]);
  const text = await readFile(join(directory, "verify/durations/main", `${name}.json`), "utf8");
  expect(text).toContain(`"${name}":{"${name}":1.5,"other":1}`);
});

test("branches and suites whose names look alike as files have records of their own", async () => {
  const directory = await makeDirectory();
  const names = ["a/b", "a-b", "a%2Fb", "..", "."];
  for (const [index, name] of names.entries())
    await storeOf(directory, name).record(name, [ran("a.py", "one", index + 1)]);
  for (const [index, name] of names.entries()) {
    expect((await storeOf(directory, name).ofSuite(name)).get("a.py")).toBe(index + 1);
  }
  expect(await readdir(directory)).toEqual(["verify"]);
});

test("a commit on no branch reads the base's record and keeps none", async () => {
  const directory = await makeDirectory();
  await storeOf(directory, "main").record("backend", [ran("a.py", "one", 1)]);
  const store = storeOf(directory, null);
  await store.record("backend", [ran("a.py", "one", 9)]);
  expect((await store.ofSuite("backend")).get("a.py")).toBe(1);
});

test("a file that no longer runs is forgotten", async () => {
  const store = storeOf(await makeDirectory(), "main");
  await store.record("backend", [ran("a.py", "one", 1), ran("b.py", "one", 1)]);
  await store.record("backend", [ran("b.py", "one", 1)]);
  expect([...(await store.ofSuite("backend")).keys()]).toEqual(["b.py"]);
});

test.each(["{", '{"schema":1,"files":{"a.py":{"one":"long"}}}', '{"schema":2,"files":{}}', "null"])(
  "a damaged record, %s, says nothing",
  async (text) => {
    const directory = await makeDirectory();
    await mkdir(join(directory, "verify/durations/main"), { recursive: true });
    await writeFile(join(directory, "verify/durations/main/backend.json"), text);
    expect((await storeOf(directory, "main").ofSuite("backend")).size).toBe(0);
  },
);

test("a place that cannot be written costs nothing but the record", async () => {
  const directory = await makeDirectory();
  await writeFile(join(directory, "verify"), "");
  const store = storeOf(directory, "main");
  await store.record("backend", [ran("a.py", "one", 1)]);
  expect((await store.ofSuite("backend")).size).toBe(0);
});

test("branches that nobody verified for two months are forgotten", async () => {
  const directory = await makeDirectory();
  await storeOf(directory, "old").record("backend", [ran("a.py", "one", 1)]);
  const then = Date.now() / 1000 - 61 * 86_400;
  await utimes(join(directory, "verify/durations/old"), then, then);
  await storeOf(directory, "new").record("backend", [ran("a.py", "one", 1)]);
  expect(await readdir(join(directory, "verify/durations"))).toEqual(["new"]);
});
