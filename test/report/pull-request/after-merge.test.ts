import { expect, test } from "vitest";
import type { HistorySummary, PastRun, SuiteSummary, Summary } from "../../../src/model/summary.ts";
import { afterMergeSection } from "../../../src/report/pull-request/after-merge.ts";
import { hostileName, racedSummary, sampleSummary } from "../sample.ts";

const watch = (summary: Summary): string | null => afterMergeSection(summary, { facts: 2 });
const history = (changed: Partial<HistorySummary>): Pick<Summary, "history"> => ({
  history: { base: null, serial: null, recent: [], races: [], ...changed },
});
const withSuite = (changed: Partial<SuiteSummary>): Partial<Summary> => ({
  suites: sampleSummary().suites.map((suite) => ({ ...suite, ...changed })),
});

test("the time is told with where it was measured, and tests that are skipped are counted", () => {
  expect(watch(sampleSummary())).toBe(`<details>
<summary>After merging</summary>

- **Time** of this run: 12.3 s (backend 9.8 s on 2 workers), measured on linux x64, node 20.20.2, python 3.11.7
- **Skipped**: 2 tests, which this run did not check

</details>`);
});

test("the bound is told where several workers have one", () => {
  const schedule = { boundSeconds: 8.5, ratio: 1.15, longest: null, savedBySplitting: null };
  expect(watch(sampleSummary(withSuite({ schedule })))).toContain("(backend 9.8 s on 2 workers, 8.5 s at best)");
  expect(watch(sampleSummary(withSuite({ schedule, workers: 1 })))).toContain("(backend 9.8 s on 1 worker)");
  const quick = { ...schedule, boundSeconds: 0.9 };
  expect(watch(sampleSummary(withSuite({ schedule: quick })))).toContain("(backend 9.8 s on 2 workers)");
});

const past = (seconds: number, changed: Partial<PastRun> = {}): PastRun => ({
  at: "2026-01-20T10:00:00.000Z",
  commit: "aa11",
  branch: "main",
  verdict: "verified",
  seconds,
  workers: 2,
  tests: { total: 1, passed: 1, failed: 0, skipped: 0 },
  lines: null,
  ...changed,
});

test("what verified runs with as many workers took is told from three on", () => {
  const others = [past(1, { verdict: "failed" }), past(99, { workers: 1 })];
  const recent = [past(12), past(9.5), ...others, past(14)];
  expect(watch(sampleSummary(history({ recent })))).toContain(
    "\n- The last 3 verified runs with 2 workers here took 9.5 s to 14.0 s\n",
  );
  expect(watch(sampleSummary(history({ recent: recent.slice(1) })))).not.toContain("The last");
});

test("races that are recorded are named with how often, and those let through as what they are", () => {
  const races = [
    { file: "tests/test_a.py", name: "test_one", times: 3 },
    { file: "tests/test_b.py", name: "test_two", times: 1 },
    { file: "tests/test_c.py", name: "test_three", times: 1 },
  ];
  const text = watch(racedSummary(sampleSummary(history({ races }))));
  expect(text).toContain(
    "- **Let through**, as they failed among the others and passed alone: `tests/test_ledger.py › test_balance_1`\n",
  );
  expect(text).toContain(
    "- **Flaky** in the last 30 runs: `tests/test_a.py › test_one` (3 times), `tests/test_b.py › test_two` (1 time), … and 1 more test\n",
  );
});

test("races that stopped the run were not let through", () => {
  expect(watch(racedSummary(sampleSummary({ verdict: "failed" })))).not.toContain("Let through");
});

test("nothing is said where nothing ran", () => {
  expect(watch(sampleSummary({ suites: [], ...history({ recent: [past(1), past(1), past(1)] }) }))).toBeNull();
});

test("names stay text", () => {
  const races = [{ file: hostileName, name: hostileName, times: 1 }];
  const text = watch(
    sampleSummary({ ...history({ races }), ...withSuite({ name: hostileName }), environment: hostileName }),
  );
  expect(text).not.toMatch(/<script>|\n#/);
});
