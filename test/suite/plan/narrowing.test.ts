import { describe, expect, test } from "vitest";
import { type SuiteConfig, suiteSchema } from "../../../src/config/schema.ts";
import { RequestError } from "../../../src/shared/errors.ts";
import { choiceNotes, narrowingsOfCommand, refuseNarrowing } from "../../../src/suite/plan/narrowing.ts";
import { makeJestRepository } from "../../support/jest-suite.ts";
import { makeMochaRepository } from "../../support/mocha-suite.ts";
import { makeNodeRepository, nodeHeader, passingNodeTest } from "../../support/node-suite.ts";
import { type AtEnd, makeDirectory, type Repository, writeFiles } from "../../support/repository.ts";
import { runPytest, sharedPytest } from "../../support/run-pytest.ts";
import { sharedRun } from "../../support/shared-run.ts";
import { endsWith, makePytestRepository, push, readSummary, runIn, useHook } from "../../support/verify.ts";
import { makeVitestRepository } from "../../support/vitest-suite.ts";

function suiteOf(command: string): SuiteConfig {
  return suiteSchema.parse({ name: "web", runner: "command", command, results: ["out.xml"] });
}

test.each([
  ["turbo run test --affected", "--affected"],
  ["npx turbo run test --filter=[HEAD^1]", "--filter=[HEAD^1]"],
  ["turbo run test --filter '...[origin/main]'", "--filter ...[origin/main]"],
  ["turbo run test --since=main", "--since"],
  ["pnpm -r --filter '...[origin/main]' test", "--filter ...[origin/main]"],
  ["nx affected -t test", "nx affected"],
  ["npx nx affected:test", "nx affected"],
  ["lerna run test --since main", "--since"],
  ["moon run :test --affected", "--affected"],
  ["moon ci", "moon ci"],
  ["rush test --from git:main", "--from git:main"],
  ["pytest $(git diff --name-only main)", "git diff"],
  ["git --no-pager diff --name-only main | xargs pytest", "git --no-pager diff"],
  ["pytest `git -c core.quotePath=off diff --name-only main`", "git -c core.quotePath=off diff"],
  ["turbo run test --filter=...[$(git merge-base main HEAD)]", "--filter=...[$(git merge-base main HEAD)]"],
])("`%s` selects by git's state", async (command, word) => {
  expect(narrowingsOfCommand(suiteOf(command), await makeDirectory())).toEqual([{ by: "git", word }]);
});

test.each([
  "turbo run test --filter=web",
  "turbo run test --filter='./packages/*'",
  "pnpm --filter web test",
  "nx run-many -t test",
  "moon run :test",
  "npm test -- --affected-by-nobody",
  "vitest run src/affected src/git/diff.test.ts",
  "pytest $(git ls-files '*_test.py')",
  "cd $(git rev-parse --show-toplevel) && pytest",
  "npm run generate && git diff --exit-code && vitest run",
  "git status || true; pytest",
  "pytest && diff-cover coverage.xml --compare-branch $(git merge-base main HEAD)",
])("`%s` does not", async (command) => {
  expect(narrowingsOfCommand(suiteOf(command), await makeDirectory())).toEqual([]);
});

test.each([
  ["playwright test --only-changed=main", "git", "--only-changed=main"],
  ["npx playwright test --last-failed", "failures", "--last-failed"],
  ["playwright test --shard=1/4", "number", "--shard=1/4"],
  ["cargo nextest run --partition count:1/2", "number", "--partition count:1/2"],
  ["npm test -- --changedSince=main", "git", "--changedSince=main"],
])("of the runner `command`, `%s` is read too", async (command, by, word) => {
  expect(narrowingsOfCommand(suiteOf(command), await makeDirectory())).toEqual([{ by, word }]);
});

test.each([
  { test: "turbo run test --affected" },
  {
    test: "npm run build && npm run test:all",
    build: "tsc",
    "test:all": "npm run all",
    all: "turbo run test --affected",
  },
  { test: "npm test && npm run all", all: "(pnpm again)", again: "turbo run test --affected" },
])("the scripts behind a command are looked into: %j", async (scripts) => {
  const directory = await makeDirectory();
  await writeFiles(directory, { "package.json": JSON.stringify({ scripts }) });
  expect(narrowingsOfCommand(suiteOf("npm test"), directory)).toEqual([{ by: "git", word: "--affected" }]);
});

test("a refusal names the suite, the word, why, and what to do", () => {
  expect(() => refuseNarrowing(suiteOf("make test"), [{ by: "failures", word: "--lf" }])).toThrow(
    new RequestError(
      "web selects its tests by what failed before (--lf), so its pass says nothing about the commit. Take --lf out of its command (`make test`) or its configuration.",
    ),
  );
});

test("choices are told in one sentence and refused by nobody", () => {
  const chosen = [
    { by: "choice", word: "-k sums" },
    { by: "choice", word: "tests/unit" },
  ] as const;
  refuseNarrowing(suiteOf("pytest"), chosen);
  expect(choiceNotes("web", chosen)).toEqual([
    "web runs a part of its tests, which its command or configuration chooses: -k sums, tests/unit.",
  ]);
});

