import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Summary } from "../../src/model/summary.ts";
import { makeJestRepository } from "../support/jest-suite.ts";
import { makeMochaRepository } from "../support/mocha-suite.ts";
import { makeNodeRepository, nodeHeader } from "../support/node-suite.ts";
import { type AtEnd, type Files, makeDirectory, type Repository } from "../support/repository.ts";
import { sharedByTests } from "../support/shared-run.ts";
import {
  makeParallelPytestRepository,
  makePytestRepository,
  readSummary,
  runIn,
  userEnvironment,
} from "../support/verify.ts";
import { makeVitestRepository } from "../support/vitest-suite.ts";

/** Three test files that each cover another part of a source with a branch. */
const names = ["a", "b", "c"] as const;
const values = { a: 1, b: -1, c: 0 } as const;
const filesOf = (path: (name: string) => string, text: (value: number) => string): Files =>
  Object.fromEntries(names.map((name) => [path(name), text(values[name])]));
const commonSource = {
  "src/signs.js": "exports.sign = (x) => {\n  if (x > 0) return 1;\n  if (x < 0) return -1;\n  return 0;\n};\n",
};
const pytestFiles = {
  "src/signs.py": "def sign(x):\n    if x > 0:\n        return 1\n    if x < 0:\n        return -1\n    return 0\n",
  ...filesOf(
    (name) => `tests/test_${name}.py`,
    (x) => `from signs import sign\n\n\ndef test_sign():\n    assert sign(${x}) == ${x}\n`,
  ),
};

const repositories: Readonly<Record<string, (config?: object, atEnd?: AtEnd) => Promise<Repository>>> = {
  "pytest on two workers": (config, atEnd) => makeParallelPytestRepository(pytestFiles, config, atEnd),
  "pytest as processes": (config, atEnd) => {
    const suite = { name: "backend", runner: "pytest", command: "pytest", source: ["src"] };
    return makePytestRepository(
      pytestFiles,
      { suites: [{ ...suite, workers: 2, parallel: "processes" }], ...config },
      atEnd,
    );
  },
  vitest: (config, atEnd) =>
    makeVitestRepository(
      {
        "src/signs.js":
          "export const sign = (x) => {\n  if (x > 0) return 1;\n  if (x < 0) return -1;\n  return 0;\n};\n",
        ...filesOf(
          (name) => `test/${name}.test.js`,
          (x) =>
            `import { expect, test } from "vitest";\nimport { sign } from "../src/signs.js";\ntest("sign", () => expect(sign(${x})).toBe(${x}));\n`,
        ),
      },
      {},
      config,
      atEnd,
    ),
  jest: (config, atEnd) =>
    makeJestRepository(
      {
        "jest.config.js": "module.exports = { transform: {} };\n",
        ...commonSource,
        "test/sums.test.js": 'test("adds", () => expect(require("../src/sums.js").add(1, 2)).toBe(3));\n',
        ...filesOf(
          (name) => `test/${name}.test.js`,
          (x) => `const { sign } = require("../src/signs.js");\ntest("sign", () => expect(sign(${x})).toBe(${x}));\n`,
        ),
      },
      {},
      config,
      atEnd,
    ),
  mocha: (config, atEnd) =>
    makeMochaRepository(
      {
        ...commonSource,
        "test/sums.js": 'it("adds", () => require("node:assert").equal(require("../src/sums.js").add(1, 2), 3));\n',
        ...filesOf(
          (name) => `test/${name}.js`,
          (x) =>
            `const { sign } = require("../src/signs.js");\nit("sign", () => require("node:assert").equal(sign(${x}), ${x}));\n`,
        ),
      },
      {},
      config,
      atEnd,
    ),
  node: (config, atEnd) =>
    makeNodeRepository(
      {
        ...commonSource,
        "test/sums.test.js": `${nodeHeader}test("adds", () => assert.equal(add(1, 2), 3));\n`,
        ...filesOf(
          (name) => `test/${name}.test.js`,
          (x) =>
            `const { sign } = require("../src/signs.js");\n${nodeHeader}test("sign", () => assert.equal(sign(${x}), ${x}));\n`,
        ),
      },
      {},
      config,
      atEnd,
    ),
};

/** Runs all shards of a repository one after another, and gives a directory with what they wrote, a folder each. */
async function runShards(repository: Repository, total: number, atEnd?: AtEnd) {
  const directory = await makeDirectory(atEnd);
  const outcomes = [];
  for (let index = 1; index <= total; index += 1) {
    outcomes.push(await runIn(repository.root, ["--shard", `${index}/${total}`]));
    const own = join(repository.root, ".verify");
    await mkdir(join(directory, `machine-${index}`));
    for (const name of (await readdir(own)).filter((name) => name.startsWith(`shard-${index}-of-${total}.`))) {
      await copyFile(join(own, name), join(directory, `machine-${index}`, name));
      await rm(join(own, name));
    }
  }
  return { directory, outcomes };
}

