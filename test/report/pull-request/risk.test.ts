import { describe, expect, test } from "vitest";
import type { Changes, CoverageSummary, FileChange, PastRun, Summary } from "../../../src/model/summary.ts";
import { riskSection, risksNotLookedFor } from "../../../src/report/pull-request/risk.ts";
import { hostileName, sampleFiles, sampleSummary } from "../sample.ts";

const change = (file: string, more: Partial<FileChange> = {}): FileChange => ({ file, added: 3, removed: 1, ...more });

function risk(
  files: readonly FileChange[],
  changed: Partial<Changes> = {},
  rest: Partial<Summary> = {},
): string | null {
  const changes = { base: "origin/main", mergeBase: "aa11", files, commits: [], ...changed };
  return riskSection(sampleSummary({ changes, ...rest }), { facts: 3 });
}

const coverage = (changed: Partial<CoverageSummary>): Pick<Summary, "coverage"> => ({
  coverage: { ...(sampleSummary().coverage as CoverageSummary), ...changed },
});

describe("a migration is", () => {
  test.each([
    "alembic/versions/12_add.py",
    "api/migrations/0002_books.py",
    "prisma/migrations/1/migration.sql",
    "db/migrate/1_add.rb",
    "knex/1_add.js",
    "src/main/resources/V1__add.sql",
    "src/main/java/V1_2__Add.java",
    "flyway/R__views.sql",
    "schema.sql",
  ])("%s", (file) => {
    expect(risk([change(file)])).toBe(`## Risk\n\n- **Database migrations and SQL**: \`${file}\` (+3 −1)`);
  });
});

describe("dependencies are in", () => {
  test.each([
    "package-lock.json",
    "web/yarn.lock",
    "pnpm-lock.yaml",
    "uv.lock",
    "poetry.lock",
    "Pipfile.lock",
    "requirements.txt",
    "api/requirements-dev.txt",
    "requirements/base.in",
    "package.json",
    "api/pyproject.toml",
  ])("%s", (file) => {
    expect(risk([change(file)])).toBe(`## Risk\n\n- **Lock files and dependency manifests**: \`${file}\` (+3 −1)`);
  });
});

describe("a file of CI or hooks is", () => {
  test.each([
    ".github/workflows/ci.yml",
    ".gitlab-ci.yml",
    ".circleci/config.yml",
    ".husky/pre-push",
    "Jenkinsfile",
    ".ci/run",
    "verify.config.json",
    ".pre-commit-config.yaml",
  ])("%s", (file) => {
    expect(risk([change(file)])).toBe(`## Risk\n\n- **CI, hooks and their configuration**: \`${file}\` (+3 −1)`);
  });
});

describe("nothing of the kind is", () => {
  test.each([
    "src/migrations.py",
    "docs/migrations/README.md",
    "tests/migrations/test_books.py",
    "src/package.json.py",
    "src/clock.lock",
    "src/husky/x.ts",
    "src/ci.ts",
  ])("%s", (file) => expect(risk([change(file)])).toBeNull());
});

test("where nothing is found there is no section", () => {
  const looked = { ...coverage({ exclusions: [], uncoveredChanges: [] }), history: history(806) };
  expect(risk([change("src/a.py")], { lowered: [] }, looked)).toBeNull();
});

describe("what this run could not look for", () => {
  const notLookedFor = (changed: Partial<Changes> | null, rest: Partial<Summary> = {}): string | null => {
    const { changes } = sampleSummary();
    return risksNotLookedFor(sampleSummary({ changes: changed && changes && { ...changes, ...changed }, ...rest }));
  };

  test("is named", () => {
    expect(notLookedFor({})).toBe(
      "fewer tests than the base branch has, lowered coverage thresholds, exclusions from coverage, changed lines that no test runs",
    );
    expect(notLookedFor({ lowered: [] }, coverage({ exclusions: [], uncoveredChanges: [] }))).toBe(
      "fewer tests than the base branch has",
    );
    expect(notLookedFor({ lowered: [] }, { ...coverage({ exclusions: [] }), history: history(806) })).toBe(
      "changed lines that no test runs",
    );
  });

  test("is nothing where it looked for all", () => {
    const looked = { ...coverage({ exclusions: [], uncoveredChanges: [] }), history: history(806) };
    expect(notLookedFor({ lowered: [] }, looked)).toBeNull();
  });

  test("is everything where it is not known what changed", () => {
    expect(notLookedFor(null)).toBe("all, as it is not known what changed");
  });
});

test("nothing is said where it is not known what changed", () => {
  expect(riskSection(sampleSummary({ changes: null }), { facts: 3 })).toBeNull();
  expect(risk([])).toBeNull();
});

