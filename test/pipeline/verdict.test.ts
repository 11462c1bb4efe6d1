import { describe, expect, test } from "vitest";
import { nothingReported } from "../../src/coverage/files/measuring.ts";
import type { Count } from "../../src/model/count.ts";
import type { CoverageSummary, Failure, SuiteSummary } from "../../src/model/summary.ts";
import { type Findings, reachVerdict } from "../../src/pipeline/verdict.ts";
import type { SuiteOutcome } from "../../src/suite/suite-outcome.ts";
import { sampleSummary } from "../report/sample.ts";

const { suites, coverage, checks } = sampleSummary();
const [sample] = suites as [SuiteSummary];

function outcome(summary: Partial<SuiteSummary> = {}, rest: Partial<SuiteOutcome> = {}): SuiteOutcome {
  const lcov = [{ path: "coverage.lcov", base: "/repo" }];
  return {
    summary: { ...sample, ...summary },
    reasons: [],
    measuring: nothingReported,
    foreign: [],
    coverage: lcov,
    advice: [],
    notes: [],
    keepsSchema: false,
    dealt: null,
    record: { tests: [], timeline: [] },
    ...rest,
  };
}

function findings(changed: Partial<Findings> = {}): Findings {
  return { suites: [outcome()], coverage, checks, outside: [], changed: [], problems: [], ...changed };
}

/** The coverage of a gate of 95 % of lines that is closed. */
function linesOf(lines: Count, files: CoverageSummary["files"]): CoverageSummary {
  const gates = [{ metric: "lines", ...lines, threshold: 95, passed: false } as const];
  return { lines, threshold: 95, passed: false, files, gates };
}

function failure(kind: Failure["kind"]): Failure {
  return { file: "tests/test_a.py", name: "test_a", message: "no", kind };
}

test("what ran, passed and was measured is verified", () => {
  expect(reachVerdict(findings())).toEqual({ verdict: "verified", reasons: [] });
});

test("a run without checks is verified by its tests and coverage", () => {
  expect(reachVerdict(findings({ checks: [] })).verdict).toBe("verified");
});

test.each<[string, "failed" | "error", Partial<Findings>, string]>([
  ["no suite", "failed", { suites: [] }, "No suite ran, so nothing is verified."],
  [
    "no test",
    "failed",
    { suites: [outcome({ tests: { total: 0, passed: 0, failed: 0, skipped: 0 } })] },
    "No test of backend passed, so nothing is verified.",
  ],
  [
    "only skipped tests",
    "failed",
    { suites: [outcome({ tests: { total: 5, passed: 0, failed: 0, skipped: 5 } })] },
    "No test of backend passed, so nothing is verified.",
  ],
  [
    "one failed test of many",
    "failed",
    {
      suites: [outcome({ tests: { total: 806, passed: 805, failed: 1, skipped: 0 }, failures: [failure("failure")] })],
    },
    "1 of 806 tests failed in backend.",
  ],
  [
    "a failure that no count tells of",
    "failed",
    { suites: [outcome({ failures: [failure("collection")] })] },
    "1 test file of backend could not be loaded.",
  ],
  [
    "a crashed worker",
    "failed",
    { suites: [outcome({ failures: [failure("crash")] })] },
    "1 worker of backend crashed: what it had covered is lost, so the coverage figure is void.",
  ],
  [
    "a reason of the suite's own, though its tests passed",
    "failed",
    { suites: [outcome({}, { reasons: ["backend was ended after its timeout."] })] },
    "backend was ended after its timeout.",
  ],
  [
    "no coverage data of the only suite",
    "failed",
    { suites: [outcome({}, { coverage: null })], coverage: null },
    "There is no coverage data from backend, so the gate cannot be judged. Is coverage switched off there (--no-cov)?",
  ],
  [
    "no coverage data of one suite, though the others' opens the gate",
    "failed",
    { suites: [outcome(), outcome({ name: "frontend" }, { coverage: null })] },
    "There is no coverage data from frontend, so the gate cannot be judged. Is coverage switched off there (--no-cov)?",
  ],
  [
    "coverage that could not be merged",
    "failed",
    { coverage: null },
    "There is no coverage data, so the gate cannot be judged. Is coverage switched off there (--no-cov)?",
  ],
  [
    "coverage without a line",
    "failed",
    { coverage: linesOf({ covered: 0, total: 0 }, []) },
    "The coverage data names no source file, so there is nothing to measure against the gate of 95 %; " +
      "check the suite's `source` and its coverage configuration.",
  ],
  [
    "a closed gate",
    "failed",
    { coverage: linesOf({ covered: 94, total: 100 }, [{ file: "src/a.py", covered: 94, total: 100 }]) },
    "Coverage is 94 % (94 of 100 lines), the gate is 95 %: cover 1 more line to pass. Most missed: src/a.py (6 of 100).",
  ],
  [
    "figures that something speaks against",
    "failed",
    { problems: ["Nothing but tests is measured."] },
    "Nothing but tests is measured.",
  ],
  [
    "a closed gate that says no more",
    "failed",
    { coverage: { lines: { covered: 1, total: 2 }, threshold: 95, passed: false, files: [] } },
    "The coverage gate failed.",
  ],
  [
    "a failed check",
    "failed",
    {
      checks: [
        { name: "lint", command: "ruff check .", passed: false, seconds: 1, log: ".verify/logs/check-lint.log" },
      ],
    },
    'The check "lint" failed: `ruff check .`, see .verify/logs/check-lint.log.',
  ],
  [
    "a checkout that changed",
    "error",
    { changed: ["a", "b", "c", "d", "e"] },
    "The checkout changed while it was verified (a, b, c and 2 more), so the run says nothing about the commit: run it again.",
  ],
  [
    "code from elsewhere",
    "error",
    { outside: ["/home/ada/shop/src/a.py"] },
    "The suite ran code from outside the verified files (/home/ada/shop/src/a.py), such as an editable install of another checkout, or what a link leads to: " +
      "what was tested is not what was to be verified.",
  ],
])("%s is never verified", (_what, verdict, changed, reason) => {
  expect(reachVerdict(findings(changed))).toEqual({ verdict, reasons: [reason] });
});

