import { describe, expect, test } from "vitest";
import { openGit } from "../../src/git/client.ts";
import type { LoweredThreshold } from "../../src/model/summary.ts";
import { findChanges } from "../../src/report/changes.ts";
import { loweredOf } from "../../src/report/compare-thresholds.ts";
import { holdsSettings, mayHoldOptions, thresholdsIn } from "../../src/report/thresholds-in-file.ts";
import { type Files, makeRepository } from "../support/repository.ts";

/** What a branch that turns the first files into the second ones lowers. */
async function lowered(before: Files, after: Files): Promise<readonly LoweredThreshold[] | undefined> {
  const repository = await makeRepository({ "a.txt": "", ...before });
  await repository.git("switch", "--quiet", "--create", "feature");
  await repository.write({ "a.txt": "changed\n", ...after });
  const commit = await repository.commit("Change");
  const git = openGit(repository.root, repository.environment);
  return (await findChanges({ git, commit, base: "main" }))?.lowered;
}

/** The same for a file alone, without git. */
async function loweredIn(file: string, before: string, after: string): Promise<readonly LoweredThreshold[]> {
  if (!holdsSettings(file) && !mayHoldOptions(file)) return [];
  return loweredOf([{ file, before: await thresholdsIn(file, before), after: await thresholdsIn(file, after) }]);
}

const json = (value: object): string => JSON.stringify(value, null, 2);

describe("a lower figure is found, with the one before, in", () => {
  test.each<[string, string, string, string, number, number]>([
    ["our configuration", "verify.config.json", '{ "coverage": { "lines": # } }', "coverage.lines", 95, 90],
    ["a floor of ours", "verify.config.yaml", 'coverage: { files: { "src/**": # } }', "coverage.files.src/**", 80, 70],
    [
      "our configuration in code",
      "verify.config.ts",
      "export default { coverage: { branches: # } };",
      "coverage.branches",
      80,
      7,
    ],
    [
      "our field of package.json",
      "package.json",
      '{ "verify": { "coverage": { "lines": # } } }',
      "coverage.lines",
      99,
      98.5,
    ],
    ["coverage.py's own file", ".coveragerc", "[report]\nfail_under = #\n", "fail_under", 95, 90],
    [
      "pyproject.toml",
      "api/pyproject.toml",
      '[tool.coverage.report]\nfail_under = "#"  # least\n',
      "fail_under",
      95,
      9,
    ],
    ["setup.cfg", "setup.cfg", "[coverage:report]\nfail_under: #\n", "fail_under", 95, 90],
    ["pytest's options", "pytest.ini", "[pytest]\naddopts = -q --cov-fail-under=#\n", "--cov-fail-under", 90, 85],
    [
      "a list of options",
      "pyproject.toml",
      '[tool.pytest.ini_options]\naddopts = ["--cov-fail-under", "#"]\n',
      "--cov-fail-under",
      90,
      85,
    ],
    [
      "vitest's configuration",
      "vitest.config.ts",
      "export default defineConfig({ test: { coverage: { thresholds: { lines: # } } } });",
      "coverage.thresholds.lines",
      90,
      80,
    ],
    [
      "lines of vitest's that may be missed",
      "vite.config.js",
      "export default { test: { coverage: { thresholds: { lines: # } } } };",
      "coverage.thresholds.lines",
      -10,
      -20,
    ],
    [
      "jest's configuration",
      "jest.config.js",
      "module.exports = { coverageThreshold: { global: { branches: # } } };",
      "coverageThreshold.global.branches",
      90,
      80,
    ],
    [
      "jest in package.json",
      "package.json",
      '{ "jest": { "coverageThreshold": { "global": { "lines": # } } } }',
      "coverageThreshold.global.lines",
      90,
      80,
    ],
    ["nyc's file", ".nycrc", '{ "lines": #, "temp-directory": 1 }', "check-coverage.lines", 90, 80],
    ["c8 in package.json", "package.json", '{ "c8": { "functions": # } }', "check-coverage.functions", 90, 80],
    ["a script", "package.json", '{ "scripts": { "test": "c8 --lines # mocha" } }', "--lines", 90, 80],
    [
      "a workflow",
      ".github/workflows/ci.yml",
      "jobs:\n  test:\n    steps:\n      - run: coverage report --fail-under=#\n",
      "--fail-under",
      90,
      80,
    ],
    [
      "codecov's targets",
      ".github/codecov.yml",
      "coverage: { status: { project: { default: { target: #%, threshold: 1% } } } }\n",
      "coverage.status.project.default.target",
      90,
      80,
    ],
  ])("%s (%s)", async (_what, file, text, name, from, to) => {
    const written = (value: number): string => text.replace("#", String(value));
    expect(await loweredIn(file, written(from), written(to))).toEqual([{ file, name, from, to }]);
    expect(await loweredIn(file, written(to), written(from))).toEqual([]);
  });
});

test("what a branch lowers is told by its merge base and its commit, in whatever directory", async () => {
  const text = (value: number): string => `[tool.coverage.report]\nfail_under = ${value}\n`;
  expect(await lowered({ "api/pyproject.toml": text(95) }, { "api/pyproject.toml": text(90) })).toEqual([
    { file: "api/pyproject.toml", name: "fail_under", from: 95, to: 90 },
  ]);
});

