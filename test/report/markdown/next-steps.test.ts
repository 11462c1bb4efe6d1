import { describe, expect, test } from "vitest";
import type { Failure, Summary } from "../../../src/model/summary.ts";
import { quickCommands } from "../../../src/report/markdown/quick-commands.ts";
import { reportsIndex } from "../../../src/report/markdown/reports-index.ts";
import { troubleshooting } from "../../../src/report/markdown/troubleshooting.ts";
import { failedSummary, sampleSummary } from "../sample.ts";

const destination = { remote: "origin", branch: "feature/ledger-balances", before: null };
const commandsOf = (changed: Partial<Summary> = {}): string[] =>
  quickCommands(sampleSummary({ destination, ...changed })).map(({ command }) => command);
const { commit } = sampleSummary();

describe("quick commands", () => {
  test("push a new branch, open its pull request, repeat, and take the push back", () => {
    expect(commandsOf()).toEqual([
      "git push origin feature/ledger-balances",
      "npx verify pr --create",
      sampleSummary().repeat,
      "git push origin --delete feature/ledger-balances",
    ]);
  });

  test("take a push back to what the remote had, and only as long as nobody has pushed since", () => {
    const before = "aaaa1ab09d7e45c8b1a2f3e4d5c6b7a8990a1b2c";
    expect(commandsOf({ destination: { ...destination, before } }).at(-1)).toBe(
      `git push --force-with-lease=feature/ledger-balances:${commit} origin ${before}:refs/heads/feature/ledger-balances`,
    );
  });

  test("take back what went to the base branch by new commits", () => {
    const onMain = { remote: "origin", branch: "main", before: "aa11bb22cc33dd44ee55ff66aa77bb88cc99dd00" };
    const commands = commandsOf({ destination: onMain, branch: "main" });
    expect(commands.at(-1)).toBe("git revert --no-edit aa11bb2..3f2c1ab && git push origin main");
    expect(commands).not.toContain("npx verify pr --create");
  });

  test("do not push what is pushed", () => {
    expect(commandsOf({ destination: { ...destination, before: commit } })).toEqual([
      "npx verify pr --create",
      sampleSummary().repeat,
    ]);
  });

  test("neither push what is not verified, nor take back what was not pushed", () => {
    expect(quickCommands({ ...failedSummary(), destination }).map(({ what }) => what)).toEqual(["Verify it again"]);
  });

  test.each<[string, Partial<Summary>]>([
    ["a commit on no branch", { destination: null, branch: null }],
    ["a working tree", { verifiedIn: "working tree" }],
  ])("of %s only repeat it", (_what, changed) => expect(commandsOf(changed)).toEqual([sampleSummary().repeat]));

  test("quote what a shell would take apart", () => {
    expect(commandsOf({ destination: { ...destination, branch: "it's; rm -rf" } })[0]).toBe(
      `git push origin 'it'\\''s; rm -rf'`,
    );
  });

  test("run the order of a race again", () => {
    const failure: Failure = {
      ...{ file: "tests/test_a.py", name: "test_a", message: "", kind: "race" },
      race: { filesBefore: [], testsBefore: 1, rejections: [], repeat: "npx verify repeat .verify/orders/1-gw1.json" },
    };
    const [suite] = sampleSummary().suites;
    const suites = suite === undefined ? [] : [{ ...suite, failures: [failure] }];
    expect(commandsOf({ suites })).toContain("npx verify repeat .verify/orders/1-gw1.json");
  });
});

describe("troubleshooting", () => {
  const kindsOf = (summary: Summary): string[] => troubleshooting(summary).map(({ what }) => what);
  const failing = (kind: Failure["kind"]): Summary => {
    const [suite] = failedSummary().suites;
    const failures = [{ file: "a.py", name: "a", message: "", kind }];
    return {
      ...failedSummary(),
      coverage: null,
      reasons: [],
      suites: suite === undefined ? [] : [{ ...suite, failures }],
    };
  };

  test("has nothing to say of what is verified", () => expect(kindsOf(sampleSummary())).toEqual([]));

  test("has nothing to say of a test that simply fails: its message says it", () => {
    expect(kindsOf(failing("failure"))).toEqual([]);
  });

  test.each([
    ["race", "A flaky test: it fails among others and passes alone"],
    ["crash", "A worker crashed"],
    ["timeout", "A test or a suite timed out"],
    ["collection", "A test file could not be loaded"],
  ] as const)("says what helps against a %s", (kind, what) => expect(kindsOf(failing(kind))).toEqual([what]));

  test.each([
    ["There is no coverage data from backend, so", "There is no coverage data"],
    ["The checkout changed while it was verified (a), so", "The checkout changed while it was verified"],
  ])("says what helps where %s", (reason, what) => {
    expect(kindsOf(sampleSummary({ verdict: "failed", reasons: [reason] }))).toEqual([what]);
  });

  test("says what helps against a gate that is closed", () => {
    const gates = [{ metric: "lines", covered: 1, total: 2, threshold: 95, passed: false } as const];
    const coverage = { lines: { covered: 1, total: 2 }, threshold: 95, passed: false, files: [], gates };
    expect(kindsOf(sampleSummary({ verdict: "failed", coverage }))).toEqual(["The coverage gate failed"]);
  });
});

describe("the index of the reports", () => {
  test("names what is there, and nothing else", () => {
    const text = reportsIndex(sampleSummary(), ["summary.md", "logs", ".gitignore", "notes.txt"]);
    expect(text).toContain("[summary.md](summary.md)");
    expect(text).toContain("[logs/](logs/)");
    expect(text).not.toContain("report.html");
    expect(text).not.toContain("notes.txt");
  });

  test("says which commit all of it is about", () => {
    expect(reportsIndex(sampleSummary(), [])).toContain(sampleSummary().commit);
  });
});
