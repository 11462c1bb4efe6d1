import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { linkPackages } from "../support/jest-suite.ts";
import { type Files, makeRepository, type Repository } from "../support/repository.ts";
import { configFile, endsWith, makePytestRepository, readSummary, runIn } from "../support/verify.ts";
import { linkNodeModules } from "../support/vitest-ledger.ts";

interface Kind {
  readonly runner: string;
  readonly command: string;
  /** The configuration that leaves src/gen out of coverage. */
  readonly configuration: Files;
  readonly imports?: string;
  /** What begins a test. */
  readonly begin?: string;
}

const kinds: readonly Kind[] = [
  {
    runner: "vitest",
    command: "vitest run",
    configuration: { "vitest.config.mjs": 'export default { test: { coverage: { exclude: ["src/gen/**"] } } };\n' },
    imports:
      'import { test } from "vitest";\nimport { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);\n',
  },
  {
    runner: "jest",
    command: "jest",
    configuration: { "jest.config.js": 'module.exports = { coveragePathIgnorePatterns: ["/src/gen/"] };\n' },
  },
  {
    runner: "mocha",
    command: "mocha '{src,test}/**/*.test.js'",
    configuration: { ".c8rc.json": '{ "exclude": ["src/gen/**", "**/*.test.js"] }\n' },
    begin: "it",
  },
  {
    runner: "node",
    command: "node --test",
    configuration: { ".c8rc.json": '{ "exclude": ["src/gen/**", "**/*.test.js"] }\n' },
    imports: 'const { test } = require("node:test");\n',
  },
];

/** A branch that changes a source file in specs/ that nothing loads, one that the runner leaves out, and a test beside the source. */
async function makeBranch({ runner, command, configuration, imports = "", begin = "test" }: Kind): Promise<Repository> {
  const loading = (path: string): string =>
    runner === "vitest"
      ? `import { test } from "vitest";\nimport { net } from "${path}";\ntest("net", () => void net(1));\n`
      : `${imports}const { net } = require("${path}");\n${begin}("net", () => void net(1));\n`;
  const source = (name: string): string =>
    runner === "vitest" ? `export const ${name} = (x) => x;\n` : `exports.${name} = (x) => x;\n`;
  const repository = await makeRepository({
    ...configuration,
    ".gitignore": "node_modules/\n",
    "package.json": "{}\n",
    "src/price.js": source("net"),
    "src/never.js": source("never"),
    "src/gen/table.js": source("first"),
    "test/price.test.js": loading("../src/price.js"),
    "verify.config.json": configFile({
      suites: [{ name: "shop", runner, command, source: ["src"], workers: 1 }],
      database: false,
      coverage: { lines: 0, changedLines: 90 },
    }),
  });
  await linkNodeModules(repository.root);
  await linkPackages(repository.root, ["jest", "mocha"], { jest: "jest/bin/jest.js", mocha: "mocha/bin/mocha.js" });
  await repository.git("push", "--quiet", "--no-verify", "origin", "main");
  await repository.git("checkout", "--quiet", "-b", "feature");
  await repository.write({
    "src/gen/table.js": source("first") + source("second"),
    "src/specs/rule.js": source("rule"),
    "src/price.test.js": loading("./price.js"),
  });
  await repository.commit("A rule, a second table, and a test");
  return repository;
}

describe.each(kinds)("$runner", (kind) => {
  test("what its own configuration leaves out does not count, what nothing loads does, also in specs/", async () => {
    const { root } = await makeBranch(kind);
    const { code, output } = await runIn(root, []);
    expect(output).toContain("Not covered: src/specs/rule.js:1.");
    expect(code).toBe(1);
    const { coverage, notes, suites } = await readSummary(root);
    expect(suites[0]?.tests).toMatchObject({ passed: 2 });
    expect(coverage?.files.map(({ file }) => file)).toEqual(["src/never.js", "src/price.js", "src/specs/rule.js"]);
    expect(coverage?.changedLines).toEqual({ covered: 0, total: 1 });
    expect(coverage?.unloaded).toEqual([]);
    expect(notes).toContain(
      "Changed but not gated, as their runner's coverage configuration leaves them out: src/gen/table.js.",
    );
  });
});

test("vitest: source with in-source tests stays source", async () => {
  const tests =
    'if (import.meta.vitest) {\n  const { test } = import.meta.vitest;\n  test("net", () => void net(1));\n}\n';
  const source = `export function net(x) {\n  return x;\n}\n${tests}`;
  const repository = await makeRepository({
    ".gitignore": "node_modules/\n",
    "package.json": "{}\n",
    "vitest.config.mjs": 'export default { test: { includeSource: ["src/**/*.js"] } };\n',
    "src/price.js": source,
    "verify.config.json": configFile({
      suites: [{ name: "shop", runner: "vitest", command: "vitest run", workers: 1 }],
      database: false,
      coverage: { lines: 0, changedLines: 90 },
    }),
  });
  await linkNodeModules(repository.root);
  await repository.git("push", "--quiet", "--no-verify", "origin", "main");
  await repository.git("checkout", "--quiet", "-b", "feature");
  await repository.write({ "src/price.js": `${source}export function gross(x) {\n  return x * 2;\n}\n` });
  await repository.commit("Gross prices");
  await endsWith(1, runIn(repository.root, []));
  const { coverage } = await readSummary(repository.root);
  expect(coverage?.uncoveredChanges).toEqual([{ file: "src/price.js", from: 9, to: 9 }]);
});

