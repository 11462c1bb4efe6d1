import { expect, test } from "vitest";
import { linkPackages, makeJestRepository } from "../../support/jest-suite.ts";
import { makeMochaRepository } from "../../support/mocha-suite.ts";
import {
  endsWith,
  makeParallelPytestRepository,
  makePytestRepository,
  readSummary,
  runIn,
  userEnvironment,
} from "../../support/verify.ts";
import { makeVitestRepository } from "../../support/vitest-suite.ts";

/** One of two functions is covered: half of four lines. */
const half = "def first():\n    return 1\n\n\ndef second():\n    return 2\n";
const testOf = (name: string): string => `import both\n\n\ndef test_${name}():\n    assert both.${name}()\n`;
const ini = (options: string): string => `addopts = ${options}\n`;

test.each([
  ["pytest.ini", "pytest", `[pytest]\n${ini("--cov=src --cov-fail-under=90")}`, 2],
  ["tox.ini", "pytest", `[pytest]\n${ini("--cov=src --cov-fail-under=90")}`, 1],
  ["setup.cfg", "pytest", `[tool:pytest]\n${ini("--cov=src --cov-fail-under=90")}`, 1],
  ["pyproject.toml", "pytest", '[tool.pytest.ini_options]\naddopts = ["--cov=src", "--cov-fail-under=90"]\n', 1],
  ["other.ini", "pytest -c other.ini --rootdir .", `[pytest]\n${ini("--cov=src --cov-fail-under=90")}`, 1],
])("--cov in %s counts what it names, and nothing else", async (file, command, text, workers) => {
  // Tests that were counted would not be covered: then neither gate would open.
  const uncovered = `import pytest\n\n\n@pytest.mark.skip\ndef test_not():\n${"    print()\n".repeat(20)}`;
  const suites = [{ name: "backend", runner: "pytest", command, workers }];
  const { root } = await makePytestRepository({ [file]: text, "tests/test_skipped.py": uncovered }, { suites });
  const { code } = await runIn(root, []);
  expect((await readSummary(root)).coverage?.files).toMatchObject([{ file: "src/sums.py", covered: 2, total: 2 }]);
  expect(code).toBe(0);
});

test("a bare --cov in addopts does not widen the suite's own source", async () => {
  const { root } = await makePytestRepository({ "pytest.ini": `[pytest]\n${ini("--cov")}` });
  await endsWith(0, runIn(root, []));
  expect((await readSummary(root)).coverage?.files.map(({ file }) => file)).toEqual(["src/sums.py"]);
});

test.each(["auto", "processes"])(
  "a bare --cov and no source count what coverage.py counts, the tests themselves included: by %s",
  async (parallel) => {
    const files = {
      "pytest.ini": `[pytest]\n${ini("--cov")}`,
      "tests/test_more.py": "def helper():\n    return 1\n\n\ndef test_more():\n    assert True\n",
    };
    const suites = [{ name: "backend", runner: "pytest", command: "pytest", workers: 2, parallel }];
    const { root } = await makeParallelPytestRepository(files, { suites });
    await runIn(root, []);
    expect((await readSummary(root)).coverage?.files).toContainEqual(
      expect.objectContaining({ file: "tests/test_more.py", covered: 3, total: 4 }),
    );
  },
);

test.each([
  ["processes", 0, 100],
  ["auto", 1, 50],
])("--cov-fail-under, in a suite that goes as %s: exit %i", async (parallel, code, covered) => {
  const files = {
    "src/both.py": half,
    "tests/test_sums.py": "",
    "tests/test_first.py": testOf("first"),
    // Alone in the process of its share it covers three of four lines.
    "tests/test_second.py": covered === 100 ? testOf("second") : "def test_it():\n    pass\n",
    "src/sums.py": "",
    "pytest.ini": `[pytest]\n${ini("--cov-fail-under=90")}`,
  };
  const suites = [{ name: "backend", runner: "pytest", command: "pytest", source: ["src"], workers: 2, parallel }];
  const { root } = await makeParallelPytestRepository(files, { suites, coverage: { lines: 60 } });
  expect((await runIn(root, [])).code).toBe(code);
  const { reasons, notes } = await readSummary(root);
  expect(reasons.join("\n")).toContain(code === 0 ? "" : "although no test failed");
  expect(notes.join("\n")).toContain(code === 0 ? stricter("backend", 60) : "");
});

test("lines behind a wait in a greenlet count, as SQLAlchemy waits for an asynchronous database", async () => {
  const waits = [
    "import asyncio",
    "from sqlalchemy.util import await_only, greenlet_spawn",
    "def fetch():",
    "    await_only(asyncio.sleep(0))",
    "    return 1",
    "async def total():",
    "    one = await greenlet_spawn(fetch)",
    "    return one + 1",
  ].join("\n");
  const { root } = await makePytestRepository({
    "src/waits.py": waits,
    "tests/test_waits.py":
      "import asyncio\nfrom waits import total\n\n\ndef test_total():\n    assert asyncio.run(total()) == 2\n",
  });
  await runIn(root, []);
  const file = (await readSummary(root)).coverage?.files.find(({ file }) => file === "src/waits.py");
  expect(file).toMatchObject({ covered: 8, total: 8 });
});

