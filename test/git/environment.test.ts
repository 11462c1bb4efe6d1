import { execFileSync } from "node:child_process";
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scrubEnvironment, withoutCaller, withoutNpmRun } from "../../src/git/environment.ts";
import { makeRepository } from "../support/repository.ts";

test("no variable that git calls local to a repository is left", () => {
  const names = execFileSync("git", ["rev-parse", "--local-env-vars"], { encoding: "utf8" }).split("\n");
  const local = names.filter(Boolean);
  expect(local.length).toBeGreaterThan(10);
  expect(scrubEnvironment(Object.fromEntries(local.map((name) => [name, "x"])))).toEqual({});
});

test("git's numbered configuration is gone with its count", () => {
  expect(
    scrubEnvironment({ GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "core.bare", GIT_CONFIG_VALUE_0: "true" }),
  ).toEqual({});
});

test("what says who commits and where git's configuration lies is kept", () => {
  const kept = { GIT_AUTHOR_NAME: "Ada", GIT_CONFIG_GLOBAL: "/dev/null", GIT_SSH_COMMAND: "ssh -4", PATH: "/bin" };
  expect(scrubEnvironment(kept)).toEqual(kept);
});

test.each([
  "VITEST",
  "VITEST_WORKER_ID",
  "VITEST_POOL_ID",
  "JEST_WORKER_ID",
  "MOCHA_WORKER_ID",
  "NODE_TEST_CONTEXT",
  "NODE_V8_COVERAGE",
  "PYTEST_XDIST_WORKER",
  "PYTEST_XDIST_WORKER_COUNT",
  "PYTEST_CURRENT_TEST",
  "COV_CORE_SOURCE",
  "COVERAGE_PROCESS_START",
])("%s of a runner around us is gone", (name) => {
  expect(scrubEnvironment({ [name]: "1" })).toEqual({});
});

test("what would narrow a suite from one shell only is gone", () => {
  const narrowing = { PYTEST_ADDOPTS: "-k fast", PYTEST_PLUGINS: "mine", COVERAGE_RCFILE: "/rc", PYTHONOPTIMIZE: "1" };
  expect(scrubEnvironment(narrowing)).toEqual({});
});

test("a user's own options for Node are kept, but for those that run a part of the tests", () => {
  const kept = { NODE_OPTIONS: '--max-old-space-size=4096 --require "./a --test-only.cjs" --test-only-x' };
  expect(scrubEnvironment(kept)).toEqual(kept);
  const narrowed = '--test-only --no-warnings --test-name-pattern="a b" --test-shard 1/2 --test-skip-pattern=x';
  expect(scrubEnvironment({ NODE_OPTIONS: narrowed })).toEqual({ NODE_OPTIONS: " --no-warnings" });
});

test("what an outer verification gave its worker is gone, what the user set is kept", () => {
  const kept = { VERIFY_DATABASE_URL: "postgresql://there/", VERIFY_TOKEN: "the suite's own" };
  expect(
    scrubEnvironment({
      VERIFY_WORKER: "gw0",
      VERIFY_LEASES: "/tmp/leases",
      VERIFY_WORKER_ENVIRONMENTS: "{}",
      VERIFY_LCOV: "x",
      VERIFY_OTHER_CHECKOUTS: "/there",
      ...kept,
    }),
  ).toEqual(kept);
});

test("what npm tells the program it runs is gone, the user's own settings are kept", () => {
  const kept = { npm_config_registry: "mine", NPM_TOKEN: "mine", npm_config_cache: "mine" };
  const told = ["npm_lifecycle_event", "npm_package_json", "npm_command", "npm_config_local_prefix", "INIT_CWD"];
  expect(withoutNpmRun({ ...Object.fromEntries(told.map((name) => [name, "x"])), ...kept })).toEqual(kept);
});

test("the server that we were given is not for what we start", () => {
  expect(withoutCaller({ VERIFY_DATABASE_URL: "postgresql://u:p@h", DATABASE_URL: "kept" })).toEqual({
    DATABASE_URL: "kept",
  });
});

test("what git exports to the hook of a linked worktree is gone", async () => {
  const repository = await makeRepository({ "a.txt": "one\n" });
  const linked = join(repository.root, "..", "linked");
  await repository.git("worktree", "add", "--quiet", "-b", "topic", linked);
  await repository.write({ "../hooks/pre-push": `#!/bin/sh\nenv -0 >'${repository.root}/../seen'\n` });
  await chmod(join(repository.root, "../hooks/pre-push"), 0o755);
  const hooks = join(repository.root, "../hooks");
  await repository.git("-C", linked, "-c", `core.hooksPath=${hooks}`, "push", "--quiet", "origin", "topic");
  const lines = (await readFile(join(repository.root, "../seen"), "utf8")).split("\0").filter(Boolean);
  const seen = Object.fromEntries(lines.map((line) => line.split(/=([\s\S]*)/, 2)));
  expect(seen.GIT_DIR).toContain("/.git/worktrees/linked");
  expect(seen.GIT_CONFIG_PARAMETERS).toContain("core.hooksPath");
  const scrubbed = scrubEnvironment(seen);
  expect(scrubbed).not.toHaveProperty("GIT_DIR");
  expect(scrubbed).not.toHaveProperty("GIT_CONFIG_PARAMETERS");
});
