import { describe, expect, test } from "vitest";
import type { RejectionSummary, Summary } from "../../../src/model/summary.ts";
import { summaryMarkdown } from "../../../src/report/markdown/summary.ts";
import {
  failedSummary,
  hostileName,
  racedSummary,
  refusedSummary,
  sampleFailures,
  sampleFiles,
  sampleRejections,
  sampleSummary,
} from "../sample.ts";

/** The headings of the second level, in their order. */
const headings = (text: string): string[] => [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading ?? "");

test("a verified push, as a whole", () => {
  expect(summaryMarkdown(sampleSummary({ notes: ["2 tests were skipped."] }))).toMatchInlineSnapshot(`
    "# ✅ Verified: feature/ledger-balances at 3f2c1ab

    | Figure | Measured |
    | --- | --- |
    | Tests | 804 passed, 2 skipped, in 95 files |
    | Coverage | 96.63 % of lines (2899 of 3000), gate 95 % |
    | Time | 12.3 s; total test time 41.2 s (3.3×) |
    | Workers | 2, each with a database of its own |

    ## Suites

    | Suite | Command | Tests | Time | Workers | Databases |
    | --- | --- | --- | ---: | ---: | --- |
    | backend | \`pytest -m "not slow"\` | 804 passed, 2 skipped | 9.8 s | 2 | \`ledger_test_gw0\`, \`ledger_test_gw1\` |

    ## Performance

    | Run | Workers | Wall time | Against this run | Tests | Coverage |
    | --- | ---: | ---: | ---: | --- | --- |
    | **This run** | 2 | 12.3 s |  | 804 passed, 2 skipped | 96.63 % |
    | Total test time |  | 41.2 s | 3.3× as long |  |  |

    ## Checks

    | Check | Command | Result | Time |
    | --- | --- | --- | ---: |
    | lint | \`ruff check .\` | passed | 1.2 s |

    ## Notes

    - 2 tests were skipped.

    ## What was verified

    | What | Value |
    | --- | --- |
    | Commit | \`3f2c1ab09d7e45c8b1a2f3e4d5c6b7a8990a1b2c\` |
    | Tree | \`9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d00112233\` |
    | Branch | \`feature/ledger-balances\` |
    | Where | A worktree of its own, with this commit's files |
    | Database server | embedded Postgres 17.10 |
    | Environment | linux x64, node 20.20.2, python 3.11.7 |
    | Started | 2026-01-27 10:15 UTC |
    | By | pushproof 0.1.0 |

    ## Changes by file

    Against \`origin/main\` (merge base \`aa11bb2\`): 3 files, +57 −15.

    | File | Added | Removed |
    | --- | ---: | ---: |
    | \`docs/balance.png\` | binary |  |
    | \`src/ledger.py\` | +56 | −14 |
    | \`tests/test_book.py\` → \`tests/test_ledger.py\` | +1 | −1 |

    ## Commits

    - \`7dfc6db\` Keep a running balance
    - \`3f2c1ab\` Round half to even

    ## Quick commands

    \`\`\`sh
    # Verify it again
    npx verify 3f2c1ab --fresh
    \`\`\`

    ## Logs

    - backend: \`.verify/logs/backend.log\`
    - lint: \`.verify/logs/check-lint.log\`
    "
  `);
});

test("a race is told with what its worker had run before, its message, and the order again", () => {
  const [, failures = ""] = summaryMarkdown(racedSummary(failedSummary())).split("## Failures (1)\n\n");
  expect(failures.split("\n## ")[0]).toMatchInlineSnapshot(`
    "### \`test_balance_1\`

    Flaky: it failed on gw1, in \`tests/test_ledger.py\`, after 12 tests, of \`tests/test_books.py\`, \`tests/test_accounts.py\`, and passes alone. The full output is in \`.verify/logs/backend.log\`.

    \`\`\`
    AssertionError: assert 0 == 41
      where 0 = balance()
    \`\`\`

    The same tests in that order again:

    \`\`\`sh
    npx verify repeat .verify/orders/1-gw1.json
    \`\`\`
    "
  `);
});

test("a race that is let through is marked, named above the figures, and no failure", () => {
  const text = summaryMarkdown(racedSummary(sampleSummary()));
  expect(text.split("| Figure")[0]).toMatchInlineSnapshot(`
    "# ⚠️ Verified, 1 flaky test let through: feature/ledger-balances at 3f2c1ab

    - 1 flaky test in backend let through, as "races" is "warn": tests/test_ledger.py › test_balance_1.

    "
  `);
  expect(headings(text)[0]).toBe("Flaky tests let through (1)");
});

test("of a reused proof, whose order files are gone, no command runs an order again", () => {
  const sample = racedSummary(sampleSummary());
  const text = summaryMarkdown({ ...sample, receipt: { tree: sample.tree, reused: true } });
  expect(text).not.toContain("verify repeat");
});