const figuresOf = ({ suites, coverage }: Summary) => ({
  tests: suites.map(({ tests }) => tests),
  files: suites.map(({ files }) => files),
  lines: coverage?.lines,
  byFile: coverage?.files?.map(({ file, covered, total }) => ({ file, covered, total })),
});

/** A repository by two shards, merged, and then as a whole. */
async function runBothWays(name: string, config?: object, atEnd?: AtEnd) {
  const repository = await (repositories[name] as NonNullable<(typeof repositories)[string]>)(config, atEnd);
  const { directory, outcomes } = await runShards(repository, 2, atEnd);
  const merged = await runIn(repository.root, ["merge", directory]);
  const ofShards = await readSummary(repository.root);
  const whole = await runIn(repository.root, ["--fresh"]);
  return { outcomes, merged, ofShards, whole: { ...whole, summary: await readSummary(repository.root) } };
}

/** With a gate for branches, where these can be added up. */
const ofVitest = sharedByTests((atEnd) => runBothWays("vitest", { coverage: { lines: 90, branches: 90 } }, atEnd));

describe("of two shards the verdict and all figures are the whole's, with", () => {
  test.each(Object.keys(repositories))("%s", async (name) => {
    const { outcomes, merged, ofShards, whole } = await (name === "vitest" ? ofVitest() : runBothWays(name));
    for (const { code, output } of outcomes) {
      expect(code).toBe(0);
      expect(output).toMatch(/^✔ Shard \d\/2: [1-9] test files? in /m);
      expect(output).not.toContain("Verified");
    }
    expect(merged.output).toMatch(/^✔ Verified: main at /m);
    expect(merged.code).toBe(0);
    expect(ofShards.receipt).toEqual({ tree: ofShards.tree, reused: false });
    expect(whole.code).toBe(0);
    expect(figuresOf(ofShards)).toEqual(figuresOf(whole.summary));
  });
});

test("branches of shards add up to those of the whole", async () => {
  const { merged, ofShards, whole } = await ofVitest();
  expect(merged.code).toBe(0);
  expect(ofShards.coverage?.branches).toMatchObject({ total: expect.any(Number) });
  expect(ofShards.coverage?.branches).toEqual(whole.summary.coverage?.branches);
});

test("where V8 counts branches by what ran, a gate for them keeps a suite from being divided", async () => {
  const repository = await makeNodeRepository({ "test/a.test.js": "" }, {}, { coverage: { branches: 90 } });
  const { code, errors } = await runIn(repository.root, ["--shard", "1/2"]);
  expect(errors).toContain('web cannot be divided into shards while "coverage" has a gate for branches');
  expect(code).toBe(2);
});

/** A suite without a database whose test files are small programs. */
const nodeShards = (files: Files = {}, config: object = {}, atEnd?: AtEnd): Promise<Repository> =>
  makeNodeRepository(
    {
      "test/a.test.js": `${nodeHeader}test("a", () => assert.equal(add(1, 2), 3));\n`,
      "test/b.test.js": `${nodeHeader}test("b", () => assert.equal(add(1, 2), 3));\n`,
      ...files,
    },
    { workers: 1 },
    config,
    atEnd,
  );

test("a test that fails on one shard fails that shard and the whole, and is named with its shard", async () => {
  const repository = await nodeShards({
    "test/b.test.js": `${nodeHeader}test("b", () => assert.equal(add(1, 2), 4));\n`,
  });
  const { directory, outcomes } = await runShards(repository, 2);
  expect(outcomes.map(({ code }) => code).sort()).toEqual([0, 1]);
  expect(outcomes.find(({ code }) => code === 1)?.output).toContain("✘ test/b.test.js › b");
  const { code, output } = await runIn(repository.root, ["merge", directory]);
  expect(output).toContain("✘ Not verified");
  expect(code).toBe(1);
  const { suites, receipt } = await readSummary(repository.root);
  expect(suites[0]?.failures).toMatchObject([{ file: "test/b.test.js", worker: expect.stringMatching(/^[12]\/2/) }]);
  expect(receipt).toBeNull();
});

