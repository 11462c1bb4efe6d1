import { expect, test } from "vitest";
import { makeLedger } from "../support/ledger-repository.ts";
import type { Files, Repository } from "../support/repository.ts";
import { makePytestRepository, push, readSummary, useHook } from "../support/verify.ts";

/** A small suite with the hook, for what has nothing to do with databases. */
async function makeSums(files: Files = {}): Promise<Repository> {
  const repository = await makePytestRepository(files);
  await useHook(repository);
  return repository;
}

const broken = { "tests/test_wrong.py": "from sums import add\n\n\ndef test_wrong():\n    assert add(1, 2) == 4\n" };

test("a push of a ledger that cannot share a database arrives, verified on a database per worker", async () => {
  const ledger = await makeLedger({ tests: 12, files: 2 });
  const { exitCode, output } = await push(ledger);
  expect(output).toContain("✔ Verified: main at");
  expect(exitCode).toBe(0);
  expect(await ledger.remoteCommit("refs/heads/main")).toBe(await ledger.git("rev-parse", "HEAD"));

  const { verdict, suites, coverage, receipt } = await readSummary(ledger.root);
  expect(verdict).toBe("verified");
  expect(suites[0]).toMatchObject({
    workers: 2,
    files: 2,
    tests: { total: 12, passed: 12, failed: 0, skipped: 0 },
    databases: ["finance_report_test_gw0", "finance_report_test_gw1"],
  });
  expect((coverage?.lines.covered ?? 0) / (coverage?.lines.total ?? 1)).toBeGreaterThan(0.95);
  expect(receipt).toEqual({ tree: await ledger.git("rev-parse", "HEAD^{tree}"), reused: false });
});

test("a push with one broken test leaves the remote unchanged and names the test", async () => {
  const sums = await makeSums(broken);
  const { exitCode, output } = await push(sums);
  expect(exitCode).not.toBe(0);
  expect(await sums.remoteCommit("refs/heads/main")).toBeNull();
  expect(output).toContain("1 of 2 tests failed in backend.");
  expect(output).toContain("Push stopped; nothing was sent.");
  expect((await readSummary(sums.root)).suites[0]?.failures).toHaveLength(1);
});

test("a push under the gate leaves the remote unchanged and names the file that misses the most", async () => {
  const sums = await makeSums({ "src/legacy_import.py": "def load(rows):\n    return list(rows)\n" });
  const { exitCode, output } = await push(sums);
  expect(exitCode).not.toBe(0);
  expect(await sums.remoteCommit("refs/heads/main")).toBeNull();
  expect(output).toContain("Coverage is 50 % (2 of 4 lines), the gate is 95 %");
  expect(output).toContain("Most missed: src/legacy_import.py");
});

test("a working tree that is broken does not stop the push of a good commit", async () => {
  const sums = await makeSums();
  await sums.write({
    "tests/conftest.py": "raise SystemExit('half written')\n",
    "pytest.ini": "[pytest]\naddopts = --nonsense\n",
  });
  const { exitCode, output } = await push(sums);
  expect(output).toContain("2 uncommitted changes are not part of it");
  expect(output).toContain("✔ Verified");
  expect(exitCode).toBe(0);
  expect(await sums.git("worktree", "list")).not.toContain("\n");
  expect((await readSummary(sums.root)).verifiedIn).toBe("worktree");
});

test("a commit that is broken does not pass because the working tree is mended", async () => {
  const sums = await makeSums(broken);
  await sums.write({ "tests/test_wrong.py": null });
  const { exitCode } = await push(sums);
  expect(exitCode).not.toBe(0);
  expect(await sums.remoteCommit("refs/heads/main")).toBeNull();
});

test("the same tree under another commit and name passes at once", async () => {
  const sums = await makeSums();
  await push(sums);
  await sums.git("commit", "--quiet", "--no-verify", "--amend", "--message", "Begin, said better");
  const { exitCode, output } = await push(sums, ["origin", "HEAD:refs/heads/other"]);
  expect(exitCode).toBe(0);
  expect(output).toContain("pushproof: already verified");
  expect(output).not.toContain("backend");
});

test("a deletion passes with a word", async () => {
  const sums = await makeSums();
  await sums.git("push", "--no-verify", "origin", "main", "main:doomed");
  const { exitCode, output } = await push(sums, ["origin", ":doomed"]);
  expect(exitCode).toBe(0);
  expect(output).toContain("only deletions are pushed, nothing to verify");
});

test("of two branches pushed at once, a bad one stops both", async () => {
  const sums = await makeSums();
  await sums.git("checkout", "--quiet", "-b", "bad");
  await sums.write(broken);
  await sums.commit("Break a test");
  const { exitCode } = await push(sums, ["origin", "main", "bad"]);
  expect(exitCode).not.toBe(0);
  expect(await sums.remoteCommit("refs/heads/main")).toBeNull();
  expect(await sums.remoteCommit("refs/heads/bad")).toBeNull();
});

test("a linked worktree pushes what it has", async () => {
  const sums = await makeSums();
  const linked = `${sums.root}-linked`;
  await sums.git("worktree", "add", "--quiet", "-b", "side", linked);
  const { exitCode, output } = await push({ ...sums, root: linked }, ["origin", "side"]);
  expect(output).toContain("✔ Verified: side at");
  expect(exitCode).toBe(0);
  expect((await readSummary(linked)).verifiedIn).toBe("checkout");
});
