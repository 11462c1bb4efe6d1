import picocolors from "picocolors";
import { describe, expect, test } from "vitest";
import type { CoverageSummary, SuiteSummary, Summary } from "../../../src/model/summary.ts";
import { verdictText } from "../../../src/report/terminal/verdict-text.ts";
import { failedSummary, hostileName, racedSummary, refusedSummary, sampleFailures, sampleSummary } from "../sample.ts";

const plain = (summary: Summary): string => verdictText(summary, picocolors.createColors(false));
const longSchedule = {
  boundSeconds: 9,
  ratio: 1.04,
  longest: { file: "tests/accounting/test_the_longest.py", seconds: 9 },
  savedBySplitting: 4,
};

test("a verified push", () => {
  expect(plain(sampleSummary())).toMatchInlineSnapshot(`
    "✔ Verified: feature/ledger-balances at 3f2c1ab
      Tests     804 passed, 2 skipped, in 95 files
      Coverage  96.63 % of lines (2899 of 3000), gate 95 %
      Time      12.3 s; total test time 41.2 s (3.3×)
      Workers   2, each with a database of its own
      See .verify/summary.md"
  `);
});

test("a refused push", () => {
  expect(plain(failedSummary())).toMatchInlineSnapshot(`
    "✘ Not verified: feature/ledger-balances at 3f2c1ab
      Tests     801 passed, 3 failed, 2 skipped, in 95 files
      Coverage  91.20 % of lines (2736 of 3000), gate 95 %
      Time      12.3 s; total test time 41.2 s (3.3×)
      Workers   2, each with a database of its own
    3 of 806 tests failed.
    Coverage is 91.20 % (2736 of 3000 lines), the gate is 95 %: cover 114 more lines to pass. Most missed: src/ledger.py (264 of 2000).
      ✘ tests/test_ledger.py › test_balance_1
        AssertionError: assert 0 == 41
          where 0 = balance()
      ✘ tests/test_ledger.py › test_balance_2
        AssertionError: assert 1 == 41
          where 1 = balance()
      ✘ tests/test_ledger.py › test_balance_3
        AssertionError: assert 2 == 41
          where 2 = balance()
      See .verify/summary.md, .verify/logs/backend.log
      Run again: npx verify 3f2c1ab --fresh"
  `);
});

test("many failures take a line each, ten at most, and the rest is counted", () => {
  const text = plain(failedSummary(sampleFailures(30)));
  expect(text.match(/✘ tests\/test_ledger\.py › test_balance_\d+ {2}AssertionError: assert \d+ == 41$/gm)).toHaveLength(
    10,
  );
  expect(text).toContain("… and 20 more failures");
});

test.each([0, 1, 5, 6, 9, 10, 11, 500])("with %i failures and long reasons it all fits one screen", (count) => {
  const sample = failedSummary(sampleFailures(count));
  const lines = onTerminal({ ...sample, reasons: Array.from({ length: 9 }, () => "A long reason. ".repeat(40)) }, 80);
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(lines.join("\n")).toMatch(/… and \d more reasons/);
});

test("in a pipe reasons, notes and messages are told whole", () => {
  const sentence = "A long sentence that has some words. ".repeat(20).trim();
  const failures = sampleFailures(1).map((failure) => ({ ...failure, message: sentence }));
  const text = plain({
    ...failedSummary(failures),
    reasons: [sentence],
    notes: [sentence, "second", "third", "fourth"],
  });
  expect(text.split("\n").filter((line) => line.trim() === sentence)).toHaveLength(3);
  expect(text).toContain("\n  fourth\n");
  expect(text).not.toContain("…");
});

test.each([
  [40, 24],
  [80, 10],
])("the first note, which helps most, is there at %i columns and %i rows", (columns, rows) => {
  const sample = refusedSummary(failedSummary(sampleFailures(30)));
  const many = Array.from({ length: 9 }, () => "A long reason that has some words. ".repeat(20));
  const lines = onTerminal({ ...sample, reasons: many, notes: ["Set this one.", ...many] }, columns, rows);
  expect(lines).toContain("  Set this one.");
});

test.each([
  [60, 24],
  [80, 10],
])(
  "at %i columns and %i rows no note that helps is left out or cut, whatever else there is to say",
  (columns, rows) => {
    const sample = refusedSummary(failedSummary(sampleFailures(30)));
    const many = Array.from({ length: 9 }, () => "A long reason that has some words. ".repeat(20));
    const helping = ["first", "second", "third", "fourth"].map((word) => `Set ${"much ".repeat(60)}for the ${word}.`);
    const lines = onTerminal({ ...sample, reasons: many, notes: [...helping, ...many], advice: 4 }, columns, rows);
    const text = lines.map((line) => line.trim()).join(" ");
    for (const note of helping) expect(text).toContain(note);
  },
);

test("where there is room for all notes, none is left out", () => {
  const notes = ["first", "second", "third", "fourth", "fifth"];
  expect(onTerminal({ ...sampleSummary(), notes }, 80)).toEqual(
    expect.arrayContaining(notes.map((note) => `  ${note}`)),
  );
});

