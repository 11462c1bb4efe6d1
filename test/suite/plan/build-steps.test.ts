import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../../src/shared/paths.ts";
import { builtCommand } from "../../../src/suite/plan/build-steps.ts";
import { makeMochaRepository } from "../../support/mocha-suite.ts";
import { makeDirectory, type Repository, writeFiles } from "../../support/repository.ts";
import { endsWith, readSummary, runIn } from "../../support/verify.ts";

async function directoryWith(scripts: object): Promise<string> {
  const directory = await makeDirectory();
  await writeFiles(directory, { "package.json": JSON.stringify({ scripts }) });
  return directory;
}

describe("the build in front of a suite's tests", () => {
  it.each([
    ["tsc && mocha 'dist/**/*.test.js'", "tsc", "mocha 'dist/**/*.test.js'"],
    ["rimraf dist && NODE_ENV=test npx tsc -p . && jest -i", "rimraf dist && NODE_ENV=test npx tsc -p .", "jest -i"],
    ["npm run build && vitest run", "npm run build", "vitest run"],
  ])("of `%s` is cut off", async (command, build, tests) => {
    const directory = await directoryWith({ build: "rm -rf dist && tsc" });
    expect(builtCommand(command, directory)).toEqual({ build, tests });
  });

  it.each([
    "mocha",
    "tsc",
    // What stands in front may be meant for each database, or holds for the whole shell.
    "knex migrate:latest && mocha",
    "tsc && knex migrate:latest && mocha",
    "cd packages/a && mocha",
    "rm -rf tmp && mocha",
    "tsc --watch && mocha",
    "tsc && mocha && jest",
    "tsc && mocha || true",
    "tsc && mocha; echo",
    "npm run build:all && mocha",
    "npm run build:own && mocha",
    "npm run build:again && mocha",
    "npm run build && mocha",
    "npm test",
  ])("of `%s` is none, or stays where it is", async (command) => {
    const directory = await directoryWith({
      test: "tsc && mocha",
      "build:all": "tsc && node seed.js",
      "build:own": "node build.js",
      "build:again": "npm run build:again",
      build: "tsc",
      prebuild: "node seed.js",
    });
    expect(builtCommand(command, directory)).toBeNull();
  });
});

/** A suite that is built from TypeScript, with a compiler that counts how often it is called. */
async function makeBuiltRepository(test: string, files: Readonly<Record<string, string>> = {}): Promise<Repository> {
  const repository = await makeMochaRepository(
    {
      ".gitignore": "node_modules/\ndist/\n*.ready\n",
      "tsconfig.json":
        '{ "compilerOptions": { "outDir": "dist", "rootDir": ".", "sourceMap": true, "module": "commonjs", "types": [] }, "include": ["src/*.ts", "test/*.ts"] }\n',
      "src/sums.js": "",
      "src/own.ts": "export const add = (left: number, right: number): number => left + right;\n",
      "test/a.ts": `import { add } from "../src/own";\ndeclare const it: any;\nit("a", () => { if (add(1, 2) !== 3) throw new Error(); });\n`,
      "test/b.ts": test,
      ...files,
    },
    { command: "tsc && mocha 'dist/test/*.js'", workers: 2 },
  );
  const program = join(repository.root, "node_modules/.bin/tsc");
  const compiler = join(packageRoot, "node_modules/typescript/bin/tsc");
  await writeFile(program, `#!/bin/sh\necho built >> builds.ready\nexec node "${compiler}" "$@"\n`);
  await chmod(program, 0o755);
  return repository;
}

const failing = `declare const it: any;\nit("b", () => { throw new Error("never"); });\n`;

it("a suite that goes as processes is built once, reruns included", async () => {
  const { root } = await makeBuiltRepository(failing);
  await endsWith(1, runIn(root, []));
  const [suite] = (await readSummary(root)).suites;
  expect(suite).toMatchObject({ parallel: "processes", tests: { passed: 1, failed: 1 } });
  expect(await readFile(join(root, "builds.ready"), "utf8")).toBe("built\n");
});

it("a build that fails is told as that, and no test runs", async () => {
  const { root } = await makeBuiltRepository(failing, { "src/own.ts": "export const add: number = 'no';\n" });
  const { code, errors } = await runIn(root, []);
  expect(errors).toMatch(/web: its build failed: `tsc` exited with \d\. Last output:\n.*src\/own\.ts/);
  expect(code).toBe(3);
});
