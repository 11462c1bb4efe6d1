import { copyFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Summary } from "../../src/model/summary.ts";
import { makeNodeRepository, nodeHeader } from "../support/node-suite.ts";
import { type AtEnd, makeDirectory, type Repository } from "../support/repository.ts";
import { makePytestRepository, type Outcome, readSummary, runIn, userEnvironment } from "../support/verify.ts";

/** A clone of a repository's branch with a home of its own, as a machine of a CI service has it. */
async function makeMachine(repository: Repository, atEnd?: AtEnd, more: Record<string, string> = {}) {
  const home = await makeDirectory(atEnd);
  const root = join(home, "work");
  await repository.git("clone", "--quiet", repository.root, root);
  const environment = await userEnvironment({ HOME: home, ...more });
  const run = (...words: string[]): Promise<Outcome> => runIn(root, words, { environment, random: () => 0.5 });
  return { root, run };
}

interface Given {
  /** What `verify history export` wrote; null on a machine that begins empty. */
  readonly history?: string | null;
  readonly variables?: Record<string, string>;
  readonly atEnd?: AtEnd;
}

async function beginMachine(repository: Repository, { history, variables, atEnd }: Given) {
  const machine = await makeMachine(repository, atEnd, variables);
  if (history) await machine.run("history", "import", history);
  return machine;
}

/** One of two shards of HEAD, whose files are handed on into a directory. */
async function runShard(repository: Repository, index: number, place: string, given: Given): Promise<Outcome> {
  const { root, run } = await beginMachine(repository, given);
  const outcome = await run("--shard", `${index}/2`);
  const own = join(root, ".verify");
  for (const name of (await readdir(own)).filter((one) => one.startsWith("shard-")))
    await copyFile(join(own, name), join(place, name));
  return outcome;
}

interface Sharded extends Outcome {
  readonly summary: Summary;
  readonly lcov: string;
  /** What the shards handed on. */
  readonly place: string;
  /** What the merge exports, for the next run. */
  readonly history: string;
  readonly shards: readonly Outcome[];
}

/** HEAD by two shards and a merge, each on a machine of its own. */
async function runOnShards(repository: Repository, given: Given = {}): Promise<Sharded> {
  const place = await makeDirectory(given.atEnd);
  const shards = await Promise.all([1, 2].map((index) => runShard(repository, index, place, given)));
  const { root, run } = await beginMachine(repository, given);
  const merged = await run("merge", place);
  const history = join(place, "history.json");
  await run("history", "export", history);
  const lcov = await readFile(join(root, ".verify/coverage.lcov"), "utf8").catch(() => "");
  return { ...merged, place, shards, history, lcov, summary: await readSummary(root) };
}

/** The names of the records in an exported history. */
async function recordsIn(history: string): Promise<string[]> {
  const { records } = JSON.parse(await readFile(history, "utf8"));
  return records.map(({ name }: { name: string }) => name);
}

/** The figures of HEAD as one machine finds them. */
async function runWhole(repository: Repository) {
  const { root, run } = await makeMachine(repository);
  await run("--full");
  return { summary: await readSummary(root), lcov: await readFile(join(root, ".verify/coverage.lcov"), "utf8") };
}

const figuresOf = ({ verdict, suites, coverage }: Summary) => ({
  verdict,
  suites: suites.map(({ name, tests, files }) => ({ name, tests, files })),
  lines: coverage?.lines,
  files: coverage?.files?.map(({ file, covered, total }) => ({ file, covered, total })),
});

/** What is covered by LCOV, however often: what several processes load counts for each of them. */
const coveredIn = (lcov: string): string => lcov.replace(/^(DA:\d+,|FNDA:)[1-9]\d*/gm, "$11");

const reuseIn = ({ suites }: Summary) => suites.map(({ name, reuse }) => [name, reuse?.ran, reuse?.reused]);