/** What a terminal of so many columns shows: rows, as it breaks what is too long. */
const onTerminal = (summary: Summary, columns: number, rows = 24): string[] => {
  const text = verdictText(summary, picocolors.createColors(false), { columns, rows, wraps: true });
  return text.split("\n").flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, "gu")) ?? [""]);
};

test("on a narrow terminal the words stay whole, and the command has a line of its own", () => {
  const summary = { ...failedSummary(sampleFailures(1)), repeat: "npx verify 3f2c1ab90e --fresh" };
  expect(onTerminal(summary, 40).join("\n")).toMatchInlineSnapshot(`
    "✘ Not verified: feature/ledger-balances
      at 3f2c1ab
      Tests     803 passed, 1 failed, 2
        skipped, in 95 files
      Coverage  91.20 % of lines (2736 of
        3000), gate 95 %
      Time      12.3 s; total test time 41.2
        s (3.3×)
      Workers   2, each with a database of
        its own
    1 of 806 tests failed.
    Coverage is 91.20 % (2736 of 3000
      lines), the gate is 95 %: cover 114
      more lines to pass. Most missed:
      src/ledger.py (264 of 2000).
      ✘ …/test_ledger.py › test_balance_1
        AssertionError: assert 0 == 41
          where 0 = balance()
      See .verify/summary.md,
        .verify/logs/backend.log
      Run again:
      npx verify 3f2c1ab90e --fresh"
  `);
});

test("on a wide terminal a figure goes on below its value", () => {
  const summary = sampleSummary({
    suites: [{ ...(sampleSummary().suites[0] as SuiteSummary), schedule: longSchedule }],
  });
  expect(onTerminal(summary, 80).join("\n")).toMatchInlineSnapshot(`
    "✔ Verified: feature/ledger-balances at 3f2c1ab
      Tests     804 passed, 2 skipped, in 95 files
      Coverage  96.63 % of lines (2899 of 3000), gate 95 %
      Time      12.3 s; total test time 41.2 s (3.3×); splitting
                tests/accounting/test_the_longest.py saves 4.0 s
      Workers   2, each with a database of its own
      See .verify/summary.md"
  `);
});

test.each([
  [80, 24],
  [40, 24],
  [120, 60],
  [80, 16],
  [60, 24],
])("at %i columns and %i rows the end is one screen whatever there is to say", (columns, rows) => {
  const sentence = "A long reason that has some words. ".repeat(20);
  for (const count of [0, 1, 3, 30]) {
    const sample = refusedSummary(failedSummary(sampleFailures(count)));
    const many = Array.from({ length: 9 }, () => sentence);
    const lines = onTerminal({ ...sample, reasons: many, notes: many }, columns, rows);
    expect(lines.length).toBeLessThanOrEqual(Math.min(24, rows));
    if (count >= 3) expect(lines.filter((line) => line.startsWith("  ✘ ")).length).toBeGreaterThanOrEqual(3);
  }
});

test("there are four figures at most, what belongs together on one", () => {
  const sample = sampleSummary();
  const [suite] = sample.suites;
  const summary = {
    ...sample,
    coverage: { ...(sample.coverage as CoverageSummary), changedLines: { covered: 40, total: 41 } },
    suites: [{ ...(suite as SuiteSummary), schedule: { ...longSchedule, savedBySplitting: null } }],
  };
  expect(plain(summary).split("\n").slice(1, -1)).toEqual([
    "  Tests     804 passed, 2 skipped, in 95 files",
    "  Coverage  96.63 % of lines (2899 of 3000), gate 95 %; 97.56 % of the changed lines (40 of 41)",
    "  Time      12.3 s; total test time 41.2 s (3.3×)",
    "  Workers   2, each with a database of its own",
  ]);
});

test("what the server refused stands right above the failures, with what to do", () => {
  expect(plain(refusedSummary(failedSummary(sampleFailures(1))))).toMatchInlineSnapshot(`
    "✘ Not verified: feature/ledger-balances at 3f2c1ab
      Tests     803 passed, 1 failed, 2 skipped, in 95 files
      Coverage  91.20 % of lines (2736 of 3000), gate 95 %
      Time      12.3 s; total test time 41.2 s (3.3×)
      Workers   2, each with a database of its own
    1 of 806 tests failed.
    Coverage is 91.20 % (2736 of 3000 lines), the gate is 95 %: cover 114 more lines to pass. Most missed: src/ledger.py (264 of 2000).
      The process that coordinates the workers tried to reach ledger_test_coordinator.
      gw1 tried to reach ledger_test_gw0 (3 times), in tests/test_ledger.py.
      The server lets a worker only into its own database, which its variables name; for a suite that hard-codes names, set "isolation": "server" in "database".
      Code outside a worker (global setup, a conftest's import) has no database: set "parallel": "processes" in the suite, or do it in "database.setup".
      ✘ tests/test_ledger.py › test_balance_1
        AssertionError: assert 0 == 41
          where 0 = balance()
      See .verify/summary.md, .verify/logs/backend.log
      Run again: npx verify 3f2c1ab --fresh"
  `);
});

