import { expect, test } from "vitest";
import { addCommand, findPackageManager } from "../../src/project/package-manager.ts";
import { type Files, makeDirectory, writeFiles } from "../support/repository.ts";

test.each([
  ["npm", "npm install --save-dev vitest @vitest/coverage-v8"],
  ["pnpm", "pnpm add --save-dev vitest @vitest/coverage-v8"],
  ["yarn", "yarn add --dev vitest @vitest/coverage-v8"],
  ["bun", "bun add --dev vitest @vitest/coverage-v8"],
] as const)("with %s a package is added as it does it", (name, command) => {
  expect(addCommand({ name }, ["vitest", "@vitest/coverage-v8"])).toBe(command);
});

test.each<[string, Files, string]>([
  ["package.json says", { "package.json": '{ "packageManager": "yarn@4.5.0" }', "pnpm-lock.yaml": "" }, "yarn"],
  ["the lock file says", { "package.json": "{}", "pnpm-lock.yaml": "" }, "pnpm"],
  ["the lock file says where package.json is broken", { "package.json": "{", "bun.lock": "" }, "bun"],
  ["is usual where there is no package.json", {}, "npm"],
])("the package manager of a directory is what %s", async (_which, files, name) => {
  const directory = await makeDirectory();
  await writeFiles(directory, files);
  expect(findPackageManager(directory).name).toBe(name);
});