test("each check and each command runs on one shard, and a failed one fails the whole", async () => {
  const command =
    "echo '<testsuite><testcase name=\"one\" classname=\"x\"/></testsuite>' >r.xml; printf 'SF:src/sums.js\\nDA:1,1\\nend_of_record\\n' >c.info; echo run >>../ran";
  const repository = await nodeShards(
    { ".gitignore": "node_modules/\nr.xml\nc.info\n" },
    {
      suites: [
        { name: "web", runner: "node", command: "node --test", source: ["src"], workers: 1 },
        { name: "other", runner: "command", command, results: ["r.xml"], coverage: ["c.info"] },
      ],
      checks: { good: "true", bad: "false" },
    },
  );
  const { directory, outcomes } = await runShards(repository, 3);
  const ranOn = outcomes.map(({ output }) => (output.match(/^[✔✘] (good|bad|other):/gm) ?? []).join(" "));
  expect(ranOn).toEqual(["✘ bad:", "✔ good:", "✔ other:"]);
  const { code, output } = await runIn(repository.root, ["merge", directory]);
  expect(output).toContain('The check "bad" failed');
  expect(code).toBe(1);
});

/** A shard's file, as far as the tests change it. */
type EditedShard = Record<string, unknown> & {
  ended: null | {
    suites: { dealt: { all: string[]; own: string[] }; reasons: string[]; foreign: string[] }[];
    changed: string[];
    outside: string[];
    unproven: string[];
  };
};

describe("shards are refused, in their own words:", () => {
  const dealtOf = ({ ended }: EditedShard) => ended?.suites[0]?.dealt ?? { all: [], own: [] };
  let repository: Repository;
  let ran: string;
  beforeAll(async () => {
    repository = await nodeShards({}, {}, afterAll);
    ({ directory: ran } = await runShards(repository, 2, afterAll));
  });
  /** Two shards' files, changed before they are merged. */
  async function merged(change: (directory: string) => Promise<void>) {
    const directory = await makeDirectory();
    await cp(ran, directory, { recursive: true });
    await change(directory);
    return await runIn(repository.root, ["merge", directory]);
  }
  const file = (directory: string, index: number) => join(directory, `machine-${index}`, `shard-${index}-of-2.json`);
  const edit = (index: number, by: (shard: EditedShard) => void) => async (directory: string) => {
    const shard = JSON.parse(await readFile(file(directory, index), "utf8"));
    by(shard);
    await writeFile(file(directory, index), JSON.stringify(shard));
  };

  test.each<[string, (directory: string) => Promise<void>, RegExp, number]>([
    ["one that is missing", (directory) => rm(file(directory, 2)), /^Shard 2\/2 is missing: 1 of 2 are there\.$/m, 3],
    [
      "one that is there twice",
      async (directory) => copyFile(file(directory, 1), join(directory, "shard-1-of-2.json")),
      /^Shard 1\/2 is there twice: /m,
      2,
    ],
    [
      "one that did not reach its end",
      edit(2, (shard) => (shard.ended = null)),
      /^Shard 2\/2 .* did not reach its end/m,
      3,
    ],
    [
      "one of another commit",
      edit(1, (shard) => (shard.commit = "1".repeat(40))),
      /^Shard 1\/2 .* is of another commit: 1111111/m,
      2,
    ],
    ["one of another tree", edit(1, (shard) => (shard.tree = "2".repeat(40))), /^Shard 1\/2 .* is of another tree/m, 2],
    [
      "one of another version",
      edit(2, (shard) => (shard.version = "0.0.1")),
      /^Shard 2\/2 .* another version of pushproof: 0\.0\.1/m,
      2,
    ],
    [
      "one of another configuration",
      edit(2, (shard) => (shard.configuration = "3".repeat(64))),
      /^Shard 2\/2 .* another configuration/m,
      2,
    ],
    [
      "one of another environment",
      edit(2, (shard) => (shard.environment = "mars")),
      /^Shard 2\/2 .* in another environment: mars, not linux/m,
      2,
    ],
    [
      "one of another set of files",
      edit(2, (shard) => dealtOf(shard).all.push("test/z.test.js")),
      /^web: shards 1\/2 and 2\/2 found different test files: \+test\/z\.test\.js\.$/m,
      3,
    ],
    [
      "a test file that ran twice",
      edit(2, (shard) => (dealtOf(shard).own = dealtOf(shard).all)),
      /^web: test\/[ab]\.test\.js ran on shards 1\/2 and 2\/2: they dealt the files out by different durations/m,
      3,
    ],
    [
      "a test file that ran nowhere",
      edit(2, (shard) => (dealtOf(shard).own = [])),
      /^web: test\/[ab]\.test\.js ran on no shard/m,
      3,
    ],
    ["a suite that one lacks", edit(2, ({ ended }) => ended?.suites.pop()), /^web ran on 1 of 2 shards only\.$/m, 3],
    [
      "one that is damaged",
      (directory) => writeFile(file(directory, 1), "{"),
      /shard-1-of-2\.json cannot be read as a shard/,
      3,
    ],
    [
      "coverage that is damaged",
      (directory) => writeFile(join(directory, "machine-1", "shard-1-of-2.web.lcov"), ""),
      /^Shard 1\/2: the coverage of web, .* is not what the shard wrote/m,
      3,
    ],
    [
      "coverage that is missing",
      (directory) => rm(join(directory, "machine-1", "shard-1-of-2.web.lcov")),
      /^Shard 1\/2: the coverage of web, .* is missing/m,
      3,
    ],
    [
      "what changed in a checkout",
      edit(2, ({ ended }) => ended?.changed.push("src/sums.js")),
      /changed while a shard ran \(src\/sums\.js on shard 2\/2\)/,
      3,
    ],
  ])("%s", async (_, change, words, exitCode) => {
    const { code, output, errors } = await merged(change);
    expect(errors).toMatch(words);
    expect(output).not.toContain("Verified");
    expect(code).toBe(exitCode);
  });
});

