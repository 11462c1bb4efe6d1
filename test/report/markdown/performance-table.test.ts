import { expect, test } from "vitest";
import type { HistorySummary, PastRun, SuiteSummary, Summary } from "../../../src/model/summary.ts";
import { performanceTable } from "../../../src/report/markdown/performance-table.ts";
import { hostileName, sampleSummary } from "../sample.ts";

const main: PastRun = {
  at: "2026-01-20T10:00:00.000Z",
  commit: "aa11bb22cc33",
  branch: "main",
  verdict: "verified",
  seconds: 24.6,
  workers: 2,
  tests: { total: 800, passed: 800, failed: 0, skipped: 0 },
  lines: { covered: 95, total: 100 },
};
const serial: PastRun = {
  ...main,
  at: "2026-01-19T10:00:00.000Z",
  commit: "bb22cc33",
  seconds: 61.5,
  workers: 1,
  lines: null,
};

const history = (changed: Partial<HistorySummary>): Pick<Summary, "history"> => ({
  history: { base: null, serial: null, recent: [], races: [], ...changed },
});

const rows = (changed: Partial<Summary>): string[] | undefined =>
  performanceTable(sampleSummary(changed))?.split("\n").slice(2);

const thisRow = "| **This run** | 2 | 12.3 s |  | 804 passed, 2 skipped | 96.63 % |";
const sumRow = "| Total test time |  | 41.2 s | 3.3× as long |  |  |";

test("this run stands beside the last one of the base branch and the serial one", () => {
  expect(
    performanceTable(sampleSummary(history({ base: main, serial }))),
  ).toBe(`| Run | Workers | Wall time | Against this run | Tests | Coverage |
| --- | ---: | ---: | ---: | --- | --- |
${thisRow}
| Last run of \`main\`: \`aa11bb2\`, 2026-01-20 | 2 | 24.6 s | 2.0× as long | 800 passed | 95 % |
| Serial run: \`bb22cc3\`, 2026-01-19 | 1 | 1 min 1.5 s | 5.0× as long | 800 passed |  |`);
});

test("without a serial run the tests' own durations stand in, named as what they are", () => {
  const base = "| Last run of `main`: `aa11bb2`, 2026-01-20 | 2 | 24.6 s | 2.0× as long | 800 passed | 95 % |";
  expect(rows(history({ base: main }))).toEqual([thisRow, base, sumRow]);
  expect(rows(history({}))).toEqual([thisRow, sumRow]);
  expect(rows({})).toEqual([thisRow, sumRow]);
});

test("a serial run that is the base branch's last one stands there once", () => {
  expect(rows(history({ base: { ...main, workers: 1 }, serial: { ...main, workers: 1 } }))).toHaveLength(2);
});

const withSuite = (changed: Partial<SuiteSummary>): Partial<Summary> => ({
  suites: sampleSummary().suites.map((suite) => ({ ...suite, ...changed })),
});

test.each<[string, Partial<Summary>]>([
  ["one worker ran all, and nothing is recorded", withSuite({ workers: 1 })],
  ["total test time less than the run took", withSuite({ workSeconds: 12 })],
  ["nothing ran", { suites: [], ...history({ base: main }) }],
  ["the run left something out", { incomplete: ["a suite"], ...history({ base: main, serial }) }],
])("there is no table where %s", (_why, changed) => {
  expect(performanceTable(sampleSummary(changed))).toBeNull();
});

test("a run that took less than this one is told as such", () => {
  expect(rows(history({ base: { ...main, seconds: 6.15 } }))?.[1]).toContain("| 6.2 s | 0.5× as long |");
});

test("a ratio that would read as nothing is left out", () => {
  expect(rows(history({ base: { ...main, seconds: 0.2 } }))?.[1]).toContain("| 0.2 s |  |");
});

test("the figures of a reused proof are those of the run that proved the tree", () => {
  const { tree } = sampleSummary();
  expect(rows({ receipt: { tree, reused: true } })?.[0]).toContain("**The run that proved this tree**");
});

test("names stay text", () => {
  const [, row = ""] = rows(history({ base: { ...main, branch: hostileName } })) ?? [];
  expect(row).not.toContain("<script>");
  expect(row.match(/\|/g)).toHaveLength(7);
});
