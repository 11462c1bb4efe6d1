import type { Failure, FileChange, RejectionSummary, SuiteSummary, Summary } from "../../src/model/summary.ts";

const backend: SuiteSummary = {
  name: "backend",
  runner: "pytest",
  command: 'pytest -m "not slow"',
  workers: 2,
  seconds: 9.8,
  workSeconds: 41.2,
  files: 95,
  tests: { total: 806, passed: 804, failed: 0, skipped: 2 },
  databases: ["ledger_test_gw0", "ledger_test_gw1"],
  failures: [],
  isolation: "database",
  rejections: [],
  log: ".verify/logs/backend.log",
};

/** A verified push of two commits on a feature branch; a test overrides what it is about. */
export function sampleSummary(changed: Partial<Summary> = {}): Summary {
  return {
    schema: 1,
    verdict: "verified",
    commit: "3f2c1ab09d7e45c8b1a2f3e4d5c6b7a8990a1b2c",
    tree: "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d00112233",
    branch: "feature/ledger-balances",
    startedAt: "2026-01-27T10:15:00.000Z",
    seconds: 12.3,
    reasons: [],
    notes: [],
    verifiedIn: "worktree",
    suites: [backend],
    coverage: {
      lines: { covered: 2899, total: 3000 },
      threshold: 95,
      passed: true,
      files: [
        { file: "src/accounts.py", covered: 1000, total: 1000 },
        { file: "src/ledger.py", covered: 1899, total: 2000 },
      ],
    },
    checks: [{ name: "lint", command: "ruff check .", passed: true, seconds: 1.2, log: ".verify/logs/check-lint.log" }],
    changes: {
      base: "origin/main",
      mergeBase: "aa11bb22cc33dd44ee55ff66aa77bb88cc99dd00",
      files: [
        { file: "docs/balance.png", added: null, removed: null },
        { file: "src/ledger.py", added: 56, removed: 14 },
        { file: "tests/test_ledger.py", from: "tests/test_book.py", added: 1, removed: 1 },
      ],
      commits: [
        { commit: "7dfc6dbe0000000000000000000000000000aaaa", subject: "Keep a running balance", body: "Closes #12" },
        { commit: "3f2c1ab09d7e45c8b1a2f3e4d5c6b7a8990a1b2c", subject: "Round half to even", body: "" },
      ],
    },
    incomplete: [],
    receipt: { tree: "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d00112233", reused: false },
    environment: "linux x64, node 20.20.2, python 3.11.7",
    server: "embedded Postgres 17.10",
    version: "0.1.0",
    repeat: "npx verify 3f2c1ab --fresh",
    ...changed,
  };
}

/** The same push, refused: three tests fail and the gate is closed. */
export function failedSummary(failures: readonly Failure[] = sampleFailures(3)): Summary {
  const failed = failures.length;
  return sampleSummary({
    verdict: "failed",
    reasons: [
      `${failed} of 806 tests failed.`,
      "Coverage is 91.20 % (2736 of 3000 lines), the gate is 95 %: cover 114 more lines to pass. " +
        "Most missed: src/ledger.py (264 of 2000).",
    ],
    suites: [{ ...backend, tests: { total: 806, passed: 804 - failed, failed, skipped: 2 }, failures }],
    coverage: {
      lines: { covered: 2736, total: 3000 },
      threshold: 95,
      passed: false,
      files: [{ file: "src/ledger.py", covered: 1736, total: 2000 }],
    },
    incomplete: [],
    receipt: null,
  });
}

/** What the server refused in a run: a sibling's database three times, and the coordinator once. */
export const sampleRejections: readonly RejectionSummary[] = [
  { worker: "coordinator", database: "ledger_test_coordinator", times: 1, files: [] },
  { worker: "gw1", database: "ledger_test_gw0", times: 3, files: ["tests/test_ledger.py"] },
];

/** A summary whose suites met the rejections. */
export function refusedSummary(summary: Summary, rejections = sampleRejections): Summary {
  return { ...summary, suites: summary.suites.map((suite) => ({ ...suite, rejections })) };
}

export function sampleFailures(count: number): Failure[] {
  return Array.from({ length: count }, (_, index) => ({
    file: "tests/test_ledger.py",
    name: `test_balance_${index + 1}`,
    message: `AssertionError: assert ${index} == 41\n  where ${index} = balance()`,
    worker: `gw${index % 2}`,
    kind: "failure",
  }));
}

/** A test that failed on gw1 after others, and passes alone. */
export const sampleRace: Failure = {
  file: "tests/test_ledger.py",
  name: "test_balance_1",
  id: "tests/test_ledger.py::test_balance_1",
  message: "AssertionError: assert 0 == 41\n  where 0 = balance()",
  worker: "gw1",
  kind: "race",
  race: {
    filesBefore: ["tests/test_books.py", "tests/test_accounts.py"],
    testsBefore: 12,
    rejections: [],
    repeat: "npx verify repeat .verify/orders/1-gw1.json",
  },
};

/** A summary in which one test raced. */
export function racedSummary(summary: Summary): Summary {
  const tests = { total: 806, passed: 803, failed: 1, skipped: 2, races: 1 };
  return { ...summary, suites: summary.suites.map((suite) => ({ ...suite, tests, failures: [sampleRace] })) };
}

/** Changed files spread over areas: `area0/file0.py`, `area1/file1.py`, … */
export function sampleFiles(count: number, areas: number): FileChange[] {
  return Array.from({ length: count }, (_, index) => ({
    file: `area${index % areas}/file${index}.py`,
    added: 2,
    removed: 1,
  }));
}

/** A name that would be markup, end a table's cell, or end a line, if it were not kept as text. */
export const hostileName = "a|b`c`<script>alert(1)</script>\n# d";
