import { describe, expect, test } from "vitest";
import type { Changes, CommitSummary, PastRun, Summary } from "../../../src/model/summary.ts";
import { pullRequestBody, pullRequestTitle } from "../../../src/report/pull-request/body.ts";
import { blockIn } from "../../../src/report/pull-request/merged-body.ts";
import {
  failedSummary,
  hostileName,
  racedSummary,
  refusedSummary,
  sampleFailures,
  sampleFiles,
  sampleSummary,
} from "../sample.ts";

const commit = (subject: string, body = ""): CommitSummary => ({ commit: "7dfc6db0000", subject, body });

function withChanges(changed: Partial<Changes>, rest: Partial<Summary> = {}): Summary {
  const changes = { base: "origin/main", mergeBase: "aa11", files: [], commits: [], ...changed };
  return sampleSummary({ changes, ...rest });
}

function baseRun(changed: Partial<PastRun> = {}): NonNullable<Summary["history"]> {
  const base: PastRun = {
    at: "2026-01-20T10:00:00.000Z",
    commit: "aa11bb22cc33",
    branch: "main",
    verdict: "verified",
    seconds: 24.6,
    workers: 2,
    tests: { total: 800, passed: 800, failed: 0, skipped: 0 },
    lines: { covered: 95, total: 100 },
    ...changed,
  };
  return { base, serial: null, recent: [], races: [] };
}

test("a race that was let through is named before anything else", () => {
  const [, , warning] = pullRequestBody(racedSummary(sampleSummary())).split("\n\n");
  expect(warning).toMatchInlineSnapshot(`
    "> ⚠️ **Verified, 1 flaky test let through.**
    > - 1 flaky test in backend let through, as "races" is "warn": tests/test_ledger.py › test_balance_1."
  `);
});

test("a verified branch of two commits, as a whole", () => {
  expect(pullRequestBody(sampleSummary())).toMatchInlineSnapshot(`
    "# Ledger balances

    <!-- pushproof:begin branch=feature%2Fledger-balances title=123bb51625aa8b13 sha256=d552dbb74d175a43 -->

    ## Summary

    - Keep a running balance (\`7dfc6db\`)
    - Round half to even (\`3f2c1ab\`)

    ✅ **Verified**: 804 tests passed (2 skipped), 96.63 % of lines covered, in 12.3 s (\`feature/ledger-balances\` at \`3f2c1ab\`)

    ## Issues

    - Closes #12

    <details>
    <summary>Changes by file: 3 files, +57 −15</summary>

    Against \`origin/main\`.

    | File | Added | Removed |
    | --- | ---: | ---: |
    | \`docs/balance.png\` | binary |  |
    | \`src/ledger.py\` | +56 | −14 |
    | \`tests/test_book.py\` → \`tests/test_ledger.py\` | +1 | −1 |
    | **Total** | **+57** | **−15** |

    </details>

    <details>
    <summary>Verification</summary>

    | What | Result |
    | --- | --- |
    | Verdict | ✅ Verified |
    | Tests | 804 passed, 2 skipped, in 95 files |
    | Coverage | 96.63 % of lines (2899 of 3000), gate 95 % |
    | Time | 12.3 s; total test time 41.2 s (3.3×) |
    | Workers | 2, each with a database of its own |
    | Databases | \`ledger_test_gw0\`, \`ledger_test_gw1\`, on embedded Postgres 17.10 |
    | Checks | lint passed in 1.2 s |
    | Commit | \`3f2c1ab09d7e45c8b1a2f3e4d5c6b7a8990a1b2c\`, tree \`9b1deb4\` |
    | Receipt | kept for tree \`9b1deb4\` |
    | Risks not looked for | fewer tests than the base branch has, lowered coverage thresholds, exclusions from coverage, changed lines that no test runs |
    | Environment | linux x64, node 20.20.2, python 3.11.7 |

    </details>

    <details>
    <summary>Performance</summary>

    | Run | Workers | Wall time | Against this run | Tests | Coverage |
    | --- | ---: | ---: | ---: | --- | --- |
    | **This run** | 2 | 12.3 s |  | 804 passed, 2 skipped | 96.63 % |
    | Total test time |  | 41.2 s | 3.3× as long |  |  |

    </details>

    <details>
    <summary>After merging</summary>

    - **Time** of this run: 12.3 s (backend 9.8 s on 2 workers), measured on linux x64, node 20.20.2, python 3.11.7
    - **Skipped**: 2 tests, which this run did not check

    </details>

    <details>
    <summary>Run again</summary>

    What ran:

    - backend: \`pytest -m "not slow"\`
    - lint: \`ruff check .\`

    \`\`\`sh
    npx verify 3f2c1ab --fresh
    \`\`\`

    </details>

    <!-- pushproof:end -->
    "
  `);
});

