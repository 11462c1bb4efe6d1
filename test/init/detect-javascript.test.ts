import { describe, expect, it } from "vitest";
import { detectJavaScript } from "../../src/init/detect-javascript.ts";
import { withMoonTasks } from "../../src/init/moon-tasks.ts";
import { projectOf } from "./project.ts";

type Texts = Readonly<Record<string, string>>;

/** Runner, root and command of each suite. */
function suitesOf(files: Texts): (readonly [string, string, string])[] {
  return detectJavaScript(projectOf(files)).map(({ runner, root, command }) => [runner, root, command]);
}

const scripts = (test: string, more: object = {}): string => JSON.stringify({ scripts: { test }, ...more });

describe("the suite that a test script runs", () => {
  it.each<[string, string, string, string]>([
    ["jest", "jest", "jest", "a.test.js"],
    ["jest --watchAll --coverage -i", "jest", "jest -i", "src/__tests__/a.js"],
    ["NODE_ENV=test npx jest", "jest", "NODE_ENV=test npx jest", "a.spec.ts"],
    [
      "node --experimental-vm-modules node_modules/.bin/jest",
      "jest",
      "node --experimental-vm-modules node_modules/.bin/jest",
      "a.test.js",
    ],
    ["mocha --parallel", "mocha", "mocha --parallel", "test/a.js"],
    ["c8 --all mocha -r ts-node/register", "mocha", "mocha -r ts-node/register", "test/a.ts"],
    ["c8 --check-coverage --lines 88 -r text mocha", "mocha", "mocha", "test/a.js"],
    ["nyc --reporter=lcov npx mocha", "mocha", "mocha", "test/a.js"],
    ["tsc && mocha", "mocha", "tsc && mocha", "test/a.js"],
    ["node --test", "node", "node --test", "a.test.js"],
    [
      "node --import tsx --test 'test/**/*.test.ts'",
      "node",
      "node --import tsx --test 'test/**/*.test.ts'",
      "test/a.test.ts",
    ],
  ])("%s is one of %s", (script, runner, command, file) => {
    expect(suitesOf({ "package.json": scripts(script), [file]: "" })).toEqual([[runner, ".", command]]);
  });

  it.each(["turbo run test", "npm test --workspaces", "lerna run test", "moon run :test", "vitest run", "eslint ."])(
    "is none of these where it is %s",
    (script) => {
      expect(suitesOf({ "package.json": scripts(script), "a.test.js": "", "test/b.js": "" })).toEqual([]);
    },
  );
});

it.each<[string, string, string]>([
  ["jest.config.js", "module.exports = {}", "jest"],
  [".mocharc.yml", "parallel: true", "mocha"],
])("%s alone tells of a suite", (name, text, runner) => {
  const files = { "api/package.json": "{}", [`api/${name}`]: text, "api/test/a.test.js": "" };
  expect(suitesOf(files)).toEqual([[runner, "api", runner]]);
});

it("a dependency alone tells of a suite, unless the scripts run another runner", () => {
  const more = { devDependencies: { jest: "^30.0.0" } };
  expect(suitesOf({ "package.json": scripts("echo", more), "a.test.js": "" })).toEqual([["jest", ".", "jest"]]);
  expect(suitesOf({ "package.json": scripts("node --test", more), "a.test.js": "" })).toEqual([
    ["node", ".", "node --test"],
  ]);
});

it("each package of a workspace is a suite, and the root that only hands on is none", () => {
  const files = {
    "package.json": scripts("npm test --workspaces", {
      workspaces: ["packages/*"],
      devDependencies: { jest: "^30.0.0" },
    }),
    "packages/a/package.json": scripts("jest"),
    "packages/a/a.test.js": "",
    "packages/b/package.json": scripts("mocha"),
    "packages/b/test/b.js": "",
    "packages/c/package.json": scripts("jest"),
  };
  expect(suitesOf(files)).toEqual([
    ["jest", "packages/a", "jest"],
    ["mocha", "packages/b", "mocha"],
  ]);
});

it("the packages that jest's own projects name are one suite", () => {
  const files = {
    "package.json": scripts("jest"),
    "jest.config.js": 'module.exports = { projects: ["packages/*"] };',
    "packages/a/package.json": scripts("jest"),
    "packages/a/a.test.js": "",
  };
  expect(suitesOf(files)).toEqual([["jest", ".", "jest"]]);
});

describe("a task of a moon workspace", () => {
  const suite = {
    root: "apps/backend",
    runner: "pytest",
    command: "pytest",
    source: ["src"],
    projectName: undefined,
    notes: [],
  } as const;
  const commandsWith = (text: string, suites: Parameters<typeof withMoonTasks>[1] = [suite]) =>
    withMoonTasks(projectOf({ "apps/backend/moon.yml": text }), suites).map(({ runner, command }) => [runner, command]);

  it("gives the suite its command, markers and all", () => {
    const text =
      'tasks:\n  lint:\n    command: ruff check .\n  test-execution:\n    command: uv run pytest -m "not slow and not e2e"\n';
    expect(commandsWith(text)).toEqual([["pytest", 'uv run pytest -m "not slow and not e2e"']]);
  });

  it("may be written as a list, with arguments of its own", () => {
    const text = 'tasks:\n  test:\n    command: [uv, run, pytest]\n    args: ["-m", "not slow"]\n';
    expect(commandsWith(text)).toEqual([["pytest", 'uv run pytest -m "not slow"']]);
  });

  it("that is called a test goes before others that run the same", () => {
    const text = "tasks:\n  coverage:\n    command: pytest --cov\n  test:\n    script: pytest -q\n";
    expect(commandsWith(text)).toEqual([["pytest", "pytest -q"]]);
  });

  it("is a suite where nothing else tells of it", () => {
    expect(commandsWith("tasks:\n  test:\n    command: jest --ci\n")).toEqual([
      ["pytest", "pytest"],
      ["jest", "jest --ci"],
    ]);
  });

  it("that only moon could complete is left alone, as is a file that is no YAML", () => {
    expect(commandsWith("tasks:\n  test:\n    command: pytest $projectRoot\n")).toEqual([["pytest", "pytest"]]);
    expect(commandsWith("tasks: [")).toEqual([["pytest", "pytest"]]);
  });
});