test("a failure of a worker with a log of its own points there", () => {
  const logs = [".verify/logs/backend-gw0.log", ".verify/logs/backend-gw1.log"];
  const summary = racedSummary(failedSummary());
  const suites = summary.suites.map((suite) => ({ ...suite, logs }));
  expect(summaryMarkdown({ ...summary, suites })).toContain("The full output is in `.verify/logs/backend-gw1.log`.");
});

test("a refused push says why before anything else, then the figures, then the failures", () => {
  const text = summaryMarkdown(failedSummary(sampleFailures(1)));
  expect(text.split("## Suites")[0]).toMatchInlineSnapshot(`
    "# ❌ Not verified: feature/ledger-balances at 3f2c1ab

    - 1 of 806 tests failed.
    - Coverage is 91.20 % (2736 of 3000 lines), the gate is 95 %: cover 114 more lines to pass. Most missed: src/ledger.py (264 of 2000).

    | Figure | Measured |
    | --- | --- |
    | Tests | 803 passed, 1 failed, 2 skipped, in 95 files |
    | Coverage | 91.20 % of lines (2736 of 3000), gate 95 % |
    | Time | 12.3 s; total test time 41.2 s (3.3×) |
    | Workers | 2, each with a database of its own |

    ## Failures (1)

    ### \`test_balance_1\`

    Failed on gw0, in \`tests/test_ledger.py\`. The full output is in \`.verify/logs/backend.log\`.

    \`\`\`
    AssertionError: assert 0 == 41
      where 0 = balance()
    \`\`\`

    "
  `);
});

test("gates passed or failed, or had nothing to judge", () => {
  const { coverage } = sampleSummary();
  const gates = [
    { metric: "lines", threshold: 95, passed: false, covered: 94, total: 100 },
    { metric: "branches", threshold: 80, passed: true, covered: 8, total: 10 },
    { metric: "changedLines", threshold: 90, passed: true, covered: 0, total: 0 },
  ] as const;
  expect(summaryMarkdown(sampleSummary({ coverage: coverage && { ...coverage, gates } }))).toContain(
    `| What | Covered | Required | Gate |
| --- | --- | --- | --- |
| lines | 94 % (94 of 100) | 95 % | **failed** |
| branches | 80 % (8 of 10) | 80 % | passed |
| changed lines | none | 90 % | empty |
`,
  );
});

