import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ownRunDirectories } from "../database/support.ts";
import type { Repository } from "../support/repository.ts";
import { configFile, makePytestRepository, readSummary, runIn, userEnvironment } from "../support/verify.ts";

const show = 'echo "$UV_NO_SYNC|$PYTHONPATH|$VERIFY_DATABASE_URL|$npm_lifecycle_event"';

/** A repository whose checks and database.setup are programs of its own, as installed ones are. */
async function withPrograms(): Promise<Repository> {
  const repository = await makePytestRepository(
    { ".gitignore": "__pycache__/\n.venv/\n" },
    { database: { setup: "show-setup" }, checks: { lint: "show-check" } },
  );
  await repository.write({ ".venv/pyvenv.cfg": "" });
  for (const name of ["show-setup", "show-check"]) {
    await repository.write({ [`.venv/bin/${name}`]: `#!/bin/sh\n${show}\n` });
    await chmod(join(repository.root, ".venv/bin", name), 0o755);
  }
  return repository;
}

const readLog = ({ root }: Repository, name: string): Promise<string> =>
  readFile(join(root, ".verify/logs", `${name}.log`), "utf8");

test("checks and database.setup find the project's programs, and nothing of how they were called", async () => {
  const repository = await withPrograms();
  const environment = await userEnvironment({ npm_lifecycle_event: "npx", PYTHONPATH: undefined });
  const { code, errors } = await runIn(repository.root, [], { environment });
  expect(errors).toBe("");
  expect(code).toBe(0);
  expect(await readLog(repository, "check-lint")).toBe("|||\n");
  expect(await readLog(repository, "database-setup")).toBe("|||\n");
});

test("in a worktree checks and database.setup leave the user's virtual environment as it is", async () => {
  const repository = await withPrograms();
  await repository.write({ "uncommitted.txt": "" });
  const { code, errors } = await runIn(repository.root, []);
  expect(errors).toBe("");
  expect(code).toBe(0);
  expect(await readLog(repository, "check-lint")).toMatch(/^1\|/);
  expect(await readLog(repository, "database-setup")).toMatch(/^1\|/);
});

test("a temporary directory that is not there is named, and no server is left", async () => {
  const repository = await makePytestRepository({}, { database: {} });
  const environment = await userEnvironment({ TMPDIR: "/nonexistent" });
  const { code, errors } = await runIn(repository.root, [], { environment });
  expect(code).toBe(3);
  expect(errors).toContain("No temporary directory can be made in /nonexistent: ENOENT");
  expect(await ownRunDirectories()).toEqual([]);
});

test("suites and checks with names that come to one file have results and logs of their own", async () => {
  const suite = { runner: "pytest", command: "pytest", source: ["src"], workers: 1 };
  const second = { ...suite, command: "pytest tests/test_more.py" };
  const repository = await makePytestRepository(
    { "tests/test_more.py": "def test_one():\n    pass\n\n\ndef test_two():\n    pass\n" },
    {
      suites: [
        { ...suite, name: "a b" },
        { ...second, name: "a-b" },
        { ...second, name: ".." },
      ],
      checks: { 前端: "echo one", 後端: "echo two", "a b": "true" },
    },
  );
  const { code } = await runIn(repository.root, []);
  expect(code).toBe(0);
  const { suites, checks } = await readSummary(repository.root);
  expect(suites.map(({ tests }) => tests.total)).toEqual([3, 2, 2]);
  const logs = [...suites, ...checks].map(({ log }) => log);
  expect(new Set(logs).size).toBe(6);
  expect(await readLog(repository, "check-後端")).toBe("two\n");
});

test("a suite that writes no results does not get those of another", async () => {
  const suite = { runner: "pytest", source: ["src"], workers: 1 };
  const repository = await makePytestRepository({
    "verify.config.json": configFile({
      suites: [
        { ...suite, name: "前端", command: "pytest" },
        { ...suite, name: "後端", command: "true" },
      ],
      database: false,
    }),
  });
  const { code, errors } = await runIn(repository.root, []);
  expect(code).toBe(3);
  expect(errors).toContain("後端: `true` exited with 0 before it could report any test.");
});
