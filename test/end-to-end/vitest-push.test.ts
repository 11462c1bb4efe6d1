import { expect, test } from "vitest";
import { makeVitestLedger } from "../support/ledger-repository.ts";
import type { Files, Repository } from "../support/repository.ts";
import { push, readSummary, useHook } from "../support/verify.ts";
import { makeVitestRepository } from "../support/vitest-suite.ts";

/** A small suite with the hook, for what has nothing to do with databases. */
async function makeSums(files: Files = {}): Promise<Repository> {
  const repository = await makeVitestRepository(files);
  await useHook(repository);
  return repository;
}

test("a push of a vitest suite that cannot share a database arrives, verified on a database per worker", async () => {
  const service = await makeVitestLedger();
  const { exitCode, output } = await push(service);
  expect(output).toContain("✔ Verified: main at");
  expect(exitCode).toBe(0);
  expect(await service.remoteCommit("refs/heads/main")).toBe(await service.git("rev-parse", "HEAD"));
  const { suites, coverage } = await readSummary(service.root);
  expect(suites[0]).toMatchObject({
    workers: 2,
    files: 4,
    tests: { total: 20, passed: 20, failed: 0 },
    databases: ["ledger_service_test_gw0", "ledger_service_test_gw1"],
  });
  expect(coverage?.passed).toBe(true);
});

test("a push with one broken vitest test leaves the remote unchanged and names the test and its worker", async () => {
  const wrong = 'import { expect, test } from "vitest";\ntest("wrong", () => expect(1 + 2).toBe(4));\n';
  const service = await makeSums({ "test/wrong.test.js": wrong });
  const { exitCode } = await push(service);
  expect(exitCode).not.toBe(0);
  expect(await service.remoteCommit("refs/heads/main")).toBeNull();
  const [failure, ...rest] = (await readSummary(service.root)).suites[0]?.failures ?? [];
  expect(rest).toEqual([]);
  expect(failure).toMatchObject({ file: "test/wrong.test.js", name: "wrong" });
  expect(failure?.worker).toMatch(/^gw[01]$/);
});

test("a push of a vitest suite under the gate leaves the remote unchanged", async () => {
  const service = await makeSums({ "src/legacy-import.js": "export const load = (rows) => {\n  return rows;\n};\n" });
  const { exitCode, output } = await push(service);
  expect(exitCode).not.toBe(0);
  expect(await service.remoteCommit("refs/heads/main")).toBeNull();
  expect(output).toContain("Most missed: src/legacy-import.js");
});

test("a worktree of a vitest suite runs with the checkout's node_modules", async () => {
  const service = await makeVitestLedger({ files: 2, tests: 5 });
  await service.write({ "test/half-written.test.js": "import './nowhere.js';\n" });
  const { exitCode, output } = await push(service);
  expect(output).toContain("✔ Verified");
  expect(exitCode).toBe(0);
  expect((await readSummary(service.root)).verifiedIn).toBe("worktree");
});

test("a worktree for whose lock file other packages are installed says which, and what helps", async () => {
  const service = await makeSums();
  await service.write({
    "package-lock.json": JSON.stringify({ packages: { "node_modules/vitest": { version: "1.0.0" } } }),
  });
  const commit = await service.commit("Another vitest");
  await service.write({ "notes.txt": "so that a worktree is needed\n" });
  const { exitCode, output } = await push(service);
  expect(exitCode).not.toBe(0);
  expect(output).toMatch(
    new RegExp(
      `vitest is not available in the repo's root: node_modules is not what the package-lock.json of ${commit.slice(0, 7)} names ` +
        "\\(vitest \\S+ installed, 1\\.0\\.0 wanted\\): run `npm ci`\\.",
    ),
  );
  expect(await service.remoteCommit("refs/heads/main")).toBeNull();
});
