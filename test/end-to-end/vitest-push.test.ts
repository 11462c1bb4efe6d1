import { expect, test } from "vitest";
import { makeVitestLedger } from "../support/ledger-repository.ts";
import { push, readSummary } from "../support/verify.ts";

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
  const service = await makeVitestLedger({ broken: true });
  const { exitCode } = await push(service);
  expect(exitCode).not.toBe(0);
  expect(await service.remoteCommit("refs/heads/main")).toBeNull();
  const [failure, ...rest] = (await readSummary(service.root)).suites[0]?.failures ?? [];
  expect(rest).toEqual([]);
  expect(failure?.file).toMatch(/^test\/books-\d\.test\.js$/);
  expect(failure?.worker).toMatch(/^gw[01]$/);
});

test("a push of a vitest suite under the gate leaves the remote unchanged", async () => {
  const service = await makeVitestLedger({ coverage: "low" });
  const { exitCode, output } = await push(service);
  expect(exitCode).not.toBe(0);
  expect(await service.remoteCommit("refs/heads/main")).toBeNull();
  expect(output).toContain("Most missed: src/legacy-import.js");
});

test("a worktree of a vitest suite runs with the checkout's node_modules", async () => {
  const service = await makeVitestLedger();
  await service.write({ "test/half-written.test.js": "import './nowhere.js';\n" });
  const { exitCode, output } = await push(service);
  expect(output).toContain("✔ Verified");
  expect(exitCode).toBe(0);
  expect((await readSummary(service.root)).verifiedIn).toBe("worktree");
});

test("a worktree whose lock file is another says why vitest is missing", async () => {
  const service = await makeVitestLedger();
  await service.write({ "package-lock.json": '{ "lockfileVersion": 3, "packages": {} }\n' });
  const { exitCode, output } = await push(service);
  expect(exitCode).not.toBe(0);
  expect(output).toContain("vitest is not installed in the repo's root");
  expect(output).toMatch(/The package-lock\.json of [0-9a-f]{10} is not the one the checkout has/);
});