test("files that could not be loaded are told as files, and not among the tests that failed", () => {
  const tests = { total: 6, passed: 3, failed: 3, skipped: 0 };
  const failures = [failure("collection"), failure("failure"), failure("collection")];
  expect(reachVerdict(findings({ suites: [outcome({ tests, failures })] })).reasons).toEqual([
    "2 test files of backend could not be loaded.",
    "1 of 4 tests failed in backend.",
  ]);
});

test("one of several suites is enough to fail", () => {
  const broken = outcome({ name: "frontend", tests: { total: 2, passed: 1, failed: 1, skipped: 0 } });
  expect(reachVerdict(findings({ suites: [outcome(), broken] })).reasons).toEqual(["1 of 2 tests failed in frontend."]);
});

test("what makes a run say nothing is named first, and all the rest after it", () => {
  const { verdict, reasons } = reachVerdict({
    suites: [
      outcome(
        { tests: { total: 1, passed: 0, failed: 1, skipped: 0 }, failures: [failure("failure")] },
        { reasons: ["backend had an error outside of any test: x"], coverage: null },
      ),
    ],
    coverage: null,
    problems: [],
    checks: [{ name: "lint", command: "lint", passed: false, seconds: 1, log: "l" }],
    outside: ["/x"],
    changed: ["a"],
  });
  expect(verdict).toBe("error");
  expect(reasons.map((reason) => reason.split(" ").slice(0, 2).join(" "))).toEqual([
    "The checkout",
    "The suite",
    "1 of",
    "backend had",
    "The check",
  ]);
});

describe("races", () => {
  const tests = { total: 806, passed: 804, failed: 2, skipped: 0, races: 1 };
  const raced = outcome({ tests: { ...tests, passed: 805, failed: 1 }, failures: [failure("race")] });
  const beside = outcome({ tests, failures: [failure("race"), failure("failure")] });

  test.each<[string, SuiteOutcome, string]>([
    ["one", raced, "1 of 806 tests failed in backend, flaky: it passes alone."],
    [
      "several and nothing else",
      outcome({ tests: { ...tests, races: 2 }, failures: [failure("race"), failure("race")] }),
      "2 of 806 tests failed in backend, all of them flaky: they pass alone.",
    ],
    ["one beside a failure", beside, "2 of 806 tests failed in backend, 1 of them flaky: it passes alone."],
    [
      "several beside failures",
      outcome({ tests: { ...tests, failed: 3, races: 2 }, failures: [failure("race"), failure("failure")] }),
      "3 of 806 tests failed in backend, 2 of them flaky: they pass alone.",
    ],
  ])("%s is not verified, and is named as a race", (_what, suite, reason) => {
    expect(reachVerdict(findings({ suites: [suite] }))).toEqual({ verdict: "failed", reasons: [reason] });
  });

  test("that no count tells of are not verified", () => {
    const { reasons } = reachVerdict(findings({ suites: [outcome({ failures: [failure("race")] })] }));
    expect(reasons).toEqual(["1 failure in backend."]);
  });

  test("alone do not stop a verdict where the configuration only warns", () => {
    expect(reachVerdict(findings({ suites: [raced] }), "warn")).toEqual({ verdict: "verified", reasons: [] });
  });

  test.each<[string, Partial<Findings>, string]>([
    ["a failed test", { suites: [beside] }, "1 of 806 tests failed in backend."],
    [
      "a failure that no count tells of",
      { suites: [outcome({ ...raced.summary, failures: [failure("race"), failure("collection")] })] },
      "1 test file of backend could not be loaded.",
    ],
    [
      "a crash",
      { suites: [outcome({ ...raced.summary, failures: [failure("race"), failure("crash")] })] },
      "1 worker of backend crashed: what it had covered is lost, so the coverage figure is void.",
    ],
    [
      "no test that passed",
      {
        suites: [
          outcome({ tests: { total: 1, passed: 0, failed: 1, skipped: 0, races: 1 }, failures: [failure("race")] }),
        ],
      },
      "No test of backend passed, so nothing is verified.",
    ],
    [
      "no coverage data",
      { suites: [{ ...raced, coverage: null }], coverage: null },
      "There is no coverage data from backend, so the gate cannot be judged. Is coverage switched off there (--no-cov)?",
    ],
    ["a reason of the suite's own", { suites: [{ ...raced, reasons: ["It broke."] }] }, "It broke."],
  ])("let through do not hide %s", (_what, changed, reason) => {
    expect(reachVerdict(findings({ suites: [raced], ...changed }), "warn")).toEqual({
      verdict: "failed",
      reasons: [reason],
    });
  });
});