describe("pytest", () => {
  const suite = { name: "backend", runner: "pytest", command: "pytest", workers: 1 };
  const coverage = { lines: 0, changedLines: 90 };
  const gross = "\n\ndef gross(x):\n    return x * 2\n";

  /** A branch that adds such files. */
  async function branch(files: Files, changed: Files, config: object): Promise<Repository> {
    const repository = await makePytestRepository(files, { coverage, ...config });
    await repository.git("push", "--quiet", "--no-verify", "origin", "main");
    await repository.git("checkout", "--quiet", "-b", "feature");
    await repository.write(changed);
    await repository.commit("A change");
    return repository;
  }

  test.each([
    ["coverage.py measures what is loaded", {}],
    ["coverage.py's own source names the file", { ".coveragerc": "[run]\nsource = src\n" }],
  ])("source with a doctest stays source where %s", async (_what, more) => {
    const price = 'def net(x):\n    """\n    >>> net(2)\n    2\n    """\n    return x\n';
    const files = {
      ...more,
      "src/price.py": price,
      "pytest.ini": "[pytest]\naddopts = --doctest-modules\npythonpath = src\n",
    };
    const repository = await branch(files, { "src/price.py": price + gross }, { suites: [suite] });
    await endsWith(1, runIn(repository.root, []));
    const { coverage, suites } = await readSummary(repository.root);
    expect(suites[0]?.tests.passed).toBe(2);
    expect(coverage?.uncoveredChanges).toEqual([{ file: "src/price.py", from: 10, to: 10 }]);
  });

  test("source that a linter checks as a test stays source", async () => {
    const linter =
      "import pytest\n\n\nclass Lint(pytest.Item):\n    def runtest(self):\n        pass\n\n\nclass Linted(pytest.File):\n    def collect(self):\n        yield Lint.from_parent(self, name='lint')\n\n\ndef pytest_collect_file(file_path, parent):\n    if file_path.suffix == '.py':\n        return Linted.from_parent(parent, path=file_path)\n";
    const sums = "def add(left, right):\n    return left + right\n";
    const repository = await branch({ "conftest.py": linter }, { "src/sums.py": sums + gross }, { suites: [suite] });
    await endsWith(1, runIn(repository.root, []));
    const { coverage } = await readSummary(repository.root);
    expect(coverage?.uncoveredChanges).toEqual([{ file: "src/sums.py", from: 6, to: 6 }]);
  });

  test("source in specs/ that coverage.py's own source names counts", async () => {
    const files = { ".coveragerc": "[run]\nsource = src\n", "src/specs/__init__.py": "" };
    const rule = { "src/specs/rule.py": "def rule():\n    return 1\n" };
    const repository = await branch(files, rule, { suites: [suite] });
    await endsWith(1, runIn(repository.root, []));
    const { coverage } = await readSummary(repository.root);
    expect(coverage?.uncoveredChanges).toEqual([{ file: "src/specs/rule.py", from: 1, to: 2 }]);
  });

  test("what the changes leave out of coverage by themselves is shown", async () => {
    const changed = {
      ".coveragerc": "[run]\nomit = src/gen/*\n",
      "src/gen/table.py": "A = 1\n",
      "src/sums.py": "def add(left, right):\n    return right + left\n",
    };
    const repository = await branch({}, changed, {});
    await endsWith(0, runIn(repository.root, []));
    expect((await readSummary(repository.root)).notes).toEqual([
      "Changed but not gated, as their runner's coverage configuration leaves them out: src/gen/table.py.",
      "These changes leave more out of coverage: src/gen/* (omit in .coveragerc).",
    ]);
  });

  test("a changed test file that coverage.py measures is no source, and the emptied gate is not called open", async () => {
    const files = {
      "checks/ledger.py": "def test_a():\n    assert True\n",
      "pytest.ini": "[pytest]\npython_files = *.py\n",
    };
    const suites = [suite];
    const more = { "checks/ledger.py": `${files["checks/ledger.py"]}\n\ndef test_b():\n    assert True\n` };
    const repository = await branch(files, more, { suites });
    const { output } = await runIn(repository.root, []);
    const { coverage, notes } = await readSummary(repository.root);
    expect(coverage?.changedLines).toEqual({ covered: 0, total: 0 });
    expect(notes).toEqual(
      expect.arrayContaining([
        'Changed but not gated, as they look like tests: checks/ledger.py. If one is source, name it in "source".',
        "The gate of changed lines (90 %) had nothing to judge: none of the changed lines counts.",
      ]),
    );
    expect(output).toContain("had nothing to judge");
    expect(await readFile(join(repository.root, ".verify", "summary.md"), "utf8")).toMatch(
      /\| changed lines \| none \| 90 % \| empty \|/,
    );
  });
});