describe("the title", () => {
  const two = [commit("One"), commit("Two")];
  test.each<[string, Summary, string]>([
    ["a single commit's subject", withChanges({ commits: [commit("Keep a balance")] }), "Keep a balance"],
    ["the branch's name", withChanges({ commits: two }, { branch: "feature/ledger-balances" }), "Ledger balances"],
    [
      "an issue key as it stands",
      withChanges({ commits: two }, { branch: "ada/ABC-12-round_half" }),
      "ABC-12: round half",
    ],
    ["an issue key alone", withChanges({ commits: two }, { branch: "ABC-12" }), "ABC-12"],
    ["the newest subject on the base branch", withChanges({ commits: two }, { branch: "main" }), "Two"],
    ["the newest subject on no branch", withChanges({ commits: two }, { branch: null }), "Two"],
    ["the commit's id, when nothing else is known", sampleSummary({ changes: null, branch: null }), "Commit 3f2c1ab"],
  ])("is %s", (_, summary, title) => {
    expect(pullRequestTitle(summary)).toBe(title);
    expect(pullRequestBody(summary).split("\n")[0]).toBe(`# ${title}`);
  });
});

describe("the summary", () => {
  test("is the message of a single commit, as its author wrote it", () => {
    const body = "Rounds **half to even**.\n\n- one\n- two";
    expect(pullRequestBody(withChanges({ commits: [commit("Round", body)] }))).toContain(
      `## Summary\n\n${body}\n\n✅ **Verified**`,
    );
  });

  test("lists the subjects of several, oldest first, and counts those left out", () => {
    const commits = Array.from({ length: 60 }, (_, index) => commit(`Step ${index}`));
    const text = pullRequestBody(withChanges({ commits }));
    expect(text).toContain("## Summary\n\n- Step 0 (`7dfc6db`)\n- Step 1 (`7dfc6db`)\n");
    expect(text).toContain("- Step 49 (`7dfc6db`)\n- … and 10 more commits\n");
  });
});

describe("the verdict is one line", () => {
  const line = (summary: Summary): string | undefined =>
    pullRequestBody(summary)
      .split("\n")
      .find((text) => /^(✅|❌|⚠️) /.test(text));
  const sample = sampleSummary();
  const [backend] = sample.suites as [Summary["suites"][number]];
  const where = "(`feature/ledger-balances` at `3f2c1ab`)";

  test.each<[string, Summary, string]>([
    [
      "with the changed lines where some are measured",
      { ...sample, coverage: sample.coverage && { ...sample.coverage, changedLines: { covered: 40, total: 41 } } },
      `✅ **Verified**: 804 tests passed (2 skipped), 96.63 % of lines and 40 of 41 changed lines covered, in 12.3 s ${where}`,
    ],
    [
      "with all that failed, and flaky tests",
      sampleSummary({
        verdict: "failed",
        coverage: null,
        suites: [
          { ...backend, tests: { total: 9, passed: 1, failed: 6, skipped: 0, races: 2, unloaded: 1, flaky: 1 } },
        ],
      }),
      `❌ **Not verified**: 1 test passed (1 flaky), 3 failed, 1 file not loaded, 2 flaky (pass alone), in 12.3 s ${where}`,
    ],
    [
      "which names a reused proof",
      { ...sample, receipt: { tree: sample.tree, reused: true } },
      `✅ **Verified** by an earlier run of the same tree: 804 tests passed (2 skipped), 96.63 % of lines covered, in 12.3 s ${where}`,
    ],
    [
      "which says that uncommitted files took part",
      sampleSummary({ verifiedIn: "working tree", coverage: null }),
      "✅ **Verified**: 804 tests passed (2 skipped), in 12.3 s (working tree of `feature/ledger-balances`, on top of `3f2c1ab`)",
    ],
    [
      "without figures where nothing was measured",
      sampleSummary({ verdict: "error", suites: [], coverage: null }),
      `❌ **Could not be verified** ${where}`,
    ],
    [
      "which never reads as a whole run where something was left out",
      sampleSummary({ incomplete: ["A suite was left out."], coverage: null, branch: null }),
      "⚠️ **Verified in part**: 804 tests passed (2 skipped), in 12.3 s (`3f2c1ab`)",
    ],
  ])("%s", (_, summary, expected) => {
    expect(line(summary)).toBe(expected);
  });
});

