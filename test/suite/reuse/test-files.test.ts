import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { randomNumbers } from "../../bench/random.ts";
import { begin, check, type Pair, tryEdits } from "../../support/incremental/differential.ts";
import { appearing, nastyFiles } from "../../support/incremental/nasty.ts";
import { type AtEnd, type Files, makeRepository } from "../../support/repository.ts";
import { runIn, userEnvironment } from "../../support/verify.ts";

/** A pair of the nasty suite that has run once in full. */
async function makePair(atEnd?: AtEnd): Promise<Pair> {
  const [incremental, full, environment] = await Promise.all([
    makeRepository(nastyFiles(1), atEnd),
    makeRepository(nastyFiles(1), atEnd),
    // A changed file of the same size and second would be taken from its compiled form.
    userEnvironment({ PYTHONDONTWRITEBYTECODE: "1" }),
  ]);
  const pair = { incremental, full, environment, workers: 1, random: () => 0.5 };
  await begin(pair);
  return pair;
}

/** A file of a repository with a part of its text replaced. */
async function replaced({ incremental }: Pair, file: string, from: string, to: string): Promise<Files> {
  const text = await readFile(join(incremental.root, file), "utf8");
  if (!text.includes(from)) throw new Error(`${file} does not hold ${from}`);
  return { [file]: text.replace(from, to) };
}

const ends: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of ends) await end();
});
let sharedPair: Promise<Pair> | undefined;
/** One pair for tests that follow each other. */
const pairOfAll = (): Promise<Pair> => {
  sharedPair ??= makePair((end) => ends.push(end));
  return sharedPair;
};

describe.sequential("a pytest suite that keeps values in its process", () => {
  test("a comment runs only the sample and what always runs, and moves the coverage along", async () => {
    const pair = await pairOfAll();
    const comment = "    # One\n\n    # Two\n    total = 0";
    const files = await replaced(pair, "src/app/arithmetic.py", "    total = 0", comment);
    const { difference, incremental } = await check(pair, { what: "a comment", files });
    expect(difference).toBeNull();
    expect(incremental.suites[0]?.reuse).toMatchObject({ ran: 2, reused: 36, audited: 1, reachedFrom: [] });
  });

  test("a function reaches those that only find what it had computed for another file", async () => {
    const pair = await pairOfAll();
    const files = await replaced(pair, "src/app/arithmetic.py", "        return 1", "        return 2");
    const { difference, incremental } = await check(pair, { what: "a function behind memory", files });
    expect(difference).toBeNull();
    expect(incremental.suites[0]?.failures.map(({ file }) => file).sort()).toEqual([
      "tests/state/test_cube_1.py",
      "tests/state/test_cube_2.py",
      "tests/state/test_service_1.py",
      "tests/state/test_service_2.py",
    ]);
    expect(incremental.suites[0]?.reuse?.reachedFrom).toEqual([{ file: "src/app/arithmetic.py", functions: 1 }]);
    const why = await runIn(pair.incremental.root, ["why", "tests/state/test_cube_2.py"], pair);
    expect(why.output).toContain("tests/state/test_cube_2.py runs: ");
    const affected = await runIn(pair.incremental.root, ["affected", "--json"], pair);
    expect(JSON.parse(affected.output).suites[0]).toMatchObject({ suite: "nasty", why: null });
  });

  test("a conftest's hook reaches the tests of other directories", async () => {
    const pair = await pairOfAll();
    const files = { "tests/state/conftest.py": appearing["tests/state/conftest.py"] ?? null };
    const { difference, incremental } = await check(pair, { what: "a hook", files });
    expect(difference).toBeNull();
    expect(incremental.suites[0]?.tests.skipped).toBe(2);
  });

  test("coverage that a file had as the second to fill a cache is not lost where it runs alone", async () => {
    const pair = await makePair();
    const file = "tests/state/test_service_2.py";
    const files = await replaced(pair, file, "assert", "assert 1 + 1 == 2\n    assert");
    const { difference, incremental } = await check(pair, { what: "another test", files });
    expect(difference).toBeNull();
    expect(incremental.notes.join()).toContain("Everything of nasty ran after its part: coverage (");
  });

  test("random edits give what a full run gives", async () => {
    const pair = await makePair();
    const seed = 7;
    const isEdited = (file: string): boolean => !/^(?:verify\.config\.json|\.gitignore|pyproject\.toml)$/.test(file);
    const tried = await tryEdits(pair, { random: randomNumbers(seed), appearing, isEdited }, 2);
    expect(tried.misses, `seed ${seed}`).toEqual([]);
  });
});
