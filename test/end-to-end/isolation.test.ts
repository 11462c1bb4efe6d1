import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeDirectory, makeRepository } from "../support/repository.ts";
import {
  configFile,
  endsWith,
  makeParallelPytestRepository,
  makePytestRepository,
  readSummary,
  runIn,
} from "../support/verify.ts";
import { linkNodeModules } from "../support/vitest-ledger.ts";

/** Lets tests try a database that is not theirs, with their own name and password. */
const crossing = [
  "import os, psycopg2",
  "def reach(database):",
  "    psycopg2.connect(dbname=database).close()",
  "def sibling():",
  "    return 'sums_test_' + {'gw0': 'gw1', 'gw1': 'gw0'}[os.environ['VERIFY_WORKER']]",
].join("\n");

test("a database of a sibling that a suite tried to reach is named with worker, times and file, and the pass stands", async () => {
  const repository = await makeParallelPytestRepository(
    {
      "tests/crossing.py": crossing,
      "tests/test_cross.py": [
        "import psycopg2, pytest",
        "from crossing import reach, sibling",
        "def test_cross():",
        "    for _ in range(3):",
        "        with pytest.raises(psycopg2.OperationalError):",
        "            reach(sibling())",
      ].join("\n"),
    },
    { database: { name: "sums_test" }, coverage: { lines: 1 } },
  );
  const { code, output } = await runIn(repository.root, []);
  expect(code).toBe(0);
  const [rejection, ...more] = (await readSummary(repository.root)).suites[0]?.rejections ?? [];
  expect(more).toEqual([]);
  expect(rejection).toMatchObject({ times: 3, files: ["tests/test_cross.py"] });
  expect(output).toMatch(/gw[01] tried to reach sums_test_gw[01] \(3 times\), in tests\/test_cross\.py\./);
  expect(output).toContain('set "isolation": "server" in "database"');
});

test("what a fixture tries while it is set up belongs to the file that it is set up for", async () => {
  const signs = await makeDirectory();
  const file = [
    "import os, psycopg2, pytest",
    "from crossing import reach, sibling",
    "@pytest.fixture(scope='module', autouse=True)",
    "def prepared():",
    "    with pytest.raises(psycopg2.OperationalError):",
    "        reach(sibling())",
    "def test_it():",
    `    open('${signs}/' + os.path.basename(__file__), 'w').write(os.environ['VERIFY_WORKER'])`,
  ].join("\n");
  const names = ["test_a.py", "test_b.py", "test_c.py", "test_d.py"];
  const repository = await makeParallelPytestRepository(
    { "tests/crossing.py": crossing, ...Object.fromEntries(names.map((name) => [`tests/${name}`, file])) },
    { database: { name: "sums_test" }, coverage: { lines: 1 } },
  );
  await runIn(repository.root, []);
  const workers = await Promise.all(names.map((name) => readFile(join(signs, name), "utf8")));
  const rejections = (await readSummary(repository.root)).suites[0]?.rejections ?? [];
  expect(rejections.length).toBeGreaterThan(0);
  for (const { worker, files } of rejections) {
    const own = names.filter((_, index) => workers[index] === worker);
    expect([...files].sort()).toEqual(own.map((name) => `tests/${name}`));
  }
});

test("a test that failed because it was refused says so where it is explained", async () => {
  // Three that fail alike are not run again alone.
  const repository = await makeParallelPytestRepository(
    {
      "tests/crossing.py": crossing,
      "tests/test_cross.py":
        "import pytest\nfrom crossing import reach, sibling\n\n@pytest.mark.parametrize('number', range(3))\ndef test_cross(number):\n    reach(sibling())\n",
    },
    { database: { name: "sums_test" } },
  );
  const { code } = await runIn(repository.root, []);
  expect(code).toBe(1);
  const report = await readFile(join(repository.root, ".verify", "summary.md"), "utf8");
  expect(report).toMatch(
    /Failed on gw[01], in `tests\/test_cross\.py`, while the server refused it `sums_test_gw[01]`\./,
  );
});

