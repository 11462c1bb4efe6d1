import { describe, expect, it } from "vitest";
import { detectJavaScript } from "../../../src/init/detect/javascript.ts";
import { withWorkspaceTasks } from "../../../src/init/detect/moon-tasks.ts";
import { projectOf } from "../project.ts";

type Texts = Readonly<Record<string, string>>;

/** Runner, root and command of each suite. */
function suitesOf(files: Texts): (readonly [string, string, string])[] {
  return detectJavaScript(projectOf(files)).map(({ runner, root, command }) => [runner, root, command]);
}

const aTest = 'it("adds", () => {});\n';
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
    ["node_modules/.bin/mocha", "mocha", "mocha", "test/a.js"],
    ["TZ=UTC ./node_modules/.bin/mocha -R dot", "mocha", "TZ=UTC mocha -R dot", "test/a.js"],
    ["tsc && mocha", "mocha", "tsc && mocha", "test/a.js"],
    ["tsc && mocha dist/**/*.test.js", "mocha", "tsc && mocha dist/**/*.test.js", "src/a.test.ts"],
    [
      "rimraf mocha.js && node node_modules/mocha/bin/mocha.js",
      "mocha",
      "rimraf mocha.js && node node_modules/mocha/bin/mocha.js",
      "test/a.js",
    ],
    ["node --test", "node", "node --test", "a.test.js"],
    [
      "node --import tsx --test 'test/**/*.test.ts'",
      "node",
      "node --import tsx --test 'test/**/*.test.ts'",
      "test/a.test.ts",
    ],
  ])("%s is one of %s", (script, runner, command, file) => {
    expect(suitesOf({ "package.json": scripts(script), [file]: aTest })).toEqual([[runner, ".", command]]);
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
    "packages/b/test/b.js": aTest,
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

describe("a test script of several steps", () => {
  it.each<[string, Record<string, string>, string[]]>([
    ["calls another", { test: "npm run unit", unit: "jest -i" }, ["jest -i"]],
    ["calls several", { test: "run-s lint test:*", lint: "eslint .", "test:a": "jest a" }, ["jest a"]],
    [
      "audits before",
      { test: "npm run lint && npm run lint:types && npm run build && jest" },
      ["npm run build && jest"],
    ],
    [
      "runs another with variables",
      { test: "cross-env TZ=UTC npm run tz && cross-env TZ=CET npm run tz", tz: "jest tz" },
      ["cross-env TZ=UTC jest tz", "cross-env TZ=CET jest tz"],
    ],
    ["hands on too", { test: "npm test --workspaces && jest" }, ["jest"]],
    ["builds before", { pretest: "tsc", test: "jest" }, ["tsc && jest"]],
    ["only lints before", { pretest: "eslint .", test: "jest" }, ["jest"]],
    ["runs twice", { test: "tsc && jest && jest -c e2e.config.js" }, ["tsc && jest", "tsc && jest -c e2e.config.js"]],
    [
      "sets variables",
      { test: "NODE_OPTIONS=--experimental-vm-modules DB_HOST=localhost jest -i" },
      ["NODE_OPTIONS=--experimental-vm-modules jest -i"],
    ],
  ])("%s", (_what, written, expected) => {
    const files = { "package.json": JSON.stringify({ scripts: written }), "a.test.js": "" };
    expect(suitesOf(files).map(([, , command]) => command)).toEqual(expected);
  });

  it.each<[string, string[]]>([
    ["mocha && eslint .", ['without `eslint .`, which is no test: "checks" may run it']],
    ["mocha && npm run types", ['without `npm run types`, which is no test: "checks" may run it']],
    [
      "mocha && node test/more/run.js",
      ['without `node test/more/run.js`, which the script runs as well: name it in "checks", or as a suite of its own'],
    ],
    ["nyc mocha && nyc report && echo done", []],
  ])("of %s, what stands behind the runner is said to be left out", (script, expected) => {
    const files = { "package.json": scripts(script, { devDependencies: { mocha: "12" } }), "test/a.js": aTest };
    const notes = detectJavaScript(projectOf(files))[0]?.notes ?? [];
    expect(notes.filter((note) => note.startsWith("without `"))).toEqual(expected);
  });

  it("says which variables were left out", () => {
    const files = { "package.json": scripts("DATABASE_URL=postgres://localhost/a jest"), "a.test.js": "" };
    expect(detectJavaScript(projectOf(files))[0]?.notes).toContain(
      "without DATABASE_URL, as each worker has a database of its own",
    );
  });
});

it("helpers beside the tests are none", () => {
  expect(suitesOf({ "package.json": scripts("mocha"), "test/helper.js": "exports.url = 1;\n" })).toEqual([]);
});

it("the root's own tests are a suite beside those of its packages", () => {
  const files = {
    "package.json": scripts("mocha test"),
    "test/root.js": aTest,
    "packages/a/package.json": scripts("mocha"),
    "packages/a/test/a.js": aTest,
  };
  expect(suitesOf(files).map(([, root]) => root)).toEqual([".", "packages/a"]);
});

describe("the source of a JavaScript suite", () => {
  const sourceOf = (fields: object, files: Texts) =>
    detectJavaScript(projectOf({ "package.json": scripts("jest", fields), "a.test.js": "", ...files }))[0]?.source;

  it.each<[string, object, Texts, string[]]>([
    ["main, a file at the root", { main: "index.js" }, { "index.js": "", "lib/a.js": "" }, ["lib", "index.js"]],
    [
      "index.js by default, with what it loads",
      {},
      { "index.js": 'require("./db/pool")', "db/pool.js": "" },
      ["index.js", "db"],
    ],
    [
      "exports and bin",
      { exports: { ".": { import: "./core/a.mjs" } }, bin: "cli.js" },
      { "core/a.mjs": "", "cli.js": "" },
      ["core", "cli.js"],
    ],
    ["files", { files: ["queries", "README.md"] }, { "queries/a.js": "", "README.md": "" }, ["queries"]],
    ["what is built from src", { main: "dist/index.js" }, { "src/index.ts": "" }, ["src"]],
    [
      "an index that only hands on",
      {},
      {
        "index.js": "// All.\nexport * from './core/a.js';\nexport { b } from './core/b.js'\n",
        "core/a.js": "",
        "core/b.js": "",
      },
      ["core"],
    ],
    [
      "what the start script runs",
      { scripts: { test: "jest", start: "node server.js" } },
      { "server.js": 'import "./routes/a.js"; start();', "routes/a.js": "" },
      ["server.js", "routes"],
    ],
    ["nothing", {}, { "jest.config.js": "", "docs/a.js": "" }, []],
  ])("is that of %s", (_what, fields, files, expected) => {
    expect(sourceOf(fields, files)).toEqual(expected);
  });
});

describe("a target of an nx workspace", () => {
  const commandOf = (test: object, more: Readonly<Record<string, string>> = { "nx.json": "{}" }): string[] => {
    const project = projectOf({ "apps/api/project.json": JSON.stringify({ targets: { test } }), ...more });
    return withWorkspaceTasks(project, []).map(({ root, runner, command }) => `${runner} ${root}: ${command}`);
  };

  it.each([
    [{ executor: "nx:run-commands", options: { command: "pytest -m unit", cwd: "apps/api" } }],
    [{ executor: "nx:run-commands", options: { commands: ["cd apps/api && pytest"], args: "-m unit" } }],
    [{ command: "pytest", options: { cwd: "{projectRoot}", args: ["-m", "unit"] } }],
  ])("says the command: %j", (target) => {
    expect(commandOf(target)).toEqual(["pytest apps/api: pytest -m unit"]);
  });

  it.each([
    ["an executor's own", { executor: "@nx/jest:jest", options: { jestConfig: "apps/api/jest.config.ts" } }],
    ["from the workspace's root", { command: "pytest apps/api" }],
    ["several at once", { executor: "nx:run-commands", options: { commands: ["pytest", "ruff check"] } }],
  ])("is left alone where it is %s", (_what, target) => {
    expect(commandOf(target)).toEqual([]);
  });

  it("counts only in an nx workspace", () => {
    expect(commandOf({ command: "pytest", options: { cwd: "apps/api" } }, {})).toEqual([]);
  });
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
  const commandsWith = (text: string, suites: Parameters<typeof withWorkspaceTasks>[1] = [suite]) =>
    withWorkspaceTasks(projectOf({ "apps/backend/moon.yml": text }), suites).map(({ runner, command }) => [
      runner,
      command,
    ]);

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

it.each([
  ["jest", "checks/one.js", { jest: { testMatch: ["**/checks/*.js"] } }],
  ["mocha", "checks/one.js", { mocha: { spec: "checks/**/*.js" } }],
  ["mocha checks/*.js", "checks/one.js", {}],
  ["node --test checks/", "checks/one.js", {}],
])("tests that are called otherwise are those that the project names: %s", (test, file, more) => {
  const files = { "package.json": JSON.stringify({ scripts: { test }, ...more }), [file]: "check();\n" };
  expect(suitesOf(files).map(([, , command]) => command)).toEqual([test]);
});

it("scripts that assert are tests of node, and what only helps is none", () => {
  const files = (text: string) => ({ "package.json": scripts("node --test"), "test/add.js": text });
  expect(suitesOf(files('require("assert").equal(1, 1);\n'))).toHaveLength(1);
  expect(suitesOf(files("module.exports = 3;\n"))).toEqual([]);
});