describe("before and after", () => {
  test("stand below the verdict where a run of the base branch is recorded", () => {
    expect(
      pullRequestBody(sampleSummary({ history: baseRun() })),
    ).toContain(`in 12.3 s (\`feature/ledger-balances\` at \`3f2c1ab\`)

|  | Before (\`main\` at \`aa11bb2\`) | After |
| --- | --- | --- |
| Time | 24.6 s | 12.3 s |
| Coverage | 95 % | 96.63 % |
| Tests | 800 passed | 804 passed, 2 skipped |
`);
  });

  test("name the workers where they were not as many, and leave out what was not measured", () => {
    const history = baseRun({ workers: 1, lines: null, branch: null });
    expect(pullRequestBody(sampleSummary({ history }))).toContain(`
|  | Before (\`aa11bb2\`) | After |
| --- | --- | --- |
| Time | 24.6 s on 1 worker | 12.3 s on 2 workers |
| Tests | 800 passed | 804 passed, 2 skipped |
`);
  });

  test.each<[string, Partial<Summary>]>([
    ["no run of the base branch is recorded", {}],
    ["this run left something out", { history: baseRun(), incomplete: ["A suite was left out."] }],
    ["nothing ran", { history: baseRun(), suites: [] }],
  ])("are not there where %s", (_, changed) => {
    expect(pullRequestBody(sampleSummary(changed))).not.toContain("| Before");
  });
});

describe("what was not verified", () => {
  test("is said at the top, with the reasons", () => {
    const text = pullRequestBody(failedSummary());
    expect(text).toContain(` -->

> ❌ **Not verified.**
> - 3 of 806 tests failed.
> - Coverage is 91.20 %`);
    expect(text).toContain("| Verdict | ❌ Not verified |");
    expect(text).toContain("| Tests | 801 passed, 3 failed, 2 skipped, in 95 files |");
  });

  test("is not claimed: without suites, coverage, and changes only the verdict and the commit are left", () => {
    const text = pullRequestBody(
      sampleSummary({ verdict: "error", reasons: ["No."], suites: [], coverage: null, checks: [], changes: null }),
    );
    expect(text).not.toMatch(/Tests|Coverage|Workers|Databases|Checks|Changes|What ran|Summary/);
  });
});

test("what could not be looked for is a row of the folded table", () => {
  expect(pullRequestBody(sampleSummary())).toContain("| Risks not looked for | fewer tests than the base branch has, ");
});

test("what the server refused is a short row, and missing where there is none or the summary is an older one", () => {
  expect(pullRequestBody(refusedSummary(sampleSummary()))).toContain(
    "| Refused by the server | The process that coordinates the workers tried to reach `ledger_test_coordinator`; gw1 tried to reach `ledger_test_gw0` (3 times) |",
  );
  const sample = sampleSummary();
  const older = { ...sample, suites: sample.suites.map(({ rejections: _, ...suite }) => suite) };
  for (const summary of [sample, older]) expect(pullRequestBody(summary)).not.toContain("Refused");
});

test("databases of one name on several servers are named once", () => {
  const sample = sampleSummary();
  const suites = sample.suites.map((suite) => ({ ...suite, databases: ["t", "t"] }));
  expect(pullRequestBody({ ...sample, suites })).toContain("| Databases | `t`, on embedded");
});

test("an earlier run's receipt is named as the proof", () => {
  const sample = sampleSummary();
  const text = pullRequestBody({ ...sample, receipt: { tree: sample.tree, reused: true } });
  expect(text).toContain("| Verdict | ✅ Verified, by an earlier run of the same tree |");
});

test("a failed check is told from one that passed", () => {
  const check = { command: "x", seconds: 2, log: "x.log" };
  const checks = [
    { ...check, name: "lint", passed: true },
    { ...check, name: "types", passed: false },
  ];
  expect(pullRequestBody(sampleSummary({ checks }))).toContain(
    "| Checks | lint passed in 2.0 s, types **failed** in 2.0 s |",
  );
});

test("many databases are cut to the first, and counted", () => {
  const [backend] = sampleSummary().suites;
  const databases = Array.from({ length: 16 }, (_, index) => `t_gw${index}`);
  const text = pullRequestBody(sampleSummary({ suites: backend ? [{ ...backend, databases }] : [] }));
  expect(text).toContain("| Databases | `t_gw0`, `t_gw1`, `t_gw2`, `t_gw3`, … and 12 more databases, on embedded");
});

