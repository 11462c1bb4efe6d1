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

let sharedPair: Promise<Pair> | undefined;
/** One pair for tests that follow each other. Several files that are left out cover something. */
const pairOfAll = (): Promise<Pair> => {
  sharedPair ??= makePair("v8", ["factory", "automock", "partial", "power", "shapes", "describe"]);
  return sharedPair;
};

test("a module reaches the files that load it, however they do, and no others", { timeout: 180_000 }, async () => {
  const pair = await pairOfAll();
  const text = await readFile(join(pair.incremental.root, "src/transport.ts"), "utf8");
  const files = { "src/transport.ts": text.replace("'sent '", "'SENT '") };
  const { difference, incremental } = await check(pair, { what: "a text", files });
  expect(difference).toBeNull();
  expect(incremental.suites[0]?.reuse?.reachedFrom).toEqual([{ file: "src/transport.ts", functions: null }]);
  const { output } = await runIn(pair.incremental.root, ["why", "test/factory.test.ts"], pair);
  expect(output).toContain("test/factory.test.ts is reused");
});

test("where all tests pass, what reused files covered is in the whole's coverage", { timeout: 180_000 }, async () => {
  const pair = await pairOfAll();
  const text = await readFile(join(pair.incremental.root, "src/transport.ts"), "utf8");
  const files = { "src/transport.ts": `${text.replace("'SENT '", "'sent '")}// More\n` };
  const { difference, incremental } = await check(pair, { what: "a comment", files });
  expect(difference).toBeNull();
  expect(incremental.verdict).toBe("verified");
  expect(incremental.suites[0]?.reuse?.reused).toBeGreaterThan(1);
});

test("a module reaches each file that loads it, though jest compiles it once for all", async () => {
  const pair = await pairOfAll();
  const text = await readFile(join(pair.incremental.root, "src/shapes.ts"), "utf8");
  await pair.incremental.write({ "src/shapes.ts": `${text}// More\n` });
  for (const name of ["shapes", "describe"]) {
    const { output } = await runIn(pair.incremental.root, ["why", `test/${name}.test.ts`], pair);
    expect(output).toContain(`test/${name}.test.ts runs: src/shapes.ts changed.`);
  }
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
