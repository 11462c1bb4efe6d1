import { join } from "node:path";
import { expect, test } from "vitest";
import { pluginsIn, whyCompiled, whyUntraceable } from "../../../src/suite/runners/adapters/jest/traceable.mjs";

const globalConfig = { coverageProvider: "babel" };
const installed = (name: string): string => `/app/node_modules/${name}/build/index.js`;
const project = {
  runner: installed("jest-runner"),
  testRunner: installed("jest-circus"),
  testEnvironment: installed("jest-environment-node"),
  transform: [["\\.[jt]sx?$", installed("babel-jest"), {}]],
};

function why(own: object, whole: object = {}, version = "30.5.2"): string | null {
  const configs = [{ ...project, ...own }];
  return whyUntraceable({ globalConfig: { ...globalConfig, ...whole }, configs, version, config: undefined }).why;
}

test("test files that load their own modules by a known compiler can be told apart", () => {
  expect(why({})).toBeNull();
  expect(why({ transform: [] }, { coverageProvider: "v8" }, "29.7.0")).toBeNull();
  expect(why({ transform: [["ts", "/app/node_modules/ts-jest/dist/index.js", { isolatedModules: true }]] })).toBeNull();
});

test.each([
  ["jest 28.1.0 does not tell what each test file loads", {}, {}, "28.1.0"],
  ['its coverage provider is "other"', {}, { coverageProvider: "other" }],
  ["its tests are shuffled", {}, { randomize: true }],
  ["its globalSetup works for all test files", { globalSetup: "/app/setup.js" }],
  ["its runner is jest-runner-eslint", { runner: installed("jest-runner-eslint") }],
  ["its test runner is jest-jasmine2", { testRunner: installed("jest-jasmine2") }],
  ["its runtime is runtime.js", { runtime: join(process.cwd(), "runtime.js") }],
  ["its modules have names of their own", { haste: { hasteImplModulePath: "/app/haste.js" } }],
  ["its compiler jest-raw may put other files into modules", { transform: [["txt", installed("jest-raw")]] }],
  [
    "its compiler compile.js may put other files into modules",
    { transform: [["txt", join(process.cwd(), "compile.js")]] },
  ],
  [
    "ts-jest checks types across files (isolatedModules is off)",
    { transform: [["ts", "/app/node_modules/ts-jest/dist/index.js", {}]] },
  ],
])("%s", (expected, own, whole = {}, version = "30.5.2") => {
  expect(why(own, whole, version)).toBe(expected);
});

test("what is added may be loaded where a resolver of its own finds modules", () => {
  const asked = { globalConfig, version: "30.5.2", config: undefined };
  expect(whyUntraceable({ ...asked, configs: [project] }).hasPlugins).toBe(false);
  expect(whyUntraceable({ ...asked, configs: [{ ...project, resolver: "/app/find.js" }] }).hasPlugins).toBe(true);
});

test("a plugin of babel counts as one that reads other files unless it is known, and so does one of the project", () => {
  const known = ["@babel/plugin-syntax-jsx", "babel-plugin-istanbul", "babel-plugin-transform-remove-console"];
  const loaded = (names: readonly string[]) => Object.fromEntries(names.map((name) => [installed(name), {}]));
  const part = (cache: object) => [{ files: [], plugins: pluginsIn(cache as Record<string, unknown>) }];
  expect(whyCompiled(part(loaded(known)))).toBeNull();
  for (const name of ["babel-plugin-macros", "babel-plugin-transform-inline-environment-variables"]) {
    expect(whyCompiled(part(loaded([...known, name])))).toBe(`babel's plugin ${name} may put other files into modules`);
  }
  const core = {
    children: [
      { filename: join(process.cwd(), "babel.config.js") },
      { filename: join(process.cwd(), "tools/plugin.js") },
    ],
  };
  expect(pluginsIn({ [installed("@babel/core")]: core })).toEqual(["tools/plugin.js"]);
});

test("an addon of the project is loaded once for many test files", () => {
  const part = { files: [join(process.cwd(), "build/fast.node")], plugins: [] };
  expect(whyCompiled([part])).toBe("build/fast.node is loaded once for many test files");
});
