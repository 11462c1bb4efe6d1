import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ledgerConfig, makeLedger } from "../support/ledger-repository.ts";
import { startPlainServer } from "../support/postgres.ts";
import { makePytestRepository, push, readSummary, runIn } from "../support/verify.ts";

/** A suite that says which database each test was given, and looks whether it may be used. */
const tellingSuite = {
  "tests/test_sums.py": [
    "import os, psycopg2",
    "from sums import add",
    "def look():",
    "    connection = psycopg2.connect(os.environ['DATABASE_URL'])",
    "    cursor = connection.cursor()",
    "    cursor.execute(\"SELECT current_database(), (SELECT string_agg(tablename, ',') FROM pg_tables WHERE schemaname = 'public')\")",
    "    name, tables = cursor.fetchone()",
    "    connection.close()",
    "    return name, os.environ['VERIFY_WORKER'], os.environ['PGDATABASE'], tables",
    "def test_adds():",
    "    assert add(1, 2) == 3",
    "def test_database():",
    "    name, worker, variable, tables = look()",
    "    assert name == variable == 'sums_test' + ('' if worker == 'master' else '_' + worker)",
    "    assert tables == os.environ.get('EXPECTED_TABLES')",
  ].join("\n"),
};

test("a serial run gets the base name itself", async () => {
  const repository = await makePytestRepository(tellingSuite, { database: { name: "sums_test" } });
  const { code, output } = await runIn(repository.root, ["--serial"]);
  expect(output).toContain("2 passed");
  expect(code).toBe(0);
  expect((await readSummary(repository.root)).suites[0]?.databases).toEqual(["sums_test"]);
});

test("a template that database.setup built is what every worker finds", async () => {
  const setup = `python3 -c "import os, psycopg2; c = psycopg2.connect(os.environ['DATABASE_URL']); c.cursor().execute('CREATE TABLE migrated ()'); c.commit()"`;
  const repository = await makePytestRepository(
    {
      ...tellingSuite,
      "tests/conftest.py": "import os, sys\nsys.path.insert(0, 'src')\nos.environ['EXPECTED_TABLES'] = 'migrated'\n",
    },
    { database: { name: "sums_test", setup } },
  );
  const { code, output } = await runIn(repository.root, []);
  expect(output).toContain("2 passed");
  expect(code).toBe(0);
});

test("a setup that fails ends the verification with its own words", async () => {
  const repository = await makePytestRepository(tellingSuite, {
    database: { name: "sums_test", setup: "echo no such revision; exit 7" },
  });
  const { code, errors } = await runIn(repository.root, []);
  expect(code).toBe(3);
  expect(errors).toContain("no such revision");
});

test("code that works on the database outside of every worker fails aloud", async () => {
  const repository = await makePytestRepository(
    {
      "tests/conftest.py": [
        "import os, sys, psycopg2",
        "sys.path.insert(0, 'src')",
        "def pytest_configure(config):",
        "    psycopg2.connect(os.environ['DATABASE_URL'])",
      ].join("\n"),
    },
    { database: { name: "sums_test" } },
  );
  const { code, errors } = await runIn(repository.root, []);
  expect(code).toBe(3);
  expect(errors).toContain("The process that only coordinates the workers tried to reach sums_test_coordinator.");
});

test("an external server is left as it was, and its password is in no output", async () => {
  const server = await startPlainServer();
  try {
    const password = "p@ss/w:rd?#[]%&=+'\" é";
    await server.query(`CREATE ROLE tester LOGIN CREATEDB PASSWORD '${password.replaceAll("'", "''")}'`);
    const before = await server.query("SELECT datname FROM pg_database ORDER BY datname");
    const url = new URL(server.url);
    url.username = "tester";
    url.password = encodeURIComponent(password);
    const ledger = await makeLedger();
    const { code, output, errors } = await runIn(ledger.root, ["--database-url", url.href]);
    expect(output).toContain("24 passed");
    expect(code).toBe(0);
    expect(await server.query("SELECT datname FROM pg_database ORDER BY datname")).toEqual(before);
    const reports = await readAll(join(ledger.root, ".verify"));
    for (const secret of [password, encodeURIComponent(password), url.password]) {
      expect(output + errors + reports).not.toContain(secret);
    }
  } finally {
    await server.stop();
  }
});

test("what passed on a server of the caller's choice proves nothing about the configured one", async () => {
  const server = await startPlainServer();
  try {
    const ledger = await makeLedger();
    await runIn(ledger.root, ["--database-url", server.url]);
    const again = await runIn(ledger.root, ["--database-url", server.url]);
    expect(again.output).toContain("was proven before");
    const { output } = await push(ledger);
    expect(output).toContain("embedded Postgres");
    expect(output).toContain("24 passed");
  } finally {
    await server.stop();
  }
});

test("a database of the base name that is not ours stops a serial run and stays as it is", async () => {
  const server = await startPlainServer();
  try {
    await server.query("CREATE DATABASE finance_report_test");
    await server.query("CREATE TABLE precious ()", "finance_report_test");
    const ledger = await makeLedger({}, { "verify.config.json": ledgerConfig({ url: server.url }) });
    const { code, errors } = await runIn(ledger.root, ["--serial"]);
    expect(code).toBe(2);
    expect(errors).toContain("finance_report_test");
    const tables = await server.query(
      "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
      "finance_report_test",
    );
    expect(tables).toEqual([{ tablename: "precious" }]);
  } finally {
    await server.stop();
  }
});

/** All files below a directory, one after another. */
async function readAll(directory: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n");
}