test("of many files with commands, those whose options changed are found", async () => {
  const names = Array.from({ length: 400 }, (_, index) => `fixtures/${index}.yml`);
  const all = (text: string): Files => Object.fromEntries(names.map((name) => [name, text]));
  const file = ".github/workflows/ci.yml";
  const run = (value: number): Files => ({ [file]: `run: pytest --cov-fail-under=${value}\n` });
  expect(await lowered({ ...all("a: 1\n"), ...run(90) }, { ...all("a: 2\n"), ...run(80) })).toEqual([
    { file, name: "--cov-fail-under", from: 90, to: 80 },
  ]);
});

test("where more files would have to be read than anybody would, nothing is said", async () => {
  const names = Array.from({ length: 301 }, (_, index) => `packages/${index}/package.json`);
  const all = (text: string): Files => Object.fromEntries(names.map((name) => [name, text]));
  expect(await lowered(all("{}"), all("{ }"))).toBeUndefined();
});

test("a threshold that is gone is lowered to nothing, with its file or without", async () => {
  const file = ".coveragerc";
  const expected = [{ file, name: "fail_under", from: 95, to: null }];
  expect(await lowered({ [file]: "[report]\nfail_under = 95\n" }, { [file]: "[report]\n" })).toEqual(expected);
  expect(await lowered({ [file]: "[report]\nfail_under = 95\n" }, { [file]: null })).toEqual(expected);
});

test("a threshold of ours that is gone is back at its default", async () => {
  const before = { "verify.config.json": json({ coverage: { lines: 99 } }) };
  expect(await lowered(before, { "verify.config.json": json({ suites: [] }) })).toEqual([
    { file: "verify.config.json", name: "coverage.lines", from: 99, to: 95 },
  ]);
  expect(
    await lowered({ "verify.config.json": "{}" }, { "verify.config.json": json({ coverage: { lines: 80 } }) }),
  ).toEqual([{ file: "verify.config.json", name: "coverage.lines", from: 95, to: 80 }]);
});

test("a threshold that went to another file is not lowered, unless it is lower there", async () => {
  const before = { ".coveragerc": "[report]\nfail_under = 95\n", "pyproject.toml": "[project]\n" };
  const after = (value: number): Files => ({
    ".coveragerc": null,
    "pyproject.toml": `[tool.coverage.report]\nfail_under = ${value}\n`,
  });
  expect(await lowered(before, after(95))).toEqual([]);
  expect(await lowered(before, after(90))).toEqual([{ file: ".coveragerc", name: "fail_under", from: 95, to: null }]);
});

test("a file that is renamed is compared with itself", async () => {
  const text = (value: number): string =>
    `// ${"a long comment ".repeat(20)}\nexport default { test: { coverage: { thresholds: { lines: ${value} } } } };\n`;
  expect(
    await lowered({ "vitest.config.js": text(90) }, { "vitest.config.js": null, "vitest.config.ts": text(80) }),
  ).toEqual([{ file: "vitest.config.ts", name: "coverage.thresholds.lines", from: 90, to: 80 }]);
});

describe("nothing is said of", () => {
  test("what only running the file would tell", async () => {
    const text = (value: string): string => `export default { test: { coverage: { thresholds: ${value} } } };`;
    for (const computed of ["fromElsewhere()", "{ lines: least() }", "{ ...shared }"])
      expect(await loweredIn("vitest.config.ts", text("{ lines: 90 }"), text(computed))).toEqual([]);
  });

  test("codecov's target auto", async () => {
    const text = (target: string): string => `coverage: { status: { project: { default: { target: ${target} } } } }`;
    expect(await loweredIn("codecov.yml", text("90%"), text("auto"))).toEqual([]);
  });

  test("what codecov's status may lose, as less of it asks for more", async () => {
    const text = (slack: string): string =>
      `coverage: { status: { project: { default: { target: 90%, threshold: ${slack} } } } }`;
    expect(await loweredIn("codecov.yml", text("5%"), text("1%"))).toEqual([]);
  });

  test("several options of one name, of which not as many are left", async () => {
    const text = (...values: number[]): string =>
      values.map((value) => `\tpytest --cov-fail-under=${value}\n`).join("");
    expect(await loweredIn("Makefile", text(90, 80), text(80))).toEqual([]);
    expect(await loweredIn("Makefile", text(90, 80), text(90, 70))).toEqual([
      { file: "Makefile", name: "--cov-fail-under", from: 80, to: 70 },
    ]);
  });

  test("comments, options of other programs, and thresholds of nothing", async () => {
    expect(await loweredIn("ci.yml", "# --fail-under=90\n", "# --fail-under=80\n")).toEqual([]);
    expect(await loweredIn("run.sh", "head --lines 90\n", "head --lines 80\n")).toEqual([]);
    expect(await loweredIn(".coveragerc", "[report]\nfail_under = 0\n", "")).toEqual([]);
  });

  test("files that hold none by their names", async () => {
    expect(await loweredIn("notes.txt", "--fail-under=90", "--fail-under=80")).toEqual([]);
  });

  test("a file that is new", async () => {
    expect(await lowered({}, { ".coveragerc": "[report]\nfail_under = 10\n" })).toEqual([]);
  });
});
