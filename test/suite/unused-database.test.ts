import { expect, test } from "vitest";
import type { RunnerName } from "../../src/config.ts";
import { projectFiles } from "../../src/init/project-files.ts";
import { unusedDatabaseNote } from "../../src/suite/unused-database.ts";

const defaults = { DATABASE_URL: "postgresql", TEST_DATABASE_URL: "postgresql" };

function note(files: Readonly<Record<string, string>>, runner: RunnerName = "pytest", variables = defaults): string {
  const project = projectFiles(Object.keys(files), (path) => files[path] ?? null);
  return unusedDatabaseNote({ suite: "backend", runner, variables }, project);
}

test("a suite whose code names nothing is told what it was given, and how to say that it needs none", () => {
  expect(note({ "tests/test_a.py": "def test_a(): pass\n" })).toBe(
    'backend never opened the database it was given (DATABASE_URL, TEST_DATABASE_URL). A suite that needs none says so with "database": false.',
  );
});

test("the variables it seems to read are named with their places, and a setting to paste keeps those it has", () => {
  const text = note({
    "src/db.py": 'import os\n\nURL = os.environ.get("LEDGER_DB_URL", "postgresql+asyncpg://localhost/ledger")\n',
    "tests/conftest.py": 'import os\nurl = os.environ["APP_DATABASE_URL"]\n',
  });
  expect(text).toContain("It seems to read LEDGER_DB_URL (src/db.py:3), APP_DATABASE_URL (tests/conftest.py:2)");
  expect(text).toContain(
    'set "variables": { "DATABASE_URL": "postgresql", "TEST_DATABASE_URL": "postgresql", "LEDGER_DB_URL": "postgresql+asyncpg", "APP_DATABASE_URL": "postgresql" } in "database".',
  );
});

test("a variable that it was given is not called missing", () => {
  expect(note({ "src/db.py": 'import os\nURL = os.environ["DATABASE_URL"]\n' })).not.toContain("seems to read");
});

test("three variables at most are shown, each once", () => {
  const reads = (name: string): string => `os.environ["${name}"]\n`;
  const text = note({
    "a.py": `${reads("A_DB_URL")}${reads("A_DB_URL")}${reads("B_DB_URL")}${reads("C_DB_URL")}${reads("D_DB_URL")}`,
  });
  expect(text).toContain("A_DB_URL (a.py:1), B_DB_URL (a.py:3), C_DB_URL (a.py:4), … and 1 more variable");
});

test("what is written in another language than the suite's, or only set in a file of settings, is not its own", () => {
  const text = note({ "web/db.js": "const url = process.env.WEB_DATABASE_URL;\n", ".env": "OLD_DATABASE_URL=x\n" });
  expect(text).not.toContain("seems to read");
  expect(note({ "web/db.js": "const url = process.env.WEB_DATABASE_URL;\n" }, "vitest")).toContain("WEB_DATABASE_URL");
});

test("a database that the code names itself calls for a server for each worker", () => {
  expect(
    note({ "tests/conftest.py": 'import psycopg2\nconnection = psycopg2.connect(dbname="app_test")\n' }),
  ).toContain('tests/conftest.py:2 names the database app_test itself: set "isolation": "server" in "database"');
});

test("a server that the code names itself is shown with the variable to read instead", () => {
  const text = note({ "tests/conftest.py": 'ENGINE = create_engine("postgresql://me@localhost:5432/app")\n' });
  expect(text).toContain("tests/conftest.py:1 names a server itself: have it read DATABASE_URL instead.");
});

test("the URL that stands beside a variable is what is used without it, not a fixed server", () => {
  const text = note({
    "src/db.py": 'URL = os.environ.get(\n    "DATABASE_URL",\n    "postgresql://localhost/app",\n)\n',
  });
  expect(text).not.toContain("names a server itself");
});
