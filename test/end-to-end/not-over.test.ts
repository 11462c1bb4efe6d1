import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { makeDirectory } from "../support/repository.ts";
import { runOutOfTime } from "../support/run-out-of-time.ts";
import { endsWith, makePytestRepository, readSummary, runIn } from "../support/verify.ts";
import { makeVitestRepository } from "../support/vitest-suite.ts";

const appears = (path: string): Promise<void> => vi.waitFor(() => expect(existsSync(path)).toBe(true), 20_000);

test("while a run goes on no earlier one's report stands; interrupted, it tells its counts and what was running", async () => {
  const sign = join(await makeDirectory(), "sign");
  const { root, write, commit } = await makePytestRepository();
  await endsWith(0, runIn(root, []));
  const waiting = `import time\nimport pytest\n\n\n@pytest.mark.skip\ndef test_later():\n    pass\n\n\ndef test_fails():\n    assert False\n\n\ndef test_waits():\n    open("${sign}", "w").close()\n    time.sleep(60)\n`;
  await write({ "tests/test_waits.py": waiting });
  await commit("waits");

  let interrupt = (): void => {};
  const running = runIn(root, [], { onStart: (ready) => (interrupt = ready) });
  await appears(sign);
  const begun = await readSummary(root);
  expect(begun).toMatchObject({ verdict: "interrupted", isOver: false, suites: [], coverage: null });
  expect(begun.reasons[0]).toContain(`as process ${process.pid}`);
  expect(await readFile(join(root, ".verify/summary.md"), "utf8")).toMatch(/^# ❌ Not finished: /);
  expect(existsSync(join(root, ".verify/coverage.lcov"))).toBe(false);
  interrupt();

  expect((await running).code).toBe(130);
  const summary = await readSummary(root);
  expect(summary).toMatchObject({ verdict: "interrupted", reasons: ["Interrupted."] });
  expect(summary.isOver).toBeUndefined();
  expect(summary.suites[0]).toMatchObject({ tests: { total: 4, passed: 1, failed: 1, skipped: 1 }, files: 2 });
  expect(summary.suites[0]?.failures).toMatchObject([{ file: "tests/test_waits.py", name: "test_fails" }]);
  expect(summary.suites[0]?.running).toMatchObject([{ file: "tests/test_waits.py", name: "test_waits" }]);
  expect(await readFile(join(root, ".verify/summary.md"), "utf8")).toContain("tests/test_waits.py › test_waits");
});

test("a suite of vitest that runs out of time names the test that it was in", async () => {
  const sign = join(await makeDirectory(), "sign");
  const hangs = `import { writeFileSync } from "node:fs";
import { test } from "vitest";
import "../src/sums.js";
test("hangs", { timeout: 600_000 }, async () => {
  writeFileSync("${sign}", "");
  await new Promise((done) => setTimeout(done, 600_000));
});
`;
  const { root } = await makeVitestRepository({ "test/sums.test.js": null, "test/hangs.test.js": hangs });
  await runOutOfTime({ 599: [sign] }, () => endsWith(1, runIn(root, ["--timeout", "599s"])));
  const [suite] = (await readSummary(root)).suites;
  expect(suite?.failures).toMatchObject([{ file: "test/hangs.test.js", name: "hangs", kind: "timeout" }]);
});
