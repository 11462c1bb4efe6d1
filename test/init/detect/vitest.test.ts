import { describe, expect, it } from "vitest";
import { detectVitest } from "../../../src/init/detect/vitest.ts";
import { draftConfig } from "../../../src/init/draft-config.ts";
import { projectOf } from "../project.ts";

type Texts = Readonly<Record<string, string>>;
const withVitest = '{ "devDependencies": { "vitest": "^4.0.0", "@vitest/coverage-v8": "^4.0.0" } }';
const rootsOf = (files: Texts): string[] => detectVitest(projectOf(files)).map((suite) => suite.root);
const suiteOf = (files: Texts) => {
  const [suite, ...others] = detectVitest(projectOf(files));
  if (suite === undefined || others.length > 0) throw new Error("not one suite");
  return suite;
};

describe("the roots of vitest suites", () => {
  it.each([
    ["package.json", withVitest],
    ["vitest.config.ts", "export default {}"],
    ["vite.config.mts", "export default defineConfig({ test: { globals: true } })"],
  ])("is where %s asks for vitest", (name, text) => {
    expect(rootsOf({ [`frontend/${name}`]: text, "frontend/src/a.test.tsx": "" })).toEqual(["frontend"]);
  });

  it("do not include a vite configuration without tests in it", () => {
    expect(rootsOf({ "vite.config.ts": "export default {}", "a.test.ts": "" })).toEqual([]);
  });

  it("do not include a directory without any test file", () => {
    expect(rootsOf({ "package.json": withVitest, "src/a.ts": "" })).toEqual([]);
  });

  it("are the packages where the root only provides vitest", () => {
    const files = {
      "package.json": withVitest,
      "packages/a/vitest.config.ts": "",
      "packages/b/package.json": withVitest,
    };
    expect(rootsOf({ ...files, "packages/a/a.test.ts": "", "packages/b/b.spec.js": "" })).toEqual([
      "packages/a",
      "packages/b",
    ]);
  });

  it("is the root where it declares the packages as projects", () => {
    const files = {
      "vitest.config.ts": "export default { test: { projects: ['packages/*'] } }",
      "packages/a/vitest.config.ts": "",
    };
    expect(rootsOf({ ...files, "packages/a/a.test.ts": "" })).toEqual(["."]);
  });

  it("is the root where it collects the tests of a package together with its own", () => {
    const files = { "package.json": withVitest, "test/root.test.ts": "", "packages/a/package.json": withVitest };
    expect(rootsOf({ ...files, "packages/a/a.test.ts": "" })).toEqual(["."]);
  });

  it("are several where include limits the root to its own tests", () => {
    const config = 'export default { test: { coverage: { include: ["src/**"] }, include: ["test/**/*.test.ts"] } }';
    const files = { "vitest.config.ts": config, "test/root.test.ts": "", "packages/a/package.json": withVitest };
    expect(rootsOf({ ...files, "packages/a/a.test.ts": "" })).toEqual([".", "packages/a"]);
  });

  it("are found by the pattern of a configuration above, which vitest looks for", () => {
    const files = {
      "vitest.config.ts": 'export default { test: { include: ["checks/*.unit.ts"] } };\n',
      "packages/a/package.json": '{ "scripts": { "test": "vitest run" } }',
      "packages/a/checks/one.unit.ts": "",
    };
    expect(rootsOf(files)).toEqual(["packages/a"]);
  });

  it("are found beside a package.json that is not valid", () => {
    expect(rootsOf({ "package.json": "{", "vitest.config.ts": "", "a.test.ts": "" })).toEqual(["."]);
  });
});

describe("the command of a vitest suite", () => {
  it.each([
    ["vitest", "vitest run"],
    ["vitest run --config test/vitest.config.ts", "vitest run --config test/vitest.config.ts"],
    ["vitest --config x.ts --coverage --watch", "vitest run --config x.ts"],
    ["npx vitest run", "vitest run"],
    ["pnpm exec vitest", "vitest run"],
    ["TZ=UTC vitest watch", "TZ=UTC vitest run"],
    ["tsc && vitest run", "tsc && vitest run"],
    ["turbo run test", "vitest run"],
    ["vitest run && echo done", "vitest run"],
    ["vitest bench", "vitest run"],
  ])("of the script %j is %j", (script, command) => {
    const text = JSON.stringify({ scripts: { test: script }, devDependencies: { vitest: "4" } });
    expect(suiteOf({ "package.json": text, "a.test.ts": "" }).command).toBe(command);
  });

  it("is that of test:unit where test runs something else", () => {
    const scripts = { test: "run-s test:*", "test:unit": "vitest run --dir unit" };
    const text = JSON.stringify({ scripts, devDependencies: { vitest: "4" } });
    expect(suiteOf({ "package.json": text, "a.test.ts": "" }).command).toBe("vitest run --dir unit");
  });
});

it("a package without a script for everything has a suite for each script that runs a part", () => {
  const scripts = { "test:unit": "vitest run", "test:integration": "vitest run --config vitest.it.js" };
  const files = { "package.json": JSON.stringify({ scripts }), "a.test.ts": "", "vitest.it.js": "" };
  expect(detectVitest(projectOf(files)).map(({ command }) => command)).toEqual(Object.values(scripts));
  const whole = { ...files, "package.json": JSON.stringify({ scripts: { ...scripts, test: "vitest run" } }) };
  expect(detectVitest(projectOf(whole)).map(({ command }) => command)).toEqual(["vitest run"]);
});

describe("the source of a vitest suite", () => {
  const files = { "package.json": withVitest, "test/a.test.ts": "" };

  it("is src, else lib, else left to the runner", () => {
    expect(suiteOf({ ...files, "src/a.ts": "", "lib/a.js": "" }).source).toEqual(["src"]);
    expect(suiteOf({ ...files, "src/readme.md": "", "lib/a.js": "" }).source).toEqual(["lib"]);
    expect(suiteOf(files).source).toEqual([]);
  });

  it("is left to the runner where its configuration says what is included", () => {
    const config = 'export default { test: { coverage: { provider: "v8", include: ["app/**"] } } }';
    expect(suiteOf({ ...files, "src/a.ts": "", "vitest.config.ts": config }).source).toEqual([]);
  });
});

it("a suite whose include names its files otherwise is found", () => {
  const files = {
    "package.json": '{"scripts":{"test":"vitest run"},"devDependencies":{"vitest":"4"}}',
    "vitest.config.ts":
      'export default { test: { include: ["checks/**/*.check-[jt]s.ts"] }, optimizeDeps: { include: ["x"] } }',
    "checks/a.check-js.ts": "",
  };
  expect(detectVitest(projectOf(files)).map(({ command }) => command)).toEqual(["vitest run"]);
});

it("two runs in one script are two suites, with names and thresholds of their own", () => {
  const draft = draftConfig(
    projectOf({
      "package.json": '{"name":"app","scripts":{"test":"vitest run && vitest run -c vitest.db.config.ts"}}',
      "vitest.config.ts": "export default { test: { coverage: { thresholds: { lines: 80 } } } }",
      "vitest.db.config.ts":
        "export default { test: { include: ['db/*.ts'], coverage: { thresholds: { lines: 70 } } } }",
      "a.test.ts": "",
      "db/a.ts": "",
    }),
    "app",
    "main",
  );
  expect(draft?.config.suites).toMatchObject([
    { name: "app-main", command: "vitest run" },
    { name: "app-db", command: "vitest run -c vitest.db.config.ts" },
  ]);
  expect(draft?.config.coverage).toMatchObject({ suites: { "app-main": { lines: 80 }, "app-db": { lines: 70 } } });
});