describe("failures", () => {
  test("ten are shown, the rest is counted and their log named", () => {
    const text = summaryMarkdown(failedSummary(sampleFailures(14)));
    expect(text.match(/^### /gm)).toHaveLength(10);
    expect(text).toContain("## Failures (14)");
    expect(text).toContain("… and 4 more failures, in `.verify/logs/backend.log`");
  });

  test("a message cannot leave its block", () => {
    const message = "expected\n```\n# not a heading\n```";
    const text = summaryMarkdown(failedSummary([{ file: "a.py", name: "test_a", message, kind: "failure" }]));
    expect(text).toContain(`\n\n\`\`\`\`\n${message}\n\`\`\`\`\n`);
  });

  test.each([
    ["crash", "Its worker crashed on gw1, in `a.py`."],
    ["timeout", "Timed out on gw1, in `a.py`."],
    ["collection", "Could not be loaded on gw1, in `a.py`."],
  ] as const)("a %s is called what it is", (kind, sentence) => {
    const failure = { file: "a.py", name: "test_a", message: "", worker: "gw1", kind };
    expect(summaryMarkdown(failedSummary([failure]))).toContain(sentence);
  });

  test("a message of a megabyte is cut", () => {
    const failure = { file: "a.py", name: "test_a", message: "x".repeat(1_000_000), kind: "failure" } as const;
    expect(summaryMarkdown(failedSummary([failure])).length).toBeLessThan(10_000);
  });
});

describe("what the server refused", () => {
  test("is a table with what to do about it", () => {
    const text = summaryMarkdown(refusedSummary(sampleSummary()));
    expect(text.split("## Suites")[0]?.split("## Refused")[1]).toMatchInlineSnapshot(`
      " by the server

      | Who | Tried to reach | Times | During |
      | --- | --- | ---: | --- |
      | coordinator | \`ledger_test_coordinator\` | 1 | no test file |
      | gw1 | \`ledger_test_gw0\` | 3 | \`tests/test_ledger.py\` |

      - The server lets a worker only into its own database, which its variables name; for a suite that hard-codes names, set "isolation": "server" in "database".
      - Code outside a worker (global setup, a conftest's import) has no database: set "parallel": "processes" in the suite, or do it in "database.setup".

      "
    `);
  });

  test("stands at the failures that it may have caused, and at no other", () => {
    const text = summaryMarkdown(refusedSummary(failedSummary(sampleFailures(2))));
    expect(text).toContain("Failed on gw0, in `tests/test_ledger.py`.");
    expect(text).toContain("Failed on gw1, in `tests/test_ledger.py`, while the server refused it `ledger_test_gw0`.");
  });

  test("is cut where it is much, and counted", () => {
    const [, rejection] = sampleRejections;
    const many = Array.from({ length: 30 }, (_, index) => ({
      ...(rejection as RejectionSummary),
      database: `t_gw${index}`,
    }));
    const text = summaryMarkdown(refusedSummary(sampleSummary(), many));
    expect(text).toContain("… and 10 more databases");
    expect(text).not.toContain("t_gw20");
  });

  test("is missing from a summary of an earlier version, which is read all the same", () => {
    const sample = failedSummary();
    const suites = sample.suites.map(({ rejections: _, isolation: __, ...suite }) => suite);
    expect(headings(summaryMarkdown({ ...sample, suites }))).not.toContain("Refused by the server");
  });
});

test.each([
  ["server", "`ledger_test`, on a server for each worker"],
  ["file", "a fresh database for each file: `ledger_test`"],
  ["database", "`ledger_test`"],
] as const)("the databases of isolation %s are told as %s", (isolation, told) => {
  const sample = sampleSummary();
  const suites = sample.suites.map((suite) => ({ ...suite, isolation, databases: ["ledger_test", "ledger_test"] }));
  expect(summaryMarkdown({ ...sample, suites })).toContain(`| 2 | ${told} |`);
});

test("what was not measured has no section and no row", () => {
  const text = summaryMarkdown(
    sampleSummary({
      verdict: "error",
      reasons: ["The embedded server did not start."],
      suites: [],
      coverage: null,
      checks: [],
      changes: null,
      receipt: null,
      server: null,
      branch: null,
    }),
  );
  expect(headings(text)).toEqual(["What was verified", "Troubleshooting", "Quick commands"]);
  expect(text).toContain("# ❌ Could not be verified: 3f2c1ab\n\n- The embedded server did not start.");
  expect(text).not.toMatch(/Coverage|Workers|Tests|Branch|server \|/);
});

describe("a reused receipt", () => {
  const reused = (changed: Partial<Summary> = {}): string => {
    const sample = sampleSummary(changed);
    return summaryMarkdown({ ...sample, receipt: { tree: sample.tree, reused: true } });
  };

  test("is said to be one, and the figures to be the earlier run's", () => {
    const text = reused();
    expect(text).toContain(
      "Tree `9b1deb4` was verified by an earlier run, so nothing ran again; the figures are from that run.",
    );
    expect(text).toContain("| Tests | 804 passed");
  });

  test("claims no time where nothing ran that is known", () => {
    expect(reused({ suites: [], coverage: null, seconds: 0.1 })).not.toMatch(/^\| Time \|/m);
  });

  test("names no logs, as they may be another run's by now", () => expect(reused()).not.toContain(".log"));
});

test("a run of the working tree is not called a commit's", () => {
  const text = summaryMarkdown(sampleSummary({ verifiedIn: "working tree", receipt: null }));
  expect(text).toContain("# ✅ Verified: working tree of feature/ledger-balances, on top of 3f2c1ab");
});

test("names stay text wherever they come from", () => {
  const sample = failedSummary([{ file: hostileName, name: hostileName, message: "no", kind: "failure" }]);
  const text = summaryMarkdown({
    ...sample,
    branch: hostileName,
    reasons: [hostileName],
    notes: [hostileName],
    suites: sample.suites.map((suite) => ({
      ...suite,
      name: hostileName,
      command: hostileName,
      databases: [hostileName],
      rejections: [{ worker: hostileName, database: hostileName, times: 1, files: [hostileName] }],
    })),
    checks: [{ name: hostileName, command: hostileName, passed: false, seconds: 1, log: hostileName }],
    changes: {
      base: hostileName,
      mergeBase: "aa11",
      files: [{ file: hostileName, from: hostileName, added: 1, removed: 1 }],
      commits: [{ commit: "bb22", subject: hostileName, body: "" }],
    },
  });
  expect(text).not.toContain("<script>");
  expect(text).not.toContain("\n# d");
  const widths = new Set(tableWidths(text, "## Changes by file"));
  expect(widths).toEqual(new Set([3]));
});

test("a long list of files is cut and says by how much", () => {
  const sample = sampleSummary();
  const changes = { base: "origin/main", mergeBase: "aa11", files: sampleFiles(100, 3), commits: [] };
  const text = summaryMarkdown({ ...sample, changes });
  expect(text).toContain("100 files, +200 −100.");
  expect(text).toContain("… and 40 more files");
});

/** How many cells each row of the table below the heading has. */
function tableWidths(text: string, heading: string): number[] {
  const rows = (text.split(`${heading}\n`)[1] ?? "").split("\n## ")[0]?.match(/^\|.*\|$/gm) ?? [];
  return rows.map((row) => row.replaceAll("\\|", "").split("|").length - 2);
}
