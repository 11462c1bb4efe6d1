import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../../src/shared/paths.ts";
import { quote } from "../../../src/shared/shell.ts";
import { ledgerConfig, makeLedger } from "../../support/ledger-repository.ts";
import { type PlainServer, startPlainServer } from "../../support/postgres.ts";
import { pythonEnvironment } from "../../support/python.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";
import { runShell, suiteEnvironment } from "../../support/run.ts";
import { configFile, makePytestRepository, readSummary, runIn } from "../../support/verify.ts";

let server: PlainServer;

beforeAll(async () => {
  server = await startPlainServer();
});

afterAll(async () => {
  await server?.stop();
});

/** Runs a Python program with the adapters at hand on a database of its own; gives what it printed. */
async function python(program: string, database: string, words: readonly string[] = [], user = ""): Promise<string> {
  const { bin } = await pythonEnvironment();
  await server.query(`CREATE DATABASE "${database}" OWNER ${user === "" ? "postgres" : user}`);
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  if (user !== "") [url.username, url.password] = [user, "secret"];
  const environment = suiteEnvironment({
    PATH: `${bin}:${process.env.PATH}`,
    PYTHONWARNINGS: "ignore",
    ADAPTERS: join(packageRoot, "src/suite/runners/adapters/python"),
    URL: url.href.replace("postgresql:", "postgresql+psycopg2:"),
  });
  const { exitCode, output } = await runShell(["python3", program, ...words].map(quote).join(" "), "/", environment);
  expect(exitCode, output).toBe(0);
  return output.trim();
}

/** The beginning of a program: a table, an engine, and the schema that is kept. */
const beginning = `import os, sys
sys.path.insert(0, os.environ["ADAPTERS"])
import sqlalchemy as sa
from sqlalchemy import text
import pushproof_schema
metadata = sa.MetaData()
account = sa.Table("account", metadata, sa.Column("id", sa.Integer, primary_key=True))
engine = sa.create_engine(os.environ["URL"])
pushproof_schema.keep_schemas()
schemas = pushproof_schema.schemas
`;

async function program(text: string): Promise<string> {
  const directory = await makeDirectory();
  await writeFiles(directory, { "program.py": `${beginning}${text}` });
  return join(directory, "program.py");
}

/** The first seed: among those that follow are the ones that have found faults. */
const firstSeed = 80;
/** How many generated sequences are compared; a long run takes some hundred (SEQUENCES=400). */
const sequences = Number(process.env.SEQUENCES ?? 24);

test("whatever tests do to schema and rows, they give the same as where the schema is really made", async () => {
  const script = join(import.meta.dirname, "sequences.py");
  const [real, kept] = await Promise.all(
    ["real", "kept"].map(async (mode) =>
      (await python(script, mode, [mode, String(firstSeed), String(firstSeed + sequences)])).split("\n"),
    ),
  );
  const [, emptied] = JSON.parse(kept?.pop() ?? "[]");
  for (const [index, line] of (real ?? []).entries())
    expect(JSON.parse(kept?.[index] ?? "null")).toEqual(JSON.parse(line));
  expect(real).toHaveLength(sequences);
  // Otherwise nothing was compared.
  expect(emptied).toBeGreaterThan(sequences / 2);
}, 600_000);

test("what hinders or outlives a drop does so where the schema is kept", async () => {
  const script = join(import.meta.dirname, "scenarios.py");
  const [real, kept] = await Promise.all(
    ["real", "kept"].map(async (mode) => (await python(script, `scenarios_${mode}`, [mode])).split("\n")),
  );
  expect(kept?.map((line) => JSON.parse(line))).toEqual(real?.map((line) => JSON.parse(line)));
});

test("the ledger's schema is made once by each worker, and the reports say so", async () => {
  const { root } = await makeLedger(
    { tests: 12, files: 2 },
    { "verify.config.json": ledgerConfig({ schema: "reset" }) },
  );
  const { code, output } = await runIn(root, []);
  expect(output).toContain("each with a database of its own, its schema kept between tests");
  expect(code).toBe(0);
  const [suite] = (await readSummary(root)).suites;
  expect(suite?.schema).toEqual({ kept: 10, made: 2, reasons: {}, off: null });
  const summary = await readFile(join(root, ".verify/summary.md"), "utf8");
  expect(summary).toContain("schema made 2 times, emptied 10 times");
});