test("a vitest suite's crossing is put to its worker and file as well", async () => {
  const file = (body: string): string =>
    `import pg from "pg";\nimport { expect, test } from "vitest";\nimport { add } from "../src/sums.js";\ntest("adds", async () => {\n  ${body}\n  expect(add(1, 2)).toBe(3);\n});\n`;
  const repository = await makeRepository({
    ".gitignore": "node_modules/\n",
    "package.json": '{ "type": "module" }\n',
    "src/sums.js": "export const add = (left, right) => left + right;\n",
    "test/cross.test.js": file(
      'const database = process.env.VERIFY_WORKER === "gw0" ? "sums_test_gw1" : "sums_test_gw0";\n  await expect(new pg.Client({ database }).connect()).rejects.toThrow("rejects");',
    ),
    "test/plain.test.js": file(""),
    "verify.config.json": configFile({
      suites: [{ name: "web", runner: "vitest", command: "vitest run", source: ["src"], workers: 2 }],
      database: { name: "sums_test" },
    }),
  });
  await linkNodeModules(repository.root);
  const { code } = await runIn(repository.root, []);
  expect(code).toBe(0);
  expect((await readSummary(repository.root)).suites[0]?.rejections).toMatchObject([
    { times: 1, files: ["test/cross.test.js"] },
  ]);
});

test("a suite that never opens its database is told so, with the variable that it seems to read", async () => {
  const repository = await makePytestRepository(
    { "src/store.py": 'import os\n\nURL = os.environ.get("SUMS_DB_URL", "postgresql+psycopg2://localhost/sums")\n' },
    { database: { name: "sums_test" }, coverage: { lines: 1 } },
  );
  const { code, output } = await runIn(repository.root, []);
  expect(code).toBe(0);
  expect(output).toContain("backend never opened the database it was given (DATABASE_URL, TEST_DATABASE_URL).");
  expect((await readSummary(repository.root)).notes.join()).toContain(
    'It seems to read SUMS_DB_URL (src/store.py:3): set "variables": { "DATABASE_URL": "postgresql", "TEST_DATABASE_URL": "postgresql", "SUMS_DB_URL": "postgresql+psycopg2" }',
  );
});

test("a suite that opens its database, by any of its names, is told nothing", async () => {
  const repository = await makePytestRepository(
    { "tests/test_more.py": "import psycopg2\ndef test_open():\n    psycopg2.connect('').close()\n" },
    { database: { name: "sums_test" } },
  );
  await runIn(repository.root, []);
  expect((await readSummary(repository.root)).notes.join()).not.toContain("never opened");
});

test("a suite that hard-codes a name fails on one server, and passes with a server for each worker, as the reports say", async () => {
  const hardCoded = [
    "import psycopg2, pytest",
    "@pytest.fixture(scope='session', autouse=True)",
    "def shop():",
    "    connection = psycopg2.connect('')",
    "    connection.autocommit = True",
    "    connection.cursor().execute('CREATE ROLE shop_owner')",
    "    connection.cursor().execute('CREATE DATABASE shop')",
    // Tests that fail alike, so many of them, are not run again alone.
    "@pytest.mark.parametrize('number', range(3))",
    "def test_shop(number):",
    "    psycopg2.connect(dbname='shop').close()",
  ].join("\n");
  const files = { "tests/test_a.py": hardCoded, "tests/test_b.py": hardCoded };
  const shared = await makeParallelPytestRepository(files, { database: { name: "sums_test" } });
  await endsWith(1, runIn(shared.root, []));
  const apart = await makeParallelPytestRepository(files, { database: { name: "sums_test", isolation: "server" } });
  const { code, output } = await runIn(apart.root, []);
  expect(code).toBe(0);
  expect(output).toContain("2, each with a server of its own");
  expect((await readSummary(apart.root)).suites[0]).toMatchObject({
    isolation: "server",
    databases: ["sums_test", "sums_test"],
  });
});