test("of many refusals three are shown, two rows at most each", () => {
  const many = Array.from({ length: 9 }, (_, index) => ({
    worker: "gw1",
    database: `t${"x".repeat(300)}${index}`,
    times: 1,
    files: [],
  }));
  const text = plain(refusedSummary(sampleSummary(), many));
  expect(text.match(/tried to reach/g)).toHaveLength(3);
  expect(text).toContain("… and 6 more databases");
  for (const line of text.split("\n").filter((row) => row.includes("tried to reach")))
    expect(line.length).toBeLessThanOrEqual(160);
});

test("a race says what its worker had run before, and how to run that again", () => {
  const text = plain(racedSummary(failedSummary()));
  expect(text).not.toContain("let through");
  expect(text).toContain(`
  ✘ tests/test_ledger.py › test_balance_1
    Flaky: passes alone, failed on gw1 after 12 tests, of tests/test_books.py, tests/test_accounts.py
    In that order again: npx verify repeat .verify/orders/1-gw1.json
    AssertionError: assert 0 == 41
      where 0 = balance()
`);
});

test("a race that is let through is marked, and no failure", () => {
  const text = plain(racedSummary(sampleSummary()));
  expect(text).toContain("⚠ Verified, 1 flaky test let through: feature/ledger-balances at 3f2c1ab\n");
  expect(text).toContain("  Tests     803 passed, 1 flaky (passes alone), 2 skipped, in 95 files\n");
  expect(text).toContain(
    '1 flaky test in backend let through, as "races" is "warn": tests/test_ledger.py › test_balance_1.\n  ⚠ tests/',
  );
  expect(text).not.toMatch(/✘|failed,/);
});

test.each(["crash", "collection"] as const)("a failure of the kind %s says so above its message", (kind) => {
  const [failure] = sampleFailures(1);
  const words = { crash: "gw0 crashed in it.", collection: "It could not be loaded." };
  const text = plain(failedSummary(failure ? [{ ...failure, kind }] : []));
  expect(text).toContain(`\n    ${words[kind]}\n    AssertionError: assert 0 == 41\n`);
});

test("a single failure has up to twelve lines, its name and beginning first", () => {
  const message = Array.from({ length: 40 }, (_, index) => `line ${index}`).join("\n");
  const [failure] = sampleFailures(1);
  const text = plain({ ...failedSummary(failure ? [{ ...failure, message }] : []), reasons: [] });
  expect(text.match(/^ {4}line \d+$/gm)).toHaveLength(11);
  expect(text).toContain("line 10");
});

test("a reused receipt of a run that let a race through says so", () => {
  const sample = racedSummary(sampleSummary());
  expect(plain({ ...sample, receipt: { tree: sample.tree, reused: true } })).toMatch(
    /^⚠ Verified, 1 flaky test let through: tree 9b1deb4 was verified before\./,
  );
});

test("a reused receipt is one line", () => {
  const sample = sampleSummary();
  expect(plain({ ...sample, receipt: { tree: sample.tree, reused: true } })).toBe(
    "✔ Verified: tree 9b1deb4 was verified before. Run it again: npx verify 3f2c1ab --fresh",
  );
});

describe("where to look", () => {
  test("names the logs of what failed, and of nothing else", () => {
    const sample = failedSummary();
    const checks = [{ name: "types", command: "mypy", passed: false, seconds: 1, log: ".verify/logs/check-types.log" }];
    const text = plain({ ...sample, checks: [...sample.checks, ...checks] });
    expect(text).toContain("  See .verify/summary.md, .verify/logs/backend.log, .verify/logs/check-types.log\n");
  });
});

test("without anything measured there are the verdict, the time and the reasons", () => {
  const text = plain(
    sampleSummary({ verdict: "interrupted", reasons: ["Interrupted."], suites: [], coverage: null, checks: [] }),
  );
  expect(text).toMatchInlineSnapshot(`
    "■ Interrupted: feature/ledger-balances at 3f2c1ab
      Time      12.3 s
    Interrupted.
      See .verify/summary.md
      Run again: npx verify 3f2c1ab --fresh"
  `);
});

test.each([
  ["verified", "✔ Verified: "],
  ["failed", "✘ Not verified: "],
  ["error", "✘ Could not be verified: "],
  ["interrupted", "■ Interrupted: "],
] as const)("the verdict %s begins with %j", (verdict, beginning) => {
  expect(plain(sampleSummary({ verdict }))).toMatch(beginning);
});

test("names and messages cannot steer the terminal", () => {
  const failure = {
    file: hostileName,
    name: "\u001b[2Jtest\u202E",
    message: "\u001b]0;title\u0007no\nmore",
    kind: "failure",
  } as const;
  const text = plain({ ...failedSummary([failure]), branch: "b\u001b[31m" });
  for (const character of ["\u001b", "\u0007", "\u202E"]) expect(text).not.toContain(character);
  expect(text).toContain("› test\n    no\n");
});

test("colors are taken where there are any", () => {
  expect(verdictText(failedSummary(), picocolors.createColors(true))).toContain("\u001b[31m✘ Not verified\u001b[39m");
});
