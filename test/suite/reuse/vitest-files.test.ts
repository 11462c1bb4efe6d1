import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { begin, check, type Pair } from "../../support/incremental/differential.ts";
import { appearingModules, nastyVitestFiles } from "../../support/incremental/nasty-vitest.ts";
import { type Files, makeRepository } from "../../support/repository.ts";
import { readSummary, runIn, userEnvironment } from "../../support/verify.ts";
import { linkNodeModules } from "../../support/vitest-ledger.ts";
import { makeVitestRepository } from "../../support/vitest-suite.ts";

const ends: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of ends) await end();
});

/** A pair of the nasty suite that has run once in full. */
async function makePair(): Promise<Pair> {
  const only = ["factory", "automock", "partial", "folder", "plugins", "power"];
  const files = nastyVitestFiles({ pool: "threads", only, globalSetup: true });
  const make = () => makeRepository(files, (end) => ends.push(end));
  const [incremental, full, environment] = await Promise.all([make(), make(), userEnvironment()]);
  await Promise.all([incremental, full].map(({ root }) => linkNodeModules(root)));
  const pair = { incremental, full, environment, workers: 1 };
  await begin(pair);
  return pair;
}
let sharedPair: Promise<Pair> | undefined;
/** One pair for tests that follow each other. */
const pairOfAll = (): Promise<Pair> => {
  sharedPair ??= makePair();
  return sharedPair;
};

/** A file of a repository with a part of its text replaced. */
async function replaced({ incremental }: Pair, file: string, from: string, to: string): Promise<Files> {
  const text = await readFile(join(incremental.root, file), "utf8");
  if (!text.includes(from)) throw new Error(`${file} does not hold ${from}`);
  return { [file]: text.replace(from, to) };
}

describe.sequential("a vitest suite that loads modules in every way there is", { timeout: 180_000 }, () => {
  test("a module reaches the files that load it, however they do, and no others", async () => {
    const pair = await pairOfAll();
    const files = await replaced(pair, "src/transport.ts", "retries = 3", "retries = 4");
    const { difference, incremental } = await check(pair, { what: "a constant", files });
    expect(difference).toBeNull();
    expect(incremental.suites[0]?.reuse?.reachedFrom).toEqual([{ file: "src/transport.ts", functions: null }]);
    const why = await runIn(pair.incremental.root, ["why", "test/automock.test.ts"], pair);
    expect(why.output).toContain("test/automock.test.ts is reused");
    const affected = await runIn(pair.incremental.root, ["affected", "--json"], pair);
    expect(JSON.parse(affected.output).suites[0]).toMatchObject({ suite: "nasty", why: null });
  });

  test("a function reaches the files that ran it, and the coverage of others moves along", async () => {
    const pair = await pairOfAll();
    const from = "export function power(left: number, right: number): number {\n";
    const to = `// Words\n\n${from}  const one = () => 1;\n  void one;\n`;
    const files = await replaced(pair, "src/arithmetic.ts", from, to);
    const { difference, incremental } = await check(pair, { what: "a function", files });
    expect(difference).toBeNull();
    expect(incremental.suites[0]?.reuse?.reachedFrom).toEqual([{ file: "src/arithmetic.ts", functions: 1 }]);
  });

  test("what a globalSetup loads or reads reaches every test file", async () => {
    const pair = await pairOfAll();
    const files = await replaced(pair, "assets/seed.json", '"b"', '"b", "c", "d"');
    const { difference, incremental } = await check(pair, { what: "what is set up", files });
    expect(difference).toBeNull();
    expect(incremental.suites[0]?.failures.map(({ file }) => file)).toEqual(["test/seed.test.ts"]);
    expect(incremental.notes).toContain(
      "Nothing of nasty was reused: assets/seed.json changed, which all test files rest on.",
    );
    await Promise.all([pair.incremental, pair.full].map(({ git }) => git("revert", "--no-edit", "HEAD")));
  });

  test("new files that take the place of others, or are found by a glob, reach those that would load them", async () => {
    const pair = await pairOfAll();
    const files = Object.fromEntries(
      ["src/folder.ts", "src/plugins/gamma.ts", "src/__mocks__/transport.ts"].map((file) => [
        file,
        appearingModules[file] ?? null,
      ]),
    );
    const { difference, incremental } = await check(pair, { what: "new files", files });
    expect(difference).toBeNull();
    expect(incremental.suites[0]?.failures.map(({ file }) => file).sort()).toEqual([
      "test/automock.test.ts",
      "test/folder.test.ts",
      "test/plugins.test.ts",
    ]);
  });
});

test("test files that share their modules all run, and the next run says why", { timeout: 120_000 }, async () => {
  const repository = await makeVitestRepository(
    { "vitest.config.js": "export default { test: { isolate: false } };\n" },
    {},
    { incremental: true },
  );
  await repository.git("switch", "--quiet", "--create", "feature");
  await runIn(repository.root, []);
  await repository.write({ "src/sums.js": "export const add = (left, right) => right + left;\n" });
  await repository.commit("An edit");
  const { output } = await runIn(repository.root, []);
  expect(output).toContain("Nothing of web was reused: isolate is off.");
  expect((await readSummary(repository.root)).suites[0]?.reuse).toBeUndefined();
});
