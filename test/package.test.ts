import { cp, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { packageRoot } from "../src/shared/paths.ts";
import { makeDirectory, makeRepository } from "./support/repository.ts";
import { runShell, suiteEnvironment } from "./support/run.ts";
import { userEnvironment } from "./support/verify.ts";

test("the built schema takes our own configuration, and refuses a key that is unknown", async () => {
  const read = async (name: string) => JSON.parse(await readFile(join(packageRoot, name), "utf8"));
  const { $schema: _dialect, ...schema } = await read("dist/verify.config.schema.json");
  const validate = new Ajv({ strict: false }).compile(schema);
  const config = await read("verify.config.json");
  expect(validate(config), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ ...config, suits: [] })).toBe(false);
});

test("the built schema of policies takes the least of them, and refuses a key that is unknown", async () => {
  const { $schema: _dialect, ...schema } = JSON.parse(
    await readFile(join(packageRoot, "dist/verify.policy.schema.json"), "utf8"),
  );
  const validate = new Ajv({ strict: false }).compile(schema);
  const policy = { repository: "3".repeat(40), allowedSigners: "trust/signers" };
  expect(validate(policy), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ ...policy, freshPath: [] })).toBe(false);
});

test("a build gives a program that can be run, leaves nothing of the last one, and has one there all the time", async () => {
  const directory = await makeDirectory();
  for (const part of ["package.json", "rolldown.config.js", "tsconfig.json", "src"]) {
    await cp(join(packageRoot, part), join(directory, part), { recursive: true });
  }
  await symlink(join(packageRoot, "node_modules"), join(directory, "node_modules"));
  await mkdir(join(directory, "dist"));
  await writeFile(join(directory, "dist", "stale.js"), "");
  await writeFile(join(directory, "dist", "main.js"), "");
  let isBuilt = false;
  const build = runShell("npm run build && dist/main.js --version", directory, suiteEnvironment()).finally(() => {
    isBuilt = true;
  });
  while (!isBuilt) {
    await stat(join(directory, "dist", "main.js"));
    await sleep(1);
  }
  const { exitCode, output } = await build;
  expect(output).toMatch(/^\d+\.\d+\.\d+$/m);
  expect(exitCode).toBe(0);
  await expect(stat(join(directory, "dist", "stale.js"))).rejects.toThrow("ENOENT");
});

test.each([
  "init",
  "init --ci github",
  "workflows",
  "doctor",
  "status",
  "receipts list",
  "db list",
  "db clean",
  "pr",
  "check",
  "--working-tree",
])("the built program has all that `verify %s` loads", async (command) => {
  const repository = await makeRepository({
    "index.js": "exports.one = () => 1;\n",
    "test/one.test.js": 'require("node:test").test("one", () => require("../index.js").one());\n',
    "package.json": JSON.stringify({ name: "one", main: "index.js", scripts: { test: "node --test" } }),
    "jest.config.cjs": "module.exports = { coverageThreshold: { global: { lines: 90 } } };\n",
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    ".github/workflows/test.yml": "on: push\njobs:\n  test:\n    steps:\n      - run: npm test\n",
  });
  const environment = await userEnvironment();
  const { output } = await runShell(`${join(packageRoot, "dist/main.js")} ${command}`, repository.root, environment);
  expect(output).not.toContain("This is a bug in pushproof");
});

test("up to its first stage, the program loads no more than half a megabyte of itself", async () => {
  const repository = await makeRepository({});
  const [loaded, environment] = [await makeDirectory(), await userEnvironment()];
  // Node lists there what it loads. Without a configuration, the program ends right after that stage.
  const { output } = await runShell(join(packageRoot, "dist/main.js"), repository.root, {
    ...environment,
    NODE_V8_COVERAGE: loaded,
  });
  expect(output).toContain("✔ Checkout: ");
  const [list = ""] = await readdir(loaded);
  const { result } = JSON.parse(await readFile(join(loaded, list), "utf8"));
  const urls = (result as { url: string }[]).map(({ url }) => url).filter((url) => url.includes("/dist/"));
  const sizes = await Promise.all(urls.map(async (url) => (await stat(new URL(url))).size));
  expect(sizes.length).toBeGreaterThan(1);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(500_000);
});

test("the README counts the packages that are installed", async () => {
  const { packages } = JSON.parse(await readFile(join(packageRoot, "package-lock.json"), "utf8"));
  // Of Postgres's binaries, those of one platform.
  const installed = Object.entries<{ dev?: boolean; devOptional?: boolean; optional?: boolean }>(packages).filter(
    ([path, { dev, devOptional, optional }]) => !dev && (!(devOptional || optional) || path.endsWith("linux-x64")),
  );
  const [, told] =
    /^\*\*What is installed\*\*: (\d+) packages/m.exec(await readFile(join(packageRoot, "README.md"), "utf8")) ?? [];
  // The lock file's first entry is this package.
  expect(Number(told)).toBe(installed.length);
});
