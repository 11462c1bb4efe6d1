import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
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
  const pair = { incremental, full, environment, workers: 1 };
  await begin(pair);
  return pair;
}

/** A file of a repository with a part of its text replaced. */
async function replaced({ incremental }: Pair, file: string, from: string, to: string): Promise<Files> {
  const text = await readFile(join(incremental.root, file), "utf8");
  if (!text.includes(from)) throw new Error(`${file} does not hold ${from}`);
  return { [file]: text.replace(from, to) };
}

describe.sequential("a pytest suite that keeps values in its process", () => {
  test("a comment runs only the sample and what always runs, and moves the coverage along", async () => {
    const pair = await makePair();
    const files = await replaced(
      pair,
      "src/app/arithmetic.py",
      "    total = 0",
      "    # One\n\n    # Two\n    total = 0",
    );
    const { difference, incremental } = await check(pair, { what: "a comment", files });
    expect(difference).toBeNull();
    expect(incremental.suites[0]?.reuse).toMatchObject({ ran: 2, reused: 36, audited: 1, reachedFrom: [] });

    // Two files with the same text: the second only finds what the first had computed.
    const other = await replaced(pair, "src/app/arithmetic.py", "        return 1", "        return 2");
    const found = await check(pair, { what: "a function behind three kinds of memory", files: other });
    expect(found.difference).toBeNull();
    expect(found.incremental.suites[0]?.failures.map(({ file }) => file).sort()).toEqual([
      "tests/state/test_cube_1.py",
      "tests/state/test_cube_2.py",
      "tests/state/test_service_1.py",
      "tests/state/test_service_2.py",
    ]);
    expect(found.incremental.suites[0]?.reuse?.reachedFrom).toEqual([{ file: "src/app/arithmetic.py", functions: 1 }]);

    const told = await runIn(pair.incremental.root, ["why", "tests/state/test_cube_2.py"], pair);
    expect(told.output).toContain("tests/state/test_cube_2.py runs: ");
    const all = await runIn(pair.incremental.root, ["affected", "--json"], pair);
    expect(JSON.parse(all.output).suites[0]).toMatchObject({ suite: "nasty", why: null });
  });

  test("random edits give what a full run gives", async () => {
    const pair = await makePair();
    const seed = 7;
    const isEdited = (file: string): boolean => !/^(?:verify\.config\.json|\.gitignore|pyproject\.toml)$/.test(file);
    const tried = await tryEdits(pair, { random: randomNumbers(seed), appearing, isEdited }, 3);
    expect(tried.misses, `seed ${seed}`).toEqual([]);
  });
});
