import { createRequire } from "node:module";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { adapterPath } from "../../../src/shared/paths.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";

interface Adapter {
  isLinter(config: { runner?: string }): boolean;
  measures(globalConfig: object, configs: readonly object[]): { named: string[] | null; left: string[] } | null;
}

const { isLinter, measures }: Adapter = createRequire(import.meta.url)(adapterPath("jest/measuring.cjs"));

afterEach(() => {
  delete process.env.VERIFY_SOURCE_FILES;
});

test.each([
  ["/home/me/workflow/node_modules/jest-runner/build/index.js", false],
  ["/home/me/node_modules/lint/node_modules/jest-light-runner/index.js", false],
  ["/home/me/app/node_modules/jest-runner-eslint/build/index.js", true],
  ["/home/me/workflow/tools/runner.js", false],
  ["/home/me/app/tools/eslint-runner.js", true],
  [undefined, false],
])("a runner at %s is a linter: %s", (runner, expected) => {
  expect(isLinter(runner === undefined ? {} : { runner })).toBe(expected);
});

async function told(globs: string[], ...configs: object[]) {
  const root = await makeDirectory();
  const files = ["src/a.js", "src/gen/b.js", "src/a.check.js", "src/setup.js", "lib/c.js"].map((file) =>
    join(root, file),
  );
  await writeFiles(root, { "files.json": JSON.stringify({ files }) });
  process.env.VERIFY_SOURCE_FILES = join(root, "files.json");
  const { named, left } = measures({ rootDir: root, collectCoverageFrom: globs }, configs) ?? { named: null, left: [] };
  const short = (all: string[] | null) => all?.map((file) => file.slice(root.length + 1)) ?? null;
  return { named: short(named), left: short(left) };
}

const tests = { testMatch: ["**/*.check.js"] };

test("what collectCoverageFrom takes in is named, but for tests, and what it takes back is left out", async () => {
  expect(await told(["src/**", "!src/gen/**"], tests)).toEqual({
    named: ["src/a.js", "src/setup.js"],
    left: ["src/gen/b.js"],
  });
});

test("globs that only take back name all the rest", async () => {
  expect(await told(["!src/**"], tests)).toEqual({
    named: ["lib/c.js"],
    left: ["src/a.js", "src/gen/b.js", "src/a.check.js", "src/setup.js"],
  });
});

test("without globs nothing is named; ignored paths and set-up files are left out", async () => {
  const config = { ...tests, coveragePathIgnorePatterns: ["/gen/"], setupFiles: [] };
  expect(await told([], config)).toEqual({ named: null, left: ["src/gen/b.js"] });
});

test("what one project leaves out counts in another", async () => {
  const other = { testMatch: ["**/*.js"], coveragePathIgnorePatterns: [] };
  const config = { ...tests, coveragePathIgnorePatterns: ["/gen/"] };
  expect((await told([], config, other)).left).toEqual([]);
});