test("shards of a commit that is not checked out are refused", async () => {
  const repository = await nodeShards();
  const { directory } = await runShards(repository, 1);
  await repository.write({ "src/sums.js": "exports.add = (left, right) => right + left;\n" });
  await repository.commit("Change");
  const { code, errors } = await runIn(repository.root, ["merge", directory]);
  expect(errors).toMatch(/^Shard 1\/1 .* is of another commit/m);
  expect(code).toBe(2);
});

test("where there is no shard, the sentence says who writes one", async () => {
  const repository = await nodeShards();
  const { code, errors } = await runIn(repository.root, ["merge", await makeDirectory()]);
  expect(errors).toMatch(/^There is no shard in .*: `verify --shard 1\/2` writes/m);
  expect(code).toBe(2);
});

test.each([["--suite", "web"], ["--working-tree"], ["--coverage", "10"]])(
  "a shard of something else than the whole is refused: %s",
  async (...words) => {
    const repository = await nodeShards();
    const { code, errors } = await runIn(repository.root, ["--shard", "1/2", ...words]);
    expect(errors).toContain(`leave ${words[0]} out`);
    expect(code).toBe(2);
  },
);

test("more shards than files leave some without any, which pass", async () => {
  const repository = await nodeShards();
  const { directory, outcomes } = await runShards(repository, 4);
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  expect((await runIn(repository.root, ["merge", directory])).code).toBe(0);
});

test("a suite without any test is not verified by shards either", async () => {
  const repository = await makeNodeRepository({ "src/other.js": "" }, { workers: 1 });
  const { directory } = await runShards(repository, 2);
  const { code, output } = await runIn(repository.root, ["merge", directory]);
  expect(output).not.toContain("✔ Verified");
  expect(code).not.toBe(0);
});

test("durations that were taken along deal the files out, and without them the shard says that sizes did", async () => {
  const repository = await nodeShards();
  const first = await runIn(repository.root, ["--shard", "1/2"]);
  expect(first.output).toContain("The files of web were dealt out by size, as no durations are recorded.");
  await runIn(repository.root, ["--fresh"]);
  const history = join(await makeDirectory(), "history.json");
  expect((await runIn(repository.root, ["history", "export", history])).code).toBe(0);
  await rm(join(repository.root, ".git/verify"), { recursive: true });
  const imported = async () => (await runIn(repository.root, ["history", "import", history])).output;
  expect(await imported()).toBe("Took over the durations of 1 suite, and 1 run.\n");
  expect(await imported()).toBe("Took over the durations of 1 suite, and 0 runs.\n");
  expect((await runIn(repository.root, ["--shard", "1/2"])).output).not.toContain("by size");
});

test.each(["[]", "{", '{"schema":1,"durations":{"main":{"web":{"schema":1,"files":{"a":{"b":"c"}}}}},"runs":[]}'])(
  "a history that is none is refused: %s",
  async (text) => {
    const repository = await nodeShards();
    await writeFile(join(repository.root, "history.json"), text);
    const { code, errors } = await runIn(repository.root, ["history", "import", "history.json"]);
    expect(errors).toBe("history.json is not what `verify history export` writes.\n");
    expect(code).toBe(2);
  },
);

test("a history that is not there yet is no error", async () => {
  const repository = await nodeShards();
  const { code, output } = await runIn(repository.root, ["history", "import", "none.json"]);
  expect(output).toBe("There is no none.json: tests are dealt out by the size of their files.\n");
  expect(code).toBe(0);
});