describe("of a pytest suite that shards have recorded", () => {
  const words = ["one", "two", "three", "four", "five"];
  const source = (value: (word: string) => number): string =>
    `"""Numbers."""\n${words.map((word) => `\n\ndef ${word}():\n    value = ${value(word)}\n    return value\n`).join("")}`;
  // They depend on what no setting names.
  const weather =
    'import os\nfrom sums import add\n\n\ndef test_weather():\n    assert add(1, 2) == 3\n    assert os.environ.get("WEATHER") != "rain"\n';
  let repository: Repository;
  let first: Sharded;
  beforeAll(async () => {
    repository = await makePytestRepository(
      {
        "src/numerals.py": source((word) => word.length),
        ...Object.fromEntries(
          words.map((word) => [
            `tests/test_${word}.py`,
            `import numerals\n\n\ndef test_${word}():\n    assert numerals.${word}()\n`,
          ]),
        ),
        ...Object.fromEntries(["sums", "here", "there"].map((name) => [`tests/test_${name}.py`, weather])),
      },
      { incremental: true, coverage: { lines: 50 } },
      afterAll,
    );
    await repository.git("switch", "--quiet", "--create", "feature");
    first = await runOnShards(repository, { atEnd: afterAll });
  });

  test("the first run is complete, and says why nothing was reused", () => {
    expect(first.code).toBe(0);
    expect(first.output).toContain("Nothing of backend was reused: no full run is recorded.");
    expect(first.summary.suites[0]?.reuse).toBeUndefined();
  });

  describe("after a change of one function", () => {
    let changed: Sharded;
    beforeAll(async () => {
      await repository.write({ "src/numerals.py": source((word) => (word === "two" ? 22 : word.length)) });
      await repository.commit("Change one");
      changed = await runOnShards(repository, { history: first.history, atEnd: afterAll });
    });

    test("only what it reaches runs, and a sample, on whichever shard", () => {
      for (const { output } of changed.shards)
        expect(output).toMatch(/Of backend, \d test files of earlier runs are reused/);
      expect(reuseIn(changed.summary)).toEqual([["backend", 2, 6]]);
    });

    test("the figures and the coverage are the whole's", async () => {
      const whole = await runWhole(repository);
      expect(figuresOf(changed.summary)).toEqual(figuresOf(whole.summary));
      expect(coveredIn(changed.lcov)).toBe(coveredIn(whole.lcov));
      expect(changed.code).toBe(0);
    });

    test("the run names the one that it rests on", async () => {
      const [run] = changed.summary.suites[0]?.reuse?.runs ?? [];
      expect(run?.commit).toBe(first.summary.commit);
      expect(changed.output).toMatch(/^ {2}Ran +2 of 8 files/m);
    });

    test("what it ran is recorded, too", async () => {
      const [before, after] = await Promise.all([first, changed].map(({ history }) => recordsIn(history)));
      expect(after).toEqual(expect.arrayContaining(before ?? []));
      expect(after?.length).toBeGreaterThan(before?.length ?? 0);
    });

    test.each<[string, Given, RegExp]>([
      [
        "without the records of the others",
        {},
        /^backend: shards 1\/2 and 2\/2 reuse different results\. Give all shards the same history/m,
      ],
      [
        "on another kind of machine",
        { variables: { TZ: "Asia/Tokyo" } },
        /^backend: shard 1\/2 reuses results that shard 2\/2 cannot: packages, programs, variables or the number of workers/m,
      ],
    ])("a shard %s is refused", async (_, given, words) => {
      await runShard(repository, 2, changed.place, { history: given.variables ? first.history : null, ...given });
      const { run } = await makeMachine(repository);
      const { code, errors, output } = await run("merge", changed.place);
      expect(errors).toMatch(words);
      expect(output).not.toContain("✔ Verified");
      expect(code).toBe(3);
    });
  });

  test("a file that has another result than recorded speaks against the whole, and the next run is complete", async () => {
    await repository.write({ "src/numerals.py": `${source((word) => word.length)}LANGUAGE = "en"\n` });
    await repository.commit("Change all but the weather");
    const wrong = await runOnShards(repository, { history: first.history, variables: { WEATHER: "rain" } });
    expect(wrong.output).toMatch(/On shard [12]\/2: What was recorded of backend is wrong: .* passed, and failed now/);
    expect(wrong.output).not.toContain("✔ Verified");
    expect(wrong.code).toBe(1);
    expect(await recordsIn(wrong.history)).toEqual([]);
  });

  test("coverage that nobody has any more makes all run the next time", async () => {
    await repository.write({
      "src/numerals.py": source((word) => word.length).replace("value = 3\n", "value = 1\n"),
      "tests/test_two.py": "def test_two():\n    assert True\n",
    });
    await repository.commit("Cover less");
    const less = await runOnShards(repository, { history: first.history });
    expect(less.output).toMatch(/All of backend has to run: coverage \(line \d+ of src\/numerals\.py\)/);
    expect(less.code).toBe(1);
    expect(await recordsIn(less.history)).toEqual([]);
  });
});

test("whole suites are reused by what they declare, a command as well", async () => {
  const command =
    "echo '<testsuite><testcase name=\"one\" classname=\"x\"/></testsuite>' >r.xml; printf 'SF:src/sums.js\\nDA:1,1\\nend_of_record\\n' >c.info";
  const passing = `${nodeHeader}test("adds", () => assert.equal(add(1, 2), 3));\n`;
  const repository = await makeNodeRepository(
    {
      "test/a.test.js": passing,
      "test/b.test.js": passing,
      ".gitignore": "node_modules/\nr.xml\nc.info\n",
      "notes/a.txt": "a",
    },
    {},
    {
      incremental: true,
      suites: [
        { name: "web", runner: "node", command: "node --test", source: ["src"], workers: 1, inputs: ["src", "test"] },
        { name: "other", runner: "command", command, results: ["r.xml"], coverage: ["c.info"], inputs: ["src"] },
      ],
    },
  );
  await repository.git("switch", "--quiet", "--create", "feature");
  const first = await runOnShards(repository);
  expect(first.code).toBe(0);
  await repository.write({ "notes/a.txt": "b" });
  await repository.commit("Change a note");
  const second = await runOnShards(repository, { history: first.history });
  expect(second.code).toBe(0);
  expect(reuseIn(second.summary)).toEqual([
    ["web", 0, 2],
    ["other", 0, 1],
  ]);
  const whole = await runWhole(repository);
  expect(figuresOf(second.summary)).toEqual(figuresOf(whole.summary));
  expect(second.lcov).toBe(first.lcov);
  expect(second.output).not.toContain("Nothing of");
});