test("plugins that pytest does not load by itself are loaded, in the workers as well, and satisfy required_plugins", async () => {
  const files = {
    "pytest.ini": "[pytest]\nrequired_plugins = pytest-cov\naddopts = -p pytest_cov\n",
    "src/both.py": half,
    "tests/test_first.py": testOf("first"),
    "tests/test_second.py": testOf("second"),
  };
  const { root } = await makeParallelPytestRepository(files);
  const environment = await userEnvironment({ PYTEST_DISABLE_PLUGIN_AUTOLOAD: "1" });
  const { code } = await runIn(root, [], { environment });
  expect((await readSummary(root)).coverage?.lines).toEqual({ covered: 6, total: 6 });
  expect(code).toBe(0);
});

test("plugins that the configuration keeps away are loaded; of those on the command line the word is named", async () => {
  const suite = { name: "backend", runner: "pytest", command: "pytest", source: ["src"], workers: 2 };
  const { root, write } = await makeParallelPytestRepository({ "pytest.ini": `[pytest]\n${ini("-p no:pytest_cov")}` });
  await endsWith(0, runIn(root, ["--working-tree"]));
  const suites = [{ ...suite, command: "pytest -p no:pytest_cov" }];
  await write({ "verify.config.json": JSON.stringify({ suites, database: false }) });
  const { code, errors } = await runIn(root, ["--working-tree"]);
  expect(errors).toContain("`-p no:pytest_cov` keeps a plugin away that is needed to measure");
  expect(code).toBe(2);
});

/** What is said where the gate asks for less than the project itself does. */
const stricter = (suite: string, gate: number): string =>
  `${suite} asks for 90 % of lines in its own configuration, which a share of the files cannot be held to; the gate on the whole asks for ${gate} % of lines: set "coverage": { "lines": 90 }.`;

const halves = "export const first = () => {\n  return 1\n}\nexport const second = () => {\n  return 2\n}\n";
const vitestOf = (name: string): string =>
  `import { expect, test } from "vitest"\nimport { ${name} } from "../src/both.js"\ntest("${name}", () => expect(${name}()).toBeTruthy())\n`;

test.each([
  ["vitest run --no-file-parallelism", 0],
  ["vitest run", 1],
])("with `%s` a threshold of vitest's that only the whole reaches: exit %i", async (command, code) => {
  const files = {
    "src/both.js": halves,
    "src/sums.js": "",
    "test/sums.test.js": vitestOf("first"),
    // What is not shared is held to the project's own threshold.
    "test/second.test.js": code === 0 ? vitestOf("second") : vitestOf("first").replace('"first"', '"again"'),
    "vitest.config.js":
      "export default { test: { coverage: { thresholds: { lines: 90, 'src/*.js': { lines: 90 } } } } }\n",
  };
  const { root } = await makeVitestRepository(files, { command }, { coverage: { lines: 40 } });
  expect((await runIn(root, [])).code).toBe(code);
  expect((await readSummary(root)).notes.join("\n")).toContain(code === 0 ? stricter("web", 40) : "");
});

test.each([
  ["jest -i", 0],
  ["jest", 1],
])("with `%s` a threshold of jest's that only the whole reaches: exit %i", async (command, code) => {
  const testOfJest = (name: string): string =>
    `const both = require("../src/both.js");\ntest("${name}", () => expect(both.${name}()).toBeTruthy());\n`;
  const files = {
    "src/both.js": "exports.first = () => {\n  return 1;\n};\nexports.second = () => {\n  return 2;\n};\n",
    "src/sums.js": "",
    "test/first.test.js": testOfJest("first"),
    "test/second.test.js": code === 0 ? testOfJest("second") : testOfJest("first"),
    "jest.config.js": "module.exports = { coverageThreshold: { global: { lines: 90 } } };\n",
  };
  const { root } = await makeJestRepository(files, { command, workers: 2 }, { coverage: { lines: 40 } });
  expect((await runIn(root, [])).code).toBe(code);
  expect((await readSummary(root)).notes.join("\n")).toContain(code === 0 ? stricter("web", 40) : "");
});

test.each([
  ["npx nyc --check-coverage --lines 90 -r text mocha", null],
  ["c8 --check-coverage --lines 90 mocha", null],
  ["npm test", 90],
])("with `%s` no share is held to the whole's threshold", async (command, told) => {
  const testOfMocha = (name: string): string =>
    `const both = require("../src/both.js");\nit("${name}", () => both.${name}());\n`;
  const files = {
    "package.json": '{ "scripts": { "test": "c8 --check-coverage --lines 90 --branches 80 mocha" } }\n',
    "src/both.js": "exports.first = () => {\n  return 1;\n};\nexports.second = () => {\n  return 2;\n};\n",
    "src/sums.js": "",
    "test/first.js": testOfMocha("first"),
    // When it ends, the other share has long been judged.
    "test/second.js": `${testOfMocha("second")}it("waits", (done) => setTimeout(done, 1500));\n`,
  };
  const { root } = await makeMochaRepository(files, { command, workers: 2 }, { coverage: { lines: 50 } });
  await linkPackages(root, ["c8"], { c8: "c8/bin/c8.js" });
  const { code } = await runIn(root, []);
  const { notes, reasons } = await readSummary(root);
  expect(reasons).toEqual([]);
  expect(code).toBe(0);
  expect(notes.join("\n").includes("web asks for 90 % of lines and 80 % of branches")).toBe(told !== null);
});
