import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { begin, check, type Pair } from "../../support/incremental/differential.ts";
import { appearingForJest, linkForNastyJest, nastyJestFiles } from "../../support/incremental/nasty-jest.ts";
import { makeRepository } from "../../support/repository.ts";
import { runIn, userEnvironment } from "../../support/verify.ts";

const ends: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of ends) await end();
});

/** A pair of the nasty suite that has run once in full. */
async function makePair(provider: string, only: readonly string[]): Promise<Pair> {
  const make = () => makeRepository(nastyJestFiles({ provider, only }), (end) => ends.push(end));
  const [incremental, full, environment] = await Promise.all([make(), make(), userEnvironment()]);
  await Promise.all([incremental, full].map(({ root }) => linkForNastyJest(root)));
  const pair = { incremental, full, environment, workers: 1, random: () => 0.5 };
  await begin(pair);
  return pair;
}

test("a module reaches the files that load it, however they do, and no others", { timeout: 180_000 }, async () => {
  // Several files that are left out cover something.
  const pair = await makePair("v8", ["factory", "automock", "partial", "power", "shapes", "describe"]);
  const text = await readFile(join(pair.incremental.root, "src/transport.ts"), "utf8");
  const files = { "src/transport.ts": text.replace("'sent '", "'SENT '") };
  const { difference, incremental } = await check(pair, { what: "a text", files });
  expect(difference).toBeNull();
  expect(incremental.suites[0]?.reuse?.reachedFrom).toEqual([{ file: "src/transport.ts", functions: null }]);
  const { output } = await runIn(pair.incremental.root, ["why", "test/factory.test.ts"], pair);
  expect(output).toContain("test/factory.test.ts is reused");
});

test("a module reaches each file that loads it, though jest compiles it once for all", {
  timeout: 180_000,
}, async () => {
  const pair = await makePair("babel", ["shapes", "describe", "power"]);
  const text = await readFile(join(pair.incremental.root, "src/shapes.ts"), "utf8");
  const files = { "src/shapes.ts": `${text}\nthrow new Error("It cannot be loaded.");\n` };
  const { difference, incremental } = await check(pair, { what: "an error", files });
  expect(difference).toBeNull();
  expect(incremental.suites[0]?.failures.map(({ file }) => file).sort()).toEqual([
    "test/describe.test.ts",
    "test/shapes.test.ts",
  ]);
});

test("new files that take the place of others reach those that would load them", { timeout: 180_000 }, async () => {
  const pair = await makePair("babel", ["folder", "either", "virtual", "automock", "power"]);
  const names = ["src/folder.ts", "src/newer.ts", "src/__mocks__/transport.ts"];
  const files = Object.fromEntries(names.map((file) => [file, appearingForJest[file] ?? null]));
  const { difference, incremental } = await check(pair, { what: "new files", files });
  expect(difference).toBeNull();
  expect(incremental.suites[0]?.failures.map(({ file }) => file).sort()).toEqual([
    "test/automock.test.ts",
    "test/either.test.ts",
    "test/folder.test.ts",
  ]);
  expect(incremental.suites[0]?.reuse?.reused).toBeGreaterThan(0);
});
