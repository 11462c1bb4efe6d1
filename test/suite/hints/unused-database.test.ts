import { expect, test } from "vitest";
import type { RunnerName } from "../../../src/config/runner-facts.ts";
import { projectFiles } from "../../../src/project/project-files.ts";
import { unusedDatabaseNote } from "../../../src/suite/hints/unused-database.ts";

const defaults = { DATABASE_URL: "postgresql", TEST_DATABASE_URL: "postgresql" };

async function note(
  files: Readonly<Record<string, string>>,
  runner: RunnerName = "pytest",
  variables = defaults,
  triedOthers = false,
): Promise<string> {
  const project = projectFiles(Object.keys(files), (path) => files[path] ?? null);
  const readFile = (name: string): string | null => files[name] ?? null;
  return await unusedDatabaseNote(
    { suite: "backend", runner, command: "APP_CONFIG=tests/config.ini pytest", variables, triedOthers, readFile },
    project,
    process.env,
  );
}

test("a suite whose code names nothing is told what it was given, and how to say that it needs none", async () => {
  expect(await note({ "tests/test_a.py": "def test_a(): pass\n" })).toBe(
    'backend never opened the database it was given (DATABASE_URL, TEST_DATABASE_URL). A suite that needs none says so with "database": false.',
  );
});

test("where tests failed, nothing says that the suite may need none", async () => {
  const project = projectFiles([], () => null);
  const unused = {
    suite: "backend",
    runner: "pytest",
    command: "pytest",
    variables: defaults,
    triedOthers: false,
    readFile: () => null,
  } as const;
  expect(await unusedDatabaseNote({ ...unused, hasFailed: true }, project, process.env)).toBe(
    "backend never opened the database it was given (DATABASE_URL, TEST_DATABASE_URL).",
  );
});

test("a suite that tried to reach another database is not told how to need none", async () => {
  expect(await note({ "tests/test_a.py": "def test_a(): pass\n" }, "pytest", defaults, true)).not.toContain("false");
});

test("the variables it seems to read are named with their places, and a setting to paste keeps those it has", async () => {
  const text = await note({
    "src/db.py": 'import os\n\nURL = os.environ.get("LEDGER_DB_URL", "postgresql+asyncpg://localhost/ledger")\n',
    "tests/conftest.py": 'import os\nurl = os.environ["APP_DATABASE_URL"]\n',
  });
  expect(text).toContain("It seems to read LEDGER_DB_URL (src/db.py:3), APP_DATABASE_URL (tests/conftest.py:2)");
  expect(text).toContain(
    'set "variables": { "DATABASE_URL": "postgresql", "TEST_DATABASE_URL": "postgresql", "LEDGER_DB_URL": "postgresql+asyncpg", "APP_DATABASE_URL": "postgresql" } in "database".',
  );
});

test("a variable that it was given is not called missing", async () => {
  expect(await note({ "src/db.py": 'import os\nURL = os.environ["DATABASE_URL"]\n' })).not.toContain("seems to read");
});

test("five variables at most are shown, each once", async () => {
  const reads = (name: string): string => `os.environ["${name}"]\n`;
  const text = await note({
    "a.py": ["A", "A", "B", "C", "D", "E", "F"].map((name) => reads(`${name}_DB_URL`)).join(""),
  });
  expect(text).toContain(
    "A_DB_URL (a.py:1), B_DB_URL (a.py:3), C_DB_URL (a.py:4), D_DB_URL (a.py:5), E_DB_URL (a.py:6), … and 1 more variable",
  );
});

test("variables that hold parts of the address are named with the part", async () => {
  const text = await note({
    "src/db.py": 'import os\nconnect(host=os.environ["DB_HOST"],\n  dbname=os.environ["DB_NAME"])\n',
  });
  expect(text).toContain("It seems to read DB_HOST (src/db.py:2), DB_NAME (src/db.py:3)");
  expect(text).toContain('"DB_HOST": "host", "DB_NAME": "name" }');
});

test("what is written in another language than the suite's, or only set in a file of settings, is not its own", async () => {
  const text = await note({
    "web/db.js": "const url = process.env.WEB_DATABASE_URL;\n",
    ".env": "OLD_DATABASE_URL=x\n",
  });
  expect(text).not.toContain("seems to read");
  expect(await note({ "web/db.js": "const url = process.env.WEB_DATABASE_URL;\n" }, "vitest")).toContain(
    "WEB_DATABASE_URL",
  );
});