describe("changes by file", () => {
  test("are one table with totals up to twelve files", () => {
    const text = pullRequestBody(withChanges({ files: sampleFiles(12, 3) }));
    expect(text.match(/^\| `area/gm)).toHaveLength(12);
    expect(text).toContain("| **Total** | **+24** | **−12** |");
  });

  test("are grouped by area above twelve files, long groups cut", () => {
    const files = [{ file: "README.md", added: 1, removed: 0 }, ...sampleFiles(60, 2)];
    const text = pullRequestBody(withChanges({ files }));
    expect(text).toContain("<summary>Changes by file: 61 files, +121 −60</summary>\n\nAgainst `origin/main`.\n");
    expect(text).toContain("### Top level (1 file, +1 −0)\n\n- `README.md` +1 −0\n");
    expect(text).toContain("### `area0` (30 files, +60 −30)\n\n- `area0/file0.py` +2 −1\n");
    expect(text).toContain("- … and 10 more files\n");
  });
});

describe("issues", () => {
  test("that the commits refer to are listed as they stand, once each", () => {
    const commits = [
      commit("Round (fixes #3)"),
      commit("Balance", "Closes #12, #13\nRefs acme/ledger_app#7"),
      commit("Again", "Closes #12, #13\nResolves: https://example.com/a/b/issues/9"),
      commit("Fix 12 prefixes #4"),
    ];
    expect(pullRequestBody(withChanges({ commits })).split("## Issues\n\n")[1]?.split("\n\n")[0]).toBe(
      "- fixes #3\n- Closes #12, #13\n- Refs acme/ledger_app#7\n- Resolves: https://example.com/a/b/issues/9",
    );
  });

  test("have no section where there are none", () => {
    expect(pullRequestBody(withChanges({ commits: [commit("Round")] }))).not.toContain("## Issues");
  });
});

test("a section stands open only where it tells a reviewer something", () => {
  const headings = pullRequestBody(sampleSummary()).match(/^## .*$/gm);
  expect(headings).toEqual(["## Summary", "## Issues"]);
  const risky = pullRequestBody(withChanges({ files: [{ file: "schema.sql", added: 1, removed: 0 }] }));
  expect(risky).toMatch(/in 12\.3 s \(.*\)\n\n## Risk\n\n- \*\*Database migrations and SQL\*\*/);
});

test("every fold that is opened is closed, whatever is cut", () => {
  const suites = Array.from({ length: 400 }, () => sampleSummary().suites).flat();
  const texts = [sampleSummary(), failedSummary(sampleFailures(10_000)), sampleSummary({ suites })].flatMap(
    (summary) => [pullRequestBody(summary), pullRequestBody(summary, "- [ ] a box\n".repeat(5_500))],
  );
  for (const text of texts) {
    expect(text.match(/^<details>$/gm)?.length ?? 0).toBe(text.match(/^<\/details>$/gm)?.length ?? 0);
  }
});

test("names stay text wherever they come from", () => {
  const text = pullRequestBody(
    withChanges(
      {
        base: hostileName,
        files: [{ file: hostileName, added: 1, removed: 1 }],
        commits: [commit(hostileName), commit(hostileName)],
      },
      { branch: hostileName, reasons: [hostileName], verdict: "failed", history: baseRun({ branch: hostileName }) },
    ),
  );
  expect(text).not.toContain("<script>");
  expect(text).not.toContain("\n# d");
});

describe("stays under 60,000 characters", () => {
  const endless = "long ".repeat(100_000);
  test.each<[string, Summary]>([
    ["a commit with an endless message", withChanges({ commits: [commit(endless, endless)] })],
    ["commits with endless subjects", withChanges({ commits: Array.from({ length: 900 }, () => commit(endless)) })],
    ["ten thousand files in a thousand areas", withChanges({ files: sampleFiles(10_000, 1_000) })],
    [
      "ten thousand files with endless, odd names",
      withChanges({
        files: sampleFiles(10_000, 30).map((change) => ({ ...change, file: `${change.file}${"|`".repeat(2_000)}` })),
      }),
    ],
    ["endless reasons", sampleSummary({ verdict: "failed", reasons: Array.from({ length: 99 }, () => endless) })],
    ["ten thousand failures", failedSummary(sampleFailures(10_000))],
  ])("%s", (_, summary) => {
    const text = pullRequestBody(summary);
    expect(text.length).toBeLessThan(60_000);
    expect(text).toContain("<summary>Run again</summary>");
  });

  test("whatever is in the summary: sections go as a whole, and are named", () => {
    const reason = "long ".repeat(40);
    const [backend] = sampleSummary().suites;
    const suites = Array.from({ length: 400 }, (_, index) => ({
      ...(backend as NonNullable<typeof backend>),
      name: `${reason}${index}`,
    }));
    const text = pullRequestBody(sampleSummary({ suites }));
    expect(text.length).toBeLessThan(60_000);
    expect(text).toContain("<summary>Verification</summary>\n");
    expect(text).toContain("\n\nLeft out for lack of room: Run again, Changes by file, After merging.\n\n<!--");
    expect(text).not.toMatch(/^<summary>(Run again|Changes by file|After merging)/m);
    expect(text).toContain("## Issues\n\n- Closes #12");
  });

  test("sections that were not there are not named as left out", () => {
    const [backend] = sampleSummary().suites;
    const suite = backend as NonNullable<typeof backend>;
    const suites = Array.from({ length: 400 }, () => ({ ...suite, name: "long ".repeat(40) }));
    const text = pullRequestBody(sampleSummary({ suites, changes: null }));
    expect(text).toContain("Left out for lack of room: Run again, After merging.");
  });

  test("a cell that is too long is cut by itself", () => {
    const text = pullRequestBody(sampleSummary({ environment: "x".repeat(200_000) }));
    expect(text.length).toBeLessThan(10_000);
    expect(text).toMatch(/\| Environment \| x+… \|\n/);
    expect(text).toContain("<summary>Run again</summary>");
  });

  test("beside a template there is less of ours", () => {
    const commits = Array.from({ length: 50 }, (_, index) => commit(`${index} ${"word ".repeat(150)}`));
    const summary = withChanges({ commits });
    const template = "- [ ] a box\n".repeat(2_500);
    expect(pullRequestBody(summary).length).toBeGreaterThan(35_000);
    const text = pullRequestBody(summary, template);
    expect(text.length).toBeLessThan(60_000);
    expect(text).toContain("- … and 30 more commits\n");
  });

  test("with a template, of which nothing is cut", () => {
    const template = `## What\n\n${"- [ ] a box\n".repeat(4_000)}`;
    const text = pullRequestBody(failedSummary(sampleFailures(10_000)), template);
    expect(text.length).toBeLessThan(60_000);
    expect(text.startsWith(`# Ledger balances\n\n${template}\n<!-- pushproof:begin `)).toBe(true);
    expect(text).toContain("❌ **Not verified.**");
  });

  test("except where the template alone is as long: ours is then a few lines", () => {
    const template = "- [ ] a box\n".repeat(5_500);
    const text = pullRequestBody(sampleSummary(), template);
    expect(text).toContain(template);
    expect(text.length - template.length).toBeLessThan(2_100);
    expect(text).toContain("✅ **Verified**: 804 tests passed (2 skipped), ");
    expect(text.endsWith("<!-- pushproof:end -->\n")).toBe(true);
  });
});

describe("the template", () => {
  test("stands above ours, word for word, its boxes as they were", () => {
    const template = "## What\r\n\r\n<!-- Say why. -->\r\n- [ ] tested\r\n";
    const text = pullRequestBody(sampleSummary(), template);
    expect(
      text.startsWith(`# Ledger balances\n\n${template}\n<!-- pushproof:begin branch=feature%2Fledger-balances `),
    ).toBe(true);
  });

  test("has ours where it has our markers", () => {
    const template = "Above.\n<!-- pushproof:begin -->\nFilled by a machine.\n<!-- pushproof:end -->\nBelow.\n";
    const text = pullRequestBody(sampleSummary(), template);
    expect(text).toMatch(
      /\n\nAbove\.\n<!-- pushproof:begin branch=[\s\S]*<summary>Verification[\s\S]*pushproof:end -->\nBelow\.\n$/,
    );
    expect(text).not.toContain("Filled by a machine.");
  });
});

test("a commit's message that holds our markers does not end our block", () => {
  const text = pullRequestBody(withChanges({ commits: [commit("One", "<!-- pushproof:end -->\n\nMore.")] }));
  expect(blockIn(text)).toMatchObject({ isEdited: false });
  expect(text).toContain("&lt;!-- pushproof:end -->\n\nMore.");
});

test("the marker names a commit that is on no branch", () => {
  const sample = sampleSummary({ branch: null });
  expect(blockIn(pullRequestBody(sample))).toMatchObject({ attributes: { commit: sample.commit } });
});