/** The files of a suite of two, of which one fails; a suite that leaves that one out would pass. */
const vitestHeader = 'import { expect, test } from "vitest";\nimport { add } from "../src/sums.js";\n';
const jestHeader = 'const { add } = require("../src/sums.js");\n';
const mochaHeader = 'const assert = require("node:assert");\nconst { add } = require("../src/sums.js");\n';
const suites = {
  vitest: (command: string, more = {}, atEnd?: AtEnd) =>
    makeVitestRepository(
      {
        "test/a.test.js": `${vitestHeader}test("adds", () => expect(add(1, 2)).toBe(3));\n`,
        "test/b.test.js": `${vitestHeader}test("fails", () => expect(add(1, 2)).toBe(4));\n`,
        ...more,
      },
      { command },
      {},
      atEnd,
    ),
  jest: (command: string, more = {}, atEnd?: AtEnd) =>
    makeJestRepository(
      {
        "test/a.test.js": `${jestHeader}test("adds", () => expect(add(1, 2)).toBe(3));\n`,
        "test/b.test.js": `${jestHeader}test("fails", () => expect(add(1, 2)).toBe(4));\n`,
        ...more,
      },
      { command },
      {},
      atEnd,
    ),
  mocha: (command: string, more = {}, atEnd?: AtEnd) =>
    makeMochaRepository(
      {
        "test/a.js": `${mochaHeader}it("adds", () => assert.equal(add(1, 2), 3));\n`,
        "test/b.js": `${mochaHeader}it("fails", () => assert.equal(add(1, 2), 4));\n`,
        ...more,
      },
      { command },
      {},
      atEnd,
    ),
  node: (command: string, more = {}, atEnd?: AtEnd) =>
    makeNodeRepository(
      {
        "test/a.test.js": passingNodeTest,
        "test/b.test.js": `${nodeHeader}test("fails", () => assert.equal(add(1, 2), 4));\n`,
        ...more,
      },
      { command },
      {},
      atEnd,
    ),
  pytest: (command: string, more = {}, atEnd?: AtEnd) =>
    makePytestRepository(
      { "tests/test_b.py": "def test_fails():\n    assert 0\n", ...more },
      { suites: [{ name: "web", runner: "pytest", command, source: ["src"], workers: 1 }] },
      atEnd,
    ),
} as const;

const npmTest = (script: string): object => ({
  "package.json": JSON.stringify({ type: "commonjs", scripts: { test: script } }),
});

test.each([
  ["vitest", "vitest run --changed HEAD", {}, "--changed HEAD"],
  [
    "vitest",
    "npm test",
    { "package.json": '{ "type": "module", "scripts": { "test": "vitest run --changed" } }' },
    "--changed",
  ],
  ["vitest", "vitest run --shard=1/2", {}, "--shard=1/2"],
  ["jest", "jest -o", {}, "--onlyChanged"],
  ["jest", "npm test", npmTest("jest --changedSince=HEAD"), "--changedSince=HEAD"],
  ["jest", "jest --lastCommit", {}, "--lastCommit"],
  ["jest", "jest --onlyFailures", {}, "--onlyFailures"],
  ["jest", "jest -i -o", {}, "--onlyChanged"],
  ["jest", "jest --shard=1/2", {}, "--shard=1/2"],
  ["mocha", "mocha --dry-run", {}, "--dry-run"],
  ["mocha", "mocha --parallel", { ".mocharc.json": '{ "dry-run": true }' }, "--dry-run"],
  ["node", "npm test", npmTest("node --test --test-shard=1/2"), "--test-shard=1/2"],
  ["node", "git diff --name-only | xargs node --test", {}, "git diff"],
  ["pytest", "pytest --lf", {}, "--lf"],
  ["pytest", "pytest", { "pytest.ini": "[pytest]\naddopts = --stepwise\n" }, "--sw"],
  ["pytest", 'PYTEST_ADDOPTS="--lf $PYTEST_ADDOPTS" pytest', {}, "--lf"],
  ["pytest", "pytest --setup-plan", {}, "--setup-plan"],
] as const)("%s: `%s` with %j is refused for %s, and no test runs", async (runner, command, more, word) => {
  const { root } = await suites[runner](command, more);
  const { code, output, errors } = await runIn(root, []);
  expect(errors).toMatch(/^(web|s) (selects its tests by|runs only one shard|runs none of its tests)/m);
  expect(errors).toContain(`Take ${word} out of its command`);
  expect(output).not.toContain("✔ Verified");
  expect(code).toBe(2);
});

