import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { oldRunner } from "../../src/project/installed-package.ts";
import { makeRepository } from "../support/repository.ts";
import { configFile, runIn } from "../support/verify.ts";

it.each([
  ["vitest", "2.1.9", "vitest 2.1.9 is too old"],
  ["mocha", "7.0.1", "7.1 or later is needed"],
] as const)("%s %s is too old", (runner, version, expected) => {
  expect(oldRunner(runner, version)).toContain(expected);
});

it.each([
  ["vitest", "3.0.0"],
  ["mocha", "7.1.0"],
  ["mocha", "12.0.3"],
  ["jest", "27.0.6"],
] as const)("%s %s is not", (runner, version) => {
  expect(oldRunner(runner, version)).toBeNull();
});

it.each(["vitest", "mocha"])("a suite whose %s is too old is told so, and none of it runs", async (runner) => {
  const { root } = await makeRepository({
    ".gitignore": "node_modules/\n",
    "package.json": "{}\n",
    "test/a.js": 'require("node:fs").writeFileSync("ran.txt", "");\n',
    "verify.config.json": configFile({
      suites: [{ name: "web", runner, command: `node test/a.js ${runner}` }],
      database: false,
    }),
  });
  const place = join(root, "node_modules", runner);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, "package.json"), JSON.stringify({ name: runner, version: "1.2.3" }));
  const { code, output, errors } = await runIn(root, []);
  expect(errors).toContain(`web: ${runner} 1.2.3 is too old`);
  expect(output).not.toContain("tests");
  expect(code).toBe(3);
});