test("shards that collect different tests in the same files are refused", async () => {
  const machine =
    "import os\nimport pytest\n\n\n@pytest.mark.parametrize('name', [os.environ['MACHINE']])\ndef test_name(name):\n    assert name\n";
  const repository = await makePytestRepository({ "tests/test_a.py": machine, "tests/test_b.py": machine });
  for (const index of [1, 2]) {
    const environment = await userEnvironment({ MACHINE: `machine-${index}` });
    expect((await runIn(repository.root, ["--shard", `${index}/2`], { environment })).code).toBe(0);
  }
  const { code, output, errors } = await runIn(repository.root, ["merge"]);
  expect(errors).toContain("backend: shards 1/2 and 2/2 collected different tests in the same files");
  expect(output).not.toContain("Verified");
  expect(code).toBe(3);
});

test("a file that no shard can load is one failure", async () => {
  const repository = await makePytestRepository({
    "tests/test_broken.py": "import nothing_of_that_name\n",
    "tests/test_other.py": "def test_other():\n    pass\n",
  });
  for (const index of [1, 2]) await runIn(repository.root, ["--shard", `${index}/2`]);
  expect((await runIn(repository.root, ["merge"])).code).toBe(1);
  const [suite] = (await readSummary(repository.root)).suites;
  expect(suite?.failures.map(({ file, kind }) => [file, kind])).toEqual([["tests/test_broken.py", "collection"]]);
  expect(suite?.tests).toMatchObject({ failed: 1, unloaded: 1 });
});

test("what shards record is apart from what this machine's own runs do, which reuse nothing of it", async () => {
  const repository = await makeNodeRepository(
    { "test/a.test.js": `${nodeHeader}test("a", () => assert.equal(add(1, 2), 3));\n` },
    { workers: 1, inputs: ["src", "test"] },
    { incremental: true },
  );
  await repository.git("switch", "--quiet", "--create", "feature");
  const { directory } = await runShards(repository, 1);
  expect((await runIn(repository.root, ["merge", directory])).code).toBe(0);
  const kept = await readdir(join(repository.root, ".git/verify"));
  expect(kept).toContain("shards");
  expect(kept).not.toContain("reuse");
  expect((await runIn(repository.root, ["--fresh"])).output).toContain(
    "Nothing of web was reused: no full run is recorded.",
  );
});

describe("what one shard says of itself is held against the whole:", () => {
  test.each<[string, (ended: NonNullable<EditedShard["ended"]>) => void, string, number]>([
    [
      "why its results do not count",
      ({ suites: [suite] }) => suite?.reasons.push("It died."),
      "On shard 1/1: It died.",
      1,
    ],
    [
      "code of another checkout that it ran",
      ({ outside }) => outside.push("/home/ada/other/src/sums.js"),
      "The suite ran code from outside the verified files (/home/ada/other/src/sums.js on shard 1/1)",
      3,
    ],
    [
      "code behind a link that its suite ran",
      ({ suites: [suite] }) => suite?.foreign.push("/home/ada/linked.js"),
      "The suite ran code from outside the verified files (/home/ada/linked.js)",
      3,
    ],
  ])("%s", async (_, change, words, exitCode) => {
    const { code, output } = await mergedAfter(change);
    expect(output).toContain(words);
    expect(output).not.toContain("✔ Verified");
    expect(code).toBe(exitCode);
  });

  test("why it proves nothing, which leaves the verdict and keeps the receipt away", async () => {
    const { code, summary } = await mergedAfter(({ unproven }) =>
      unproven.push("No receipt is kept: files were left."),
    );
    expect(code).toBe(0);
    expect(summary.notes).toContain("No receipt is kept: files were left.");
    expect(summary.receipt).toBeNull();
  });

  const whole = sharedByTests(async (atEnd) => {
    const repository = await nodeShards({}, {}, atEnd);
    return { repository, ...(await runShards(repository, 1, atEnd)) };
  });

  /** Merges the one shard of a run after a change to what it found. */
  async function mergedAfter(change: (ended: NonNullable<EditedShard["ended"]>) => void) {
    const { repository, directory: ran } = await whole();
    const directory = await makeDirectory();
    await cp(ran, directory, { recursive: true });
    const path = join(directory, "machine-1", "shard-1-of-1.json");
    const shard = JSON.parse(await readFile(path, "utf8")) as EditedShard;
    if (shard.ended !== null) change(shard.ended);
    await writeFile(path, JSON.stringify(shard));
    return { ...(await runIn(repository.root, ["merge", directory])), summary: await readSummary(repository.root) };
  }
});