// Each runner is pushed once: the exit code, which the tests above read, decides over the push.
test.each([
  ["vitest", "vitest run --changed HEAD", "--changed HEAD"],
  ["jest", "jest -o", "--onlyChanged"],
  ["mocha", "mocha --dry-run", "--dry-run"],
  ["node", "git diff --name-only | xargs node --test", "git diff"],
  ["pytest", "pytest --lf", "--lf"],
] as const)("a push of a suite of %s that runs `%s` is stopped", async (runner, command, word) => {
  const repository: Repository = await suites[runner](command);
  await useHook(repository);
  const { exitCode, output } = await push(repository);
  expect(output).toMatch(/^web (selects its tests by|runs none of its tests)/m);
  expect(output).toContain(`Take ${word} out of its command`);
  expect(exitCode).not.toBe(0);
  expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
});

/** Commands that choose tests in one way or several, and how each is told. */
const choices = [
  ["vitest", "vitest run -t adds test/a", ["-t adds", "test/a"]],
  ["jest", "jest -t adds test/a", ["-t adds", "test/a"]],
  ["mocha", "mocha --grep adds", ["--grep adds"]],
  ["mocha", "mocha --parallel --fgrep adds", ["--fgrep adds"]],
  ["mocha", "mocha --grep fails --invert", ["--invert --grep fails"]],
  ["node", "node --test --test-name-pattern=adds", ["--test-name-pattern adds"]],
  [
    "pytest",
    "pytest -k adds --deselect tests/test_b.py::test_fails tests/test_sums.py tests/test_b.py",
    ["-k adds", "--deselect tests/test_b.py::test_fails", "tests/test_sums.py", "tests/test_b.py"],
  ],
] as const;

describe.each(choices)("%s: `%s`", (runner, command, all) => {
  const run = sharedRun((atEnd) => suites[runner](command, {}, atEnd));

  test.each(all)("%s is the user's own choice, which stands and is said", async (word) => {
    const { code, output, summary } = await run();
    expect(output).toMatch(/^✔ Verified: main at /m);
    expect(code).toBe(0);
    const [, told = ""] =
      / runs a part of its tests, which its command or configuration chooses: (.*)\.$/m.exec(
        summary.notes.join("\n"),
      ) ?? [];
    expect(told.split(", ").sort()).toEqual([...all].sort());
    expect(told).toContain(word);
  });
});

test("an order of the tests leaves out nothing, and nothing is said", async () => {
  const { root } = await makePytestRepository(
    {},
    { suites: [{ name: "web", runner: "pytest", command: "pytest --ff --nf", source: ["src"], workers: 1 }] },
  );
  await endsWith(0, runIn(root, []));
  expect((await readSummary(root)).notes).toEqual([]);
});

test("what stands behind -- may narrow a run, which then proves nothing", async () => {
  const { root } = await suites.pytest("pytest -k adds");
  const { code } = await runIn(root, ["--", "--lf"]);
  expect(code).toBe(0);
  expect((await readSummary(root)).receipt).toBeNull();
});

/** A run with options of plugins, and how each is given. */
const withOptions = (options: Readonly<Record<string, string>>) =>
  sharedPytest(() => {
    const parsers = Object.keys(options).map((option) => `    parser.addoption(${option})\n`);
    const files = {
      "conftest.py": `def pytest_addoption(parser):\n${parsers.join("")}`,
      "test_a.py": "def test_a():\n    pass\n",
      "pytest.ini": `[pytest]\naddopts = ${Object.values(options).join(" ")}\n`,
    };
    return [files, 1];
  });
const picked = '"--picked", dest="picked", nargs="?", const="only"';
const narrowing = {
  // The last one: a word that followed would be its value.
  '"--testmon", dest="testmon", action="store_true"': "--testmon",
  '"--splits", dest="splits", type=int': "--splits=4",
  [picked]: "--picked",
};
const harmless = {
  [picked]: "--picked=first",
  '"--num-shards", dest="num_shards", type=int, default=1': "",
  '"--test-group-count", dest="test-group-count", type=int, default=-1': "",
};
const narrowed = withOptions(narrowing);
const unnarrowed = withOptions(harmless);

test.each([
  ["--picked", { by: "git", word: "--picked" }],
  ["--testmon", { by: "git", word: "--testmon" }],
  ["--splits=4", { by: "number", word: "--splits" }],
])("an option of a plugin, given as `%s`, is told as %j", async (_given, told) => {
  const { narrowings } = (await narrowed()).facts;
  expect(narrowings).toContainEqual(told);
  expect(narrowings).toHaveLength(Object.keys(narrowing).length);
});

test.each(Object.entries(harmless))("an option of a plugin (%s), given as `%s`, narrows nothing", async () => {
  expect((await unnarrowed()).facts.narrowings).toEqual([]);
});

test.each([1, 2])("tests that a hook of the project leaves out are counted, with %d workers", async (workers) => {
  const files = {
    "conftest.py":
      "def pytest_collection_modifyitems(config, items):\n    config.hook.pytest_deselected(items=items[1:])\n    del items[1:]\n",
    "test_a.py": "def test_a():\n    pass\n\n\ndef test_b():\n    assert 0\n\n\ndef test_c():\n    assert 0\n",
  };
  const { facts } = await runPytest(files, workers);
  expect(facts.narrowings).toEqual([{ by: "choice", word: "2 deselected by a hook" }]);
});