test("a database that the code names itself calls for a server for each worker", async () => {
  expect(
    await note({ "tests/conftest.py": 'import psycopg2\nconnection = psycopg2.connect(dbname="app_test")\n' }),
  ).toContain('tests/conftest.py:2 names the database app_test itself: set "isolation": "server" in "database"');
});

test("a server that the code names itself is shown with the variable to read instead", async () => {
  const text = await note({ "tests/conftest.py": 'ENGINE = create_engine("postgresql://me@localhost:5432/app")\n' });
  expect(text).toContain("tests/conftest.py:1 names a server itself: have it read DATABASE_URL instead.");
});

test("the URL that stands beside a variable is what is used without it, not a fixed server", async () => {
  const text = await note({
    "src/db.py": 'URL = os.environ.get(\n    "DATABASE_URL",\n    "postgresql://localhost/app",\n)\n',
  });
  expect(text).not.toContain("names a server itself");
});

test.each([
  'connection = psycopg2.connect("dbname=app_test user=me")',
  'NAME = "app_test"\nconnection = psycopg2.connect(dbname=NAME)',
  'pool = await asyncpg.create_pool(database="app_test")',
])("of Python's code a database's name is found in %j", async (code) => {
  expect(await note({ "tests/conftest.py": `async def a():\n  pass\n${code.replace("await ", "")}\n` })).toContain(
    "names the database app_test itself",
  );
});

test.each([
  "def connect(dbname):\n    return psycopg.connect(dbname=dbname)",
  'psycopg.connect(dbname=os.environ["X"])',
  'make_url("postgresql://me@localhost/app")',
  'psycopg.connect(dbname="postgres")',
  '# psycopg.connect(dbname="app")',
  "this is no Python: dbname='app'",
])("of Python's code nothing is said of %j", async (code) => {
  expect(await note({ "tests/conftest.py": `import os\n${code}\n` })).not.toContain("itself");
});

test.each([
  ['new Pool({ database: "app_test" })', "names the database app_test itself"],
  ['new pg.Client({ database: "app_test" } as ClientConfig)', "names the database app_test itself"],
  ['knex({ client: "pg", connection: { database: "app_test" } })', "names the database app_test itself"],
  ['postgres("postgres://me@localhost/app_test")', "names a server itself"],
  ['new Client({ connectionString: "postgresql://localhost/app" })', "names a server itself"],
])("of JavaScript's code %j %s", async (code, words) => {
  expect(await note({ "test/db.ts": `const a: number = 1;\n${code};\n` }, "vitest")).toContain(`test/db.ts:2 ${words}`);
});

test.each([
  "new Pool({ database })",
  "new Pool({ database: name })",
  'new URL("postgres://me@localhost/app_test")',
  'const settings = { database: "app_test" }',
  '// new Pool({ database: "app_test" })',
])("of JavaScript's code nothing is said of %j", async (code) => {
  expect(await note({ "test/db.js": `${code}\n` }, "jest")).not.toContain("itself");
});

test.each<[string, RunnerName, string]>([
  ["load_dotenv(override=True)", "pytest", "src/settings.py"],
  ['env.read_env(str(root / ".env"), overwrite=True)', "pytest", "src/settings.py"],
  ['dotenv.config({ path: ".env", override: true })', "vitest", "src/settings.js"],
])("a file of settings that wins over what the worker was given is told, by %s", async (code, runner, file) => {
  const env = { ".env": "A=1\nexport DATABASE_URL=postgresql://localhost/dev\n" };
  expect(await note({ [file]: `${code}\n`, ...env }, runner)).toContain(
    `${file} lets .env win over DATABASE_URL, which names the worker's database: load the file without overriding what is set.`,
  );
  expect(await note({ [file]: `${code}\n`, ".env": "A=1\n" }, runner)).not.toContain("lets .env win");
  expect(await note({ [file]: "load_dotenv()\n", ...env }, runner)).not.toContain("lets .env win");
});

test("a file of settings that names a server is told, where somebody reads it", async () => {
  const settings = "[db]\n# postgresql://other/one\nurl = postgresql://u:p@localhost:5432/shop_test\n";
  expect(await note({ "tests/config.ini": settings })).toContain(
    "tests/config.ini:3 names a server itself: have what reads it take DATABASE_URL instead.",
  );
  expect(await note({ "tests/unread.ini": settings, "alembic.ini": settings })).not.toContain("names a server");
});