test("what is new or gone, binary or renamed is told, and many are cut", () => {
  const files = [
    change("a.sql", { created: true }),
    change("b.sql", { deleted: true }),
    change("c.txt", { from: "c.sql" }),
    change("d.sql", { added: null, removed: null }),
  ];
  expect(risk(files)).toBe(
    "## Risk\n\n- **Database migrations and SQL**: `a.sql` (new, +3 −1), `b.sql` (deleted, +3 −1), `c.sql` → `c.txt` (+3 −1), … and 1 more file",
  );
});

test("tests that are deleted, got shorter or are no tests any longer by their names are named; those that grew are not", () => {
  const files = [
    change("tests/test_a.py", { deleted: true, added: 0, removed: 40 }),
    change("tests/test_b.py", { added: 1, removed: 9 }),
    change("old/b.py", { from: "tests/b.py", added: 0, removed: 0 }),
    change("tests/test_c.py", { added: 9, removed: 9 }),
    change("tests/test_d.py", { created: true }),
    change("src/a.py", { deleted: true }),
  ];
  expect(risk(files)).toBe(
    "## Risk\n\n- **Tests deleted or shrunk**: `tests/test_a.py` (deleted, +0 −40), `tests/test_b.py` (+1 −9), `tests/b.py` → `old/b.py` (+0 −0)",
  );
});

function history(total: number): NonNullable<Summary["history"]> {
  const tests = { total, passed: total, failed: 0, skipped: 0 };
  const base: PastRun = {
    at: "2026-01-20T10:00:00.000Z",
    commit: "aa11bb22cc33",
    branch: "main",
    verdict: "verified",
    seconds: 10,
    workers: 2,
    tests,
    lines: null,
  };
  return { base, serial: null, recent: [], races: [] };
}

test("fewer tests than the base branch had are named with both figures, of a whole run", () => {
  const line = "- **Fewer tests**: 806, where the last run of the base branch (`aa11bb2`) had 807";
  expect(risk([change("src/a.py")], {}, { history: history(807) })).toBe(`## Risk\n\n${line}`);
  expect(risk([change("src/a.py")], {}, { history: history(807), incomplete: ["a suite"] })).toBeNull();
});

test("lowered thresholds are named with the figure before and after", () => {
  const lowered = [
    { file: "verify.config.json", name: "coverage.lines", from: 95, to: 90.5 },
    { file: ".coveragerc", name: "fail_under", from: 80, to: null },
  ];
  expect(risk([change("src/a.py")], { lowered })).toBe(
    "## Risk\n\n- **Thresholds lowered**: `coverage.lines` in `verify.config.json` from 95 to 90.5, `fail_under` in `.coveragerc` from 80 to nothing",
  );
});

test("exclusions and changed lines that no test runs are named with their places", () => {
  const found = coverage({
    changedLines: { covered: 8, total: 10 },
    exclusions: [{ file: "src/a.py", line: 5, text: "return 1  # pragma: no cover" }],
    uncoveredChanges: [{ file: "src/a.py", from: 7, to: 8 }],
    unloaded: ["src/b.py"],
  });
  expect(risk([change("src/a.py")], {}, found)).toBe(
    "## Risk\n\n- **Excluded from coverage**: `src/a.py:5` `return 1 # pragma: no cover`\n" +
      "- **Changed lines that no test runs**: `src/a.py:7-8` (2 of 10); no suite loads `src/b.py`",
  );
});

test("more than 400 changed lines are called large, without those of lock files", () => {
  const lines = (file: string, added: number): FileChange => ({ file, added, removed: 1 });
  expect(risk([lines("src/a.py", 399)])).toBeNull();
  expect(risk([lines("src/a.py", 400)])).toBe("## Risk\n\n- **Large**: 401 changed lines in 1 file");
  expect(risk([lines("src/a.py", 399), lines("uv.lock", 9_000)])).not.toContain("Large");
  expect(risk([lines("src/a.py", 400), lines("uv.lock", 9_000)])).toContain(
    "**Large**: 401 changed lines in 1 file, lock files not counted",
  );
});

test("names stay text", () => {
  const file = `migrations/@ada/${hostileName}.sql`;
  const lowered = [{ file, name: hostileName, from: 2, to: 1 }];
  const found = coverage({ uncoveredChanges: [{ file, from: 1, to: 1 }], unloaded: [file] });
  const text = risk([change(file)], { lowered }, found) ?? "";
  expect(text).not.toMatch(/<script>|\n#|@ada/);
});

test("ten thousand files are cut", () => {
  const files = sampleFiles(10_000, 3).map(({ file }) => change(`migrations/${file}`));
  expect((risk(files) ?? "").length).toBeLessThan(1_000);
});
