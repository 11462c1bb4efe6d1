import { readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/shared/paths.ts";
import { makeLedger } from "../support/ledger-repository.ts";
import { makeNodeRepository, passingNodeTest } from "../support/node-suite.ts";
import { startPlainServer } from "../support/postgres.ts";
import { makeRepository } from "../support/repository.ts";
import {
  configFile,
  endsWith,
  makeParallelPytestRepository,
  makePytestRepository,
  push,
  readSummary,
  runIn,
  useHook,
} from "../support/verify.ts";

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
  const repository = await makeParallelPytestRepository(
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
  const repository = await makeParallelPytestRepository(tellingSuite, {
    database: { name: "sums_test", setup: "echo no such revision; exit 7" },
  });
  const { code, errors } = await runIn(repository.root, []);
  expect(code).toBe(3);
  expect(errors).toContain("no such revision");
});

/** A conftest that opens the database while pytest starts, in whichever process that is. */
const opening = (hook: string): string =>
  [
    "import os, sys, psycopg2",
    "sys.path.insert(0, 'src')",
    `def ${hook}:`,
    "    psycopg2.connect(os.environ['DATABASE_URL']).close()",
  ].join("\n");

test.each(["pytest_configure(config)", "pytest_sessionstart(session)", "pytest_sessionfinish(session)"])(
  "a suite whose coordinating process opens the database, in %s, goes as processes by itself",
  async (hook) => {
    const repository = await makeParallelPytestRepository(
      { ...tellingSuite, "tests/conftest.py": opening(hook) },
      { database: { name: "sums_test" } },
    );
    const { code, output } = await runIn(repository.root, []);
    expect(code).toBe(0);
    expect(output).toContain(
      "backend ran as several processes, each over a share of the files, because the process that coordinates its workers opens the database itself.",
    );
    const [suite] = (await readSummary(repository.root)).suites;
    expect(suite).toMatchObject({ parallel: "processes", workers: 2, tests: { total: 2, passed: 2 } });
  },
);

test("of a suite that goes as processes, it is said that nothing is reused for that", async () => {
  const { root } = await makeParallelPytestRepository(
    { "tests/conftest.py": opening("pytest_configure(config)") },
    { database: { name: "sums_test" }, base: "trunk", incremental: true },
  );
  await endsWith(0, runIn(root, []));
  const { output } = await runIn(root, ["affected"]);
  expect(output).toBe("backend: everything runs: it runs as several processes, each over a share of its files.\n");
});

test("no database server is started where all is reused, as where a text for people changed", async () => {
  const repository = await makeNodeRepository(
    { "test/a.test.js": passingNodeTest },
    { workers: 1 },
    { database: { name: "sums_test" }, base: "trunk", incremental: true },
  );
  // No draw has all of the suite run for comparison.
  const random = () => 0.5;
  const first = await endsWith(0, runIn(repository.root, [], { random }));
  await repository.write({ "README.md": "# Sums\n" });
  await repository.commit("A text");
  const second = await endsWith(0, runIn(repository.root, [], { random }));
  expect([first, second].map(({ output }) => output.includes("✔ Database: "))).toEqual([true, false]);
  expect(second.output).toContain("1 passed, all reused");
});

test("where the configuration forbids processes, a coordinating process that opens the database is told what helps", async () => {
  const repository = await makeParallelPytestRepository(
    { "tests/conftest.py": opening("pytest_configure(config)") },
    {
      suites: [
        { name: "backend", runner: "pytest", command: "pytest", source: ["src"], workers: 2, parallel: "runner" },
      ],
      database: { name: "sums_test" },
    },
  );
  const { code, errors } = await runIn(repository.root, []);
  expect(code).toBe(3);
  expect(errors).toContain("The process that coordinates the workers tried to reach sums_test_coordinator.");
  expect(errors).toContain('set "parallel": "processes"');
});

test.each([
  [
    "vitest",
    {
      "vitest.config.js": 'export default { test: { include: ["test/*.test.js"], globalSetup: ["test/setup.js"] } };\n',
      "test/one.test.js":
        'import { expect, test } from "vitest";\nimport { add } from "../src/sums.js";\ntest("adds", () => expect(add(1, 2)).toBe(3));\n',
    },
  ],
  [
    "jest",
    {
      "jest.config.js": 'export default { globalSetup: "<rootDir>/test/setup.js", transform: {} };\n',
      "test/one.test.js": 'import { add } from "../src/sums.js";\ntest("adds", () => expect(add(1, 2)).toBe(3));\n',
    },
  ],
])("a global setup of %s that opens the database makes the suite go as processes", async (runner, files) => {
  const command = runner === "jest" ? "NODE_OPTIONS=--experimental-vm-modules jest" : "vitest run";
  const repository = await makeRepository({
    ".gitignore": "node_modules\n",
    "package.json": '{ "type": "module" }\n',
    "src/sums.js": "export const add = (left, right) => left + right;\n",
    "test/setup.js":
      'import pg from "pg";\nexport default async () => {\n  const client = new pg.Client(process.env.DATABASE_URL);\n  await client.connect();\n  await client.end();\n};\n',
    ...files,
    "test/two.test.js": `${files["test/one.test.js"]}`,
    "verify.config.json": configFile({
      suites: [{ name: "web", runner, command, source: ["src"], workers: 2 }],
      database: { name: "sums_test" },
    }),
  });
  await symlink(join(packageRoot, "node_modules"), join(repository.root, "node_modules"));
  const { code, output } = await runIn(repository.root, []);
  expect(output).toContain("because the process that coordinates its workers opens the database itself");
  expect(code).toBe(0);
  expect((await readSummary(repository.root)).suites[0]).toMatchObject({ parallel: "processes", tests: { passed: 2 } });
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
    const ledger = await makeLedger({ tests: 12, files: 2 });
    const { code, output, errors } = await runIn(ledger.root, ["--database-url", url.href]);
    expect(output).toContain("12 passed");
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
    const repository = await makePytestRepository(tellingSuite, { database: { name: "sums_test" } });
    await useHook(repository);
    await runIn(repository.root, ["--database-url", server.url]);
    const again = await runIn(repository.root, ["--database-url", server.url]);
    expect(again.output).toContain("was verified before");
    const { output } = await push(repository);
    expect(output).toContain("embedded Postgres");
    expect(output).toContain("2 passed");
  } finally {
    await server.stop();
  }
});

test("a database of the base name that is not ours stays as it is, and a serial run gets another name and says so", async () => {
  const server = await startPlainServer();
  try {
    await server.query("CREATE DATABASE finance_report_test");
    await server.query("CREATE TABLE precious ()", "finance_report_test");
    const database = { name: "finance_report_test", url: server.url };
    const repository = await makePytestRepository({}, { database });
    const { code, output } = await runIn(repository.root, ["--serial"]);
    expect(output).toContain("finance_report_test");
    expect(code).toBe(0);
    const [name = ""] = (await readSummary(repository.root)).suites[0]?.databases ?? [];
    expect(name).toMatch(/^finance_report_test_\w+$/);
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