test("the schema of a suite on asyncpg is kept, and made again after a test that changed it", async () => {
  const conftest = `import asyncio, os, sys, pathlib
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "src"))
metadata = sa.MetaData()
account = sa.Table("account", metadata, sa.Column("id", sa.Integer, primary_key=True))

async def each(engine, call):
    async with engine.begin() as connection:
        return await connection.run_sync(call)

@pytest.fixture(autouse=True)
def engine():
    engine = create_async_engine(os.environ["ASYNC_URL"], poolclass=NullPool)
    asyncio.run(each(engine, metadata.create_all))
    yield engine
    asyncio.run(each(engine, metadata.drop_all))
`;
  const tests = `import asyncio
import pytest
from conftest import account, each
from sums import add

def ids(connection, more=None):
    if more:
        connection.exec_driver_sql(more)
    return connection.execute(account.insert().returning(account.c.id)).scalar()

@pytest.mark.parametrize("number", range(4))
def test_begins_anew(engine, number):
    assert add(1, 2) == 3
    assert asyncio.run(each(engine, ids)) == 1

def test_changes(engine):
    asyncio.run(each(engine, lambda connection: ids(connection, "ALTER TABLE account ADD COLUMN name text")))

def test_finds_no_change(engine):
    assert [column["name"] for column in asyncio.run(each(engine, columns))] == ["id"]

def columns(connection):
    import sqlalchemy
    return sqlalchemy.inspect(connection).get_columns("account")
`;
  const suite = { name: "backend", runner: "pytest", command: "pytest", source: ["src"], workers: 1 };
  const database = { variables: { ASYNC_URL: "postgresql+asyncpg" }, schema: "reset" };
  const { root } = await makePytestRepository({
    "tests/conftest.py": conftest,
    "tests/test_sums.py": tests,
    "verify.config.json": configFile({ suites: [suite], database }),
  });
  const { code, output } = await runIn(root, []);
  expect(code, output).toBe(0);
  expect((await readSummary(root)).suites[0]?.schema).toEqual({
    kept: 4,
    made: 2,
    reasons: { "a test changed more than rows": 1 },
    off: null,
  });
});

test("a connection that was left in a transaction is named by drop_all, which would wait for ever", async () => {
  const script = await program(`pushproof_schema.PATIENCE = "100ms"
metadata.create_all(engine)
left = engine.connect()
left.execute(account.insert())
try:
    metadata.drop_all(engine)
except RuntimeError as error:
    print(error)
`);
  expect(await python(script, "left")).toMatch(
    /^drop_all waited 100ms for a connection .*: process \d+ is idle in transaction, its last statement: INSERT INTO account/,
  );
});

test("where the role may not see changes of the schema nothing is kept, and the reason is told", async () => {
  await server.query("CREATE ROLE plain LOGIN PASSWORD 'secret'");
  const script = await program(`for number in range(2):
    metadata.create_all(engine)
    metadata.drop_all(engine)
print(schemas.kept, schemas.why_off)
with engine.connect() as connection:
    print(connection.execute(text("SELECT to_regclass('account'), to_regnamespace('pushproof')")).one())
`);
  expect(await python(script, "plain", [], "plain")).toMatch(
    /^0 this role may not create event triggers \(permission denied .*\)\n\(None, None\)$/,
  );
});

test("a run says why the schema was not kept on a server whose role may not see changes of it", async () => {
  await server.query("CREATE ROLE maker LOGIN CREATEDB PASSWORD 'secret'");
  const tests = `import os, sys, pathlib
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "src"))
import sqlalchemy as sa
from sums import add
metadata = sa.MetaData()
sa.Table("account", metadata, sa.Column("id", sa.Integer, primary_key=True))

def test_adds():
    engine = sa.create_engine(os.environ["URL"])
    metadata.create_all(engine)
    metadata.drop_all(engine)
    assert add(1, 2) == 3
`;
  const url = new URL(server.url);
  [url.username, url.password] = ["maker", "secret"];
  const suite = { name: "backend", runner: "pytest", command: "pytest", source: ["src"], workers: 1 };
  const { root } = await makePytestRepository({
    "tests/test_sums.py": tests,
    "verify.config.json": configFile({
      suites: [suite],
      database: { variables: { URL: "postgresql+psycopg2" }, schema: "reset" },
    }),
  });
  const { code, output } = await runIn(root, ["--database-url", url.href]);
  expect(code, output).toBe(0);
  expect(output.replace(/\s+/g, " ")).toContain(
    "The schema was not kept in backend, but made for every test: this role may not create event triggers",
  );
});
