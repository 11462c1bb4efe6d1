import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { randomNumbers } from "../../bench/random.ts";
import { begin, check, type Pair, tryEdits } from "../../support/incremental/differential.ts";
import { appearing, nastyFiles } from "../../support/incremental/nasty.ts";
import { type AtEnd, type Files, makeRepository } from "../../support/repository.ts";
import { makePytestRepository, runIn, userEnvironment } from "../../support/verify.ts";

/** A pair of the nasty suite that has run once in full. */
async function makePair(atEnd?: AtEnd): Promise<Pair> {
  const [incremental, full, environment] = await Promise.all([
    makeRepository(nastyFiles(1), atEnd),
    makeRepository(nastyFiles(1), atEnd),
    userEnvironment({ PYTHONDONTWRITEBYTECODE: undefined }),
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

  test("coverage is not joined of two runs where another file was the first to fill a cache in each", async () => {
    const names = ["one", "three", "two", "zero"].map((name) => `tests/test_${name}.py`);
    const test = (body: string): string => `from kept import double\n\n\ndef test_it():\n    assert ${body}\n`;
    const [first = "", , second = "", other = ""] = names;
    const config = { incremental: true, coverage: { lines: 1 } };
    const files = {
      "src/kept.py":
        "CACHE = {}\n\n\ndef double(number):\n    if number not in CACHE:\n        CACHE[number] = 2 * number\n    return CACHE[number]\n",
      "pyproject.toml": "[tool.coverage.run]\nbranch = true\n",
      ...Object.fromEntries(names.map((name) => [name, test("True")])),
      [first]: test("double(1) == 2"),
      [second]: test("double(1) == 2"),
      [other]: test("2 > 1"),
    };
    const [incremental, full, environment] = await Promise.all([
      makePytestRepository(files, config),
      makePytestRepository(files, config),
      userEnvironment({ PYTHONDONTWRITEBYTECODE: undefined }),
    ]);
    const pair = { incremental, full, environment, workers: 1, random: () => 0.1 };
    await begin(pair);
    for (const { write, commit } of [incremental, full]) {
      await write({ [first]: test("True"), [other]: test("True") });
      await commit("Nobody is before the second file any more");
    }
    await runIn(incremental.root, ["--full"], { environment });
    const { difference } = await check(pair, {
      what: "the first file as it was",
      files: { [first]: test("double(1) == 2") },
    });
    expect(difference).toBeNull();
  });

  test("random edits give what a full run gives", async () => {
    const pair = await makePair();
    const seed = 7;
    const isEdited = (file: string): boolean => !/^(?:verify\.config\.json|\.gitignore|pyproject\.toml)$/.test(file);
    const tried = await tryEdits(pair, { random: randomNumbers(seed), appearing, isEdited }, 2);
    expect(tried.misses, `seed ${seed}`).toEqual([]);
  });
});
