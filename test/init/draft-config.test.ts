import { describe, expect, it } from "vitest";
import { draftConfig } from "../../src/init/draft-config.ts";
import { aTest, projectOf } from "./project.ts";

type Texts = Readonly<Record<string, string>>;
const draftOf = (files: Texts, repository = "finance-report") => {
  const draft = draftConfig(projectOf(files), repository, "main");
  if (draft === null) throw new Error("no suite");
  return draft;
};
const databaseOf = (files: Texts, repository?: string) => draftOf(files, repository).config.database;
const python = { "tests/test_a.py": aTest, "requirements.txt": "psycopg2-binary\n" };
const reading = (text: string): Texts => ({ ...python, "tests/conftest.py": text });
const node = {
  "test/a.test.ts": "",
  "package.json": '{ "dependencies": { "pg": "8" }, "devDependencies": { "vitest": "4" } }',
};

describe("parts of an address", () => {
  const text =
    'connect(host=os.environ.get("DB_HOST", "localhost"), port=os.environ.get("DB_PORT", "5432"), dbname=os.environ.get("DB_NAME", "shop_test"))\n';

  it("are given to the variables that hold them, with the name that is a test's", () => {
    const draft = draftOf({ ...python, "src/store.py": text });
    expect(draft.config.database).toEqual({
      name: "shop_test",
      variables: { DB_HOST: "host", DB_PORT: "port", DB_NAME: "name" },
    });
    expect(draft.database).toEqual([
      "DB_HOST (host), DB_PORT (port), DB_NAME (name), read in src/store.py:1",
      "shop_test, the base name, read in src/store.py:1",
    ]);
  });

  it("stand beside a URL that is read as well", () => {
    const files = { ...python, "src/store.py": text, "src/other.py": 'os.environ["DATABASE_URL"]\n' };
    expect(databaseOf(files)).toMatchObject({
      variables: { DATABASE_URL: "postgresql", DB_HOST: "host", DB_PORT: "port", DB_NAME: "name" },
    });
  });

  it("are what a suite without a known driver needs, where the port is Postgres's", () => {
    const files = { "tests/test_a.py": aTest, "src/store.py": text };
    expect(databaseOf(files)).toMatchObject({ variables: { DB_HOST: "host" } });
    expect(databaseOf({ ...files, "src/store.py": text.replace("5432", "3306") })).toBe(false);
  });

  it("are taken from settings where no code says what it reads", () => {
    const compose = "services:\n  app:\n    environment:\n      DB_HOST: db\n      DB_NAME: shop\n";
    expect(databaseOf({ ...python, "compose.yaml": compose })).toMatchObject({
      variables: { DB_HOST: "host", DB_NAME: "name" },
    });
  });
});

describe("what CI sets", () => {
  const workflow = (lines: string): Texts => ({ ".github/workflows/ci.yml": `jobs:\n  test:\n    env:\n${lines}` });

  it("wins over a default in the code, for the scheme and for the name", () => {
    const files = {
      ...reading('os.getenv("DATABASE_URL", "postgresql+psycopg2://localhost/dev_test")'),
      ...workflow("      DATABASE_URL: postgresql+asyncpg://postgres:postgres@localhost/ci_checks\n"),
    };
    expect(databaseOf(files)).toEqual({ name: "ci_checks", variables: { DATABASE_URL: "postgresql+asyncpg" } });
  });

  it("names the database by a part, too", () => {
    const files = {
      ...reading('os.environ["DATABASE_URL"]'),
      ...workflow("      DB_HOST: localhost\n      DB_NAME: checks\n"),
    };
    expect(databaseOf(files)).toEqual({ name: "checks", variables: ["DATABASE_URL"] });
  });

  it("is one of Postgres's where it is a list of several", () => {
    const list = "      TEST_DATABASE_URLS: |\n        sqlite:///x,\n        postgresql+asyncpg://u:p@localhost/x\n";
    const files = { ...reading('os.environ["TEST_DATABASE_URLS"]'), ...workflow(list) };
    expect(databaseOf(files)).toMatchObject({ variables: { TEST_DATABASE_URLS: "postgresql+asyncpg" } });
  });
});

describe("the variables of a database", () => {
  it.each([
    ['os.environ["DATABASE_URL"]', { DATABASE_URL: "postgresql" }],
    ['os.getenv("APP_DB_URL", "postgresql+psycopg://localhost/x")', { APP_DB_URL: "postgresql+psycopg" }],
    ['os.environ.get(\n    "POSTGRES_URL",\n    "postgres://localhost/x",\n)', { POSTGRES_URL: "postgres" }],
    ['environ.get("SQLALCHEMY_DATABASE_URI")', { SQLALCHEMY_DATABASE_URI: "postgresql" }],
    ['os.environ["PG_DSN"]', { PG_DSN: "postgresql" }],
    ['DATABASE_URL = os.environ["TEST_DATABASE_URL"]', { TEST_DATABASE_URL: "postgresql" }],
    ['os.environ.get("LEDGER_STORE", "postgresql://localhost/ledger")', { LEDGER_STORE: "postgresql" }],
    ['env("STORE", default="postgresql+asyncpg://localhost/ledger")', { STORE: "postgresql+asyncpg" }],
    ['os.environ["SENTRY_DSN"], os.environ["REDIS_URL"], os.environ["TEST_DB_URL"]', { TEST_DB_URL: "postgresql" }],
  ])("are read from %j", (text, variables) => {
    const expected = Object.values(variables).every((scheme) => scheme === "postgresql")
      ? Object.keys(variables)
      : variables;
    expect(databaseOf(reading(text))).toMatchObject({ variables: expected });
  });

  it.each([
    ["sqlalchemy\npsycopg2-binary\n", "postgresql+psycopg2"],
    ["SQLAlchemy>=2.0,<3\npsycopg2\n", "postgresql+psycopg2"],
    ['"sqlalchemy-utils<0.42"\n"sqlalchemy"\n"psycopg2"\n', "postgresql+psycopg2"],
    ["sqlalchemy\npsycopg2\npsycopg\n", "postgresql"],
    ["SQLAlchemy==1.4.49\npsycopg2\n", "postgresql"],
    ["sqlalchemy>=1.4,<2\npsycopg2\n", "postgresql"],
    ["sqlalchemy<2.1\npsycopg2\n", "postgresql"],
    ["sqlalchemy~=2.0.3\npsycopg2\n", "postgresql"],
    ['sqlalchemy = "^1.4"\npsycopg2 = "*"\n', "postgresql"],
    ['sqlalchemy = "^2.0"\npsycopg2 = "*"\n', "postgresql+psycopg2"],
  ])("name the driver that SQLAlchemy may not take by itself: %j", (requirements, scheme) => {
    const files = { ...reading('os.environ["DATABASE_URL"]'), "requirements.txt": requirements };
    expect(databaseOf(files)).toMatchObject({
      variables: scheme === "postgresql" ? ["DATABASE_URL"] : { DATABASE_URL: scheme },
    });
  });

  it.each([
    ["code calls it", 'import psycopg2\n\npsycopg2.connect(os.environ["DATABASE_URL"])\n', ""],
    ["code calls it by its name", 'from psycopg2 import connect\n\nconnect(os.environ["DATABASE_URL"])\n', ""],
    ["encode's databases reads the URL", 'os.environ["DATABASE_URL"]\n', "databases[postgresql]\n"],
  ])("name no driver where %s, which takes no URL that names one", (_where, text, more) => {
    const files = { ...reading(text), "requirements.txt": `sqlalchemy\npsycopg2\n${more}` };
    expect(databaseOf(files)).toMatchObject({ variables: ["DATABASE_URL"] });
  });

  it("name the driver although code names the errors that it raises", () => {
    const text = 'from psycopg2.errors import UniqueViolation\n\nos.environ["DATABASE_URL"]\n';
    const files = { ...reading(text), "requirements.txt": "sqlalchemy\npsycopg2\n" };
    expect(databaseOf(files)).toMatchObject({ variables: { DATABASE_URL: "postgresql+psycopg2" } });
  });

  it("are the fields of a settings class, with its prefix", () => {
    const text =
      'class Settings(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix="APP_")\n    database_url: str = "postgresql+asyncpg://u:p@db/app"\n';
    expect(databaseOf({ ...python, "app/settings.py": text })).toMatchObject({
      variables: { APP_DATABASE_URL: "postgresql+asyncpg" },
    });
  });

  it.each([
    ["const url = process.env.DATABASE_URL", ["DATABASE_URL"]],
    ['const url = process.env["PG_URL"] ?? "postgresql://localhost/x"', ["PG_URL"]],
    ["const { TEST_DATABASE_URL } = process.env", ["TEST_DATABASE_URL"]],
    ["const url = process.env.STORE ?? 'postgresql://localhost/x'", ["STORE"]],
    [
      "const url = process.env.STORE || `postgresql://localhost/x`, other = process.env.PLACE ?? 'https://x'",
      ["STORE"],
    ],
    ["const schema = z.object({\n  DATABASE_URL: z.string().url(),\n})", ["DATABASE_URL"]],
    ["const DATABASE_URL = import.meta.env.VITE_DB_URL", ["VITE_DB_URL"]],
  ])("are read from the TypeScript %j", (text, variables) => {
    expect(databaseOf({ ...node, "src/db.ts": text })).toMatchObject({ variables });
  });

  it("are read from a Prisma schema", () => {
    const schema = 'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n';
    expect(databaseOf({ ...node, "prisma/schema.prisma": schema })).toMatchObject({ variables: ["DATABASE_URL"] });
  });

  it("take the scheme from a test's default before one in the sources", () => {
    const source = 'os.environ.get("DATABASE_URL", "postgresql://localhost/app")';
    const files = {
      ...reading('os.environ.get("DATABASE_URL", "postgresql+asyncpg://localhost/x")'),
      "app/db.py": source,
    };
    expect(databaseOf(files)).toMatchObject({ variables: { DATABASE_URL: "postgresql+asyncpg" } });
  });

  it("take the scheme from an example of the environment where the code has none", () => {
    const files = {
      ...reading('os.environ["DATABASE_URL"]'),
      ".env.example": "DATABASE_URL=postgresql+psycopg://u:p@h/d\n",
    };
    expect(databaseOf(files)).toMatchObject({ variables: { DATABASE_URL: "postgresql+psycopg" } });
  });

  it("get asyncpg where an async engine and the dependencies ask for it", () => {
    const files = {
      ...reading('create_async_engine(os.environ["DATABASE_URL"])'),
      "requirements.txt": "sqlalchemy\nasyncpg\n",
    };
    expect(databaseOf(files)).toMatchObject({ variables: { DATABASE_URL: "postgresql+asyncpg" } });
  });

  it("get psycopg where SQLAlchemy has no other driver", () => {
    const files = {
      ...reading('create_engine(os.environ["DATABASE_URL"])'),
      "requirements.txt": "sqlalchemy\npsycopg[binary]\n",
    };
    expect(databaseOf(files)).toMatchObject({ variables: { DATABASE_URL: "postgresql+psycopg" } });
  });

  it("are those a workflow sets where no code names one", () => {
    const workflow = "env:\n  DATABASE_URL: postgresql://postgres:postgres@localhost:5432/ci_test\n";
    expect(databaseOf({ ...python, ".github/workflows/ci.yml": workflow })).toEqual({
      name: "ci_test",
      variables: ["DATABASE_URL"],
    });
  });

  it("are said with the place they were read in", () => {
    const draft = draftOf(reading('import os\n\nos.environ["DATABASE_URL"]'));
    expect(draft.database.join("\n")).toContain("DATABASE_URL (postgresql), read in tests/conftest.py:3");
  });

  it("say so where a name is that of a list", () => {
    const draft = draftOf(reading('import os\n\nos.environ["TEST_DATABASE_URLS"]'));
    expect(draft.database.join("\n")).toContain("; it gets one URL, where its name says several");
  });

  it("are left to the defaults, with a word, where Postgres is used and none is found", () => {
    const draft = draftOf(python);
    expect(draft.config.database).toEqual({ name: "finance_report_test" });
    expect(draft.database.join("\n")).toContain("psycopg2-binary is a dependency");
  });

  it.each(["import psycopg2", "import os, psycopg2", "import os as system, asyncpg as pg", "from psycopg import sql"])(
    "is used where the code imports a driver that no list names: %s",
    (statement) => {
      const files = {
        "shop.py": `${statement}\n`,
        "test_a.py": "def test_a():\n    pass\n",
        "pytest.ini": "[pytest]\n",
      };
      expect(draftOf(files).config.database).not.toBe(false);
    },
  );
});

describe("the base name of a database", () => {
  it("is the one in a test's URL", () => {
    const text = 'os.environ.get("DATABASE_URL", "postgresql://u:p@localhost:5432/ledger_test?sslmode=disable")';
    expect(databaseOf(reading(text))).toMatchObject({ name: "ledger_test" });
  });

  it.each([
    ["finance-report", "finance_report_test"],
    ["FinanceReport.api", "finance_report_api_test"],
    ["2fast", "db_2fast_test"],
    ["--", "db_test"],
  ])("comes from the repository's name %s where no URL names a test's", (repository, name) => {
    expect(databaseOf(reading('os.environ.get("DATABASE_URL", "postgresql://h/app")'), repository)).toMatchObject({
      name,
    });
  });

  it("is not taken from a URL whose name is computed", () => {
    const text = 'os.environ.get("DATABASE_URL", f"postgresql://h/{name}_test")';
    expect(databaseOf(reading(text))).toMatchObject({ name: "finance_report_test" });
  });
});

describe("the suites that use a database", () => {
  it("are none where nothing speaks to Postgres", () => {
    const draft = draftOf({ "tests/test_a.py": aTest, "requirements.txt": "requests\n" });
    expect(draft.config.database).toBe(false);
    expect(draft.config.suites[0]).not.toHaveProperty("database");
  });

  it("are none where SQLAlchemy only ever opens SQLite", () => {
    const files = { "tests/test_a.py": aTest, "requirements.txt": "sqlalchemy\n" };
    expect(databaseOf({ ...files, "app/db.py": 'os.getenv("DATABASE_URL", "sqlite:///x.db")' })).toBe(false);
  });

  it("include one that can fall back on SQLite but has a driver of Postgres", () => {
    const text = 'os.getenv("DATABASE_URL", "sqlite:///x.db")';
    expect(databaseOf(reading(text))).toMatchObject({ variables: ["DATABASE_URL"] });
  });

  it.each([
    ["a peer dependency", { "package.json": '{"scripts":{"test":"mocha"},"peerDependencies":{"pg":"8"}}' }],
    [
      "a dependency of the workspace's root that its code loads",
      { "package.json": '{"devDependencies":{"pg":"8"}}', "a/package.json": '{"scripts":{"test":"mocha"}}' },
    ],
  ])("include one whose driver is %s", (_what, files) => {
    const test = 'const { Pool } = require("pg");\nit("asks", () => {});\n';
    expect(databaseOf({ ...files, "a/test/a.js": test, "test/a.js": test })).not.toBe(false);
  });

  it("do not include a suite in another language beside them", () => {
    const files = { ...reading('os.environ["DATABASE_URL"]'), "web/a.test.ts": "", "web/vitest.config.ts": "" };
    expect(draftOf(files).config.suites.map((suite) => suite.database)).toEqual([undefined, false]);
  });

  it("are told apart by language at the same root", () => {
    const files = { ...reading('os.environ["DATABASE_URL"]'), "a.test.ts": "", "vitest.config.ts": "" };
    expect(draftOf(files).config.suites.map((suite) => suite.database)).toEqual([undefined, false]);
  });
});

describe("a drafted configuration", () => {
  it("names suites by directory, the one at the root by project", () => {
    const files = {
      "apps/backend/setup.py": "",
      "apps/backend/tests/test_a.py": aTest,
      "a.test.ts": "",
      "vitest.config.ts": "",
    };
    const named = { ...files, "package.json": '{ "name": "@acme/shop" }' };
    expect(draftOf(named).config.suites.map((suite) => suite.name)).toEqual(["backend", "shop"]);
  });

  it("names suites of the same directory name by their whole path", () => {
    const files = { "a/api/setup.py": "", "a/api/test_a.py": aTest, "b/api/setup.py": "", "b/api/test_b.py": aTest };
    expect(draftOf(files).config.suites.map((suite) => suite.name)).toEqual(["a-api", "b-api"]);
  });

  it("names two suites at the root by their runners", () => {
    const files = { "tests/test_a.py": aTest, "a.test.ts": "", "vitest.config.ts": "" };
    expect(draftOf(files).config.suites.map((suite) => suite.name)).toEqual(["pytest", "vitest"]);
  });

  it("names two suites of one directory by that and their runners", () => {
    const files = { "web/setup.py": "", "web/test_a.py": aTest, "web/a.test.ts": "", "web/vitest.config.ts": "" };
    expect(draftOf(files).config.suites.map((suite) => suite.name)).toEqual(["web-pytest", "web-vitest"]);
  });

  it("leaves out what is as by default", () => {
    const draft = draftOf({ "tests/test_a.py": aTest, "src/a.py": "" });
    expect(draft.config).toEqual({
      suites: [{ name: "tests", runner: "pytest", command: "pytest", source: ["src"] }],
      database: false,
    });
  });

  it("says the base branch where it is not main", () => {
    expect(draftConfig(projectOf(python), "x", "trunk")?.config.base).toBe("trunk");
  });

  const alembic = { ...python, "alembic.ini": "[alembic]\n", "alembic/env.py": 'os.environ["DATABASE_URL"]\n' };

  it("writes migrations that make the tables of the tests, where they go to the database that is given", () => {
    const files = { ...alembic, "uv.lock": "", ...reading('os.environ["DATABASE_URL"]') };
    const draft = draftOf(files);
    expect(draft.config.database).toMatchObject({
      setup: "uv run alembic upgrade head",
      inputs: ["alembic.ini", "alembic/**"],
    });
    expect(draft.setups).toEqual([]);
    expect(draft.database).toContain("setup: `uv run alembic upgrade head` makes the tables, once for all workers");
  });

  it("finds the variable of migrations in the settings that they import", () => {
    const files = {
      ...alembic,
      "alembic/env.py": "from app.db import url\n",
      "app/db.py": "from app.settings import settings\n",
      "app/settings.py": "class Settings(BaseSettings):\n    database_url: str\n",
    };
    expect(draftOf(files).config.database).toHaveProperty("setup");
  });

  it.each([
    ["tests/conftest.py", "Base.metadata.create_all(engine)", "tests/conftest.py seems to make tables itself"],
    ["tests/conftest.py", "command.upgrade(config, 'head')", "tests/conftest.py seems to make tables itself"],
    ["alembic/env.py", "url = config.get_main_option('sqlalchemy.url')", "which database it goes to could not be read"],
  ])("only suggests migrations where %s has %s", (file, text, concern) => {
    const draft = draftOf({ ...alembic, "app/db.py": 'os.environ["DATABASE_URL"]\n', [file]: `${text}\n` });
    expect(draft.config.database).not.toHaveProperty("setup");
    expect(draft.setups).toMatchObject([{ concern, text: expect.stringContaining('"setup": "alembic upgrade head"') }]);
  });

  it.each<[Texts, string]>([
    [
      { "db/schema.sql": "CREATE TABLE a ();" },
      '"setup": "psql --quiet --set ON_ERROR_STOP=1 --file db/schema.sql", "inputs": ["db/schema.sql"]',
    ],
    [
      { "db/migration/V1__a.sql": "", "db/migration/V10__b.sql": "" },
      '"setup": "cat $(ls db/migration/*.sql | sort -V) | psql --quiet --set ON_ERROR_STOP=1", "inputs": ["db/migration/**"]',
    ],
    [
      { "migrations/001_a.up.sql": "", "migrations/001_a.down.sql": "" },
      '"setup": "cat $(ls migrations/*.up.sql | sort -V) | psql --quiet --set ON_ERROR_STOP=1", "inputs": ["migrations/**"]',
    ],
  ])("finds plain SQL, which psql runs (%j)", (files, text) => {
    const { config, setups } = draftOf({ ...python, ...files });
    expect(setups).toEqual([]);
    const { setup, inputs } = config.database as { setup: string; inputs: string[] };
    expect(`"setup": ${JSON.stringify(setup)}, "inputs": ${JSON.stringify(inputs)}`).toBe(text);
  });

  it.each<[Texts]>([[{ "a/V1__a.sql": "", "b/V1__b.sql": "" }], [{ "queries/books.sql": "" }]])(
    "takes no other SQL for migrations (%j)",
    (files) => {
      expect(draftOf({ ...python, ...files })).toMatchObject({ setups: [] });
      expect(draftOf({ ...python, ...files }).config.database).not.toHaveProperty("setup");
    },
  );

  it("writes none of several", () => {
    const inside = (root: string) =>
      Object.fromEntries(Object.entries(alembic).map(([path, text]) => [`${root}/${path}`, text]));
    const draft = draftOf({ ...inside("a"), ...inside("b") });
    expect(draft.config.database).not.toHaveProperty("setup");
    expect(draft.setups).toHaveLength(2);
  });

  it.each(["script_location = %(here)s/db/migrations", "script_location=./db/migrations/"])(
    "suggests the directory that alembic.ini names as an input (%s)",
    (line) => {
      const ini = `[alembic]\n${line}\n`;
      const draft = draftOf({ ...python, "alembic.ini": ini, "db/migrations/env.py": "" });
      expect(draft.setups.map(({ text }) => text)).toEqual([
        '"setup": "alembic upgrade head", "inputs": ["alembic.ini", "db/migrations/**"]',
      ]);
    },
  );

  it("suggests the models that a migration imports as inputs", () => {
    const draft = draftOf({
      ...python,
      "alembic.ini": "[alembic]\nscript_location = alembic\n",
      "alembic/env.py": "from alembic import context\nfrom ledger.database import Base as Everything\nimport os\n",
      "alembic/versions/1.py":
        "from ledger.models import (\n    Book,\n)\nfrom ledger import money, unknown\nfrom ledger.types import *\n",
      "src/ledger/database.py": "",
      "src/ledger/models/__init__.py": "",
      "src/ledger/money.py": "",
      "src/ledger/types.py": "",
    });
    const inputs = [
      "alembic.ini",
      "alembic/**",
      "src/ledger/database.py",
      "src/ledger/models/**",
      "src/ledger/money.py",
      "src/ledger/types.py",
    ];
    expect(draft.setups.map(({ text }) => text)).toEqual([
      `"setup": "alembic upgrade head", "inputs": [${inputs.map((input) => `"${input}"`).join(", ")}]`,
    ]);
  });

  it("suggests where setup runs when it is not the first suite's directory", () => {
    const inside = (root: string, files: Record<string, string>) =>
      Object.fromEntries(Object.entries(files).map(([path, text]) => [`${root}/${path}`, text]));
    const api = inside("b/api", { ...python, "alembic.ini": "", "alembic/env.py": "" });
    expect(draftOf({ ...inside("a/admin", python), ...api }).setups.map(({ text }) => text)).toEqual([
      '"setup": "alembic upgrade head", "inputs": ["b/api/alembic.ini", "b/api/alembic/**"], "root": "b/api"',
    ]);
  });

  it.each([
    [
      { "drizzle.config.ts": 'export default { out: "./db/drizzle" }', "db/drizzle/0000.sql": "" },
      ["drizzle-orm", "drizzle-kit"],
      '"setup": "drizzle-kit migrate", "inputs": ["drizzle.config.ts", "db/drizzle/**"]',
    ],
    [
      { "knexfile.js": "export default { client: 'pg' }", "migrations/1.js": "" },
      ["knex", "pg"],
      '"setup": "knex migrate:latest", "inputs": ["knexfile.js", "migrations/**"]',
    ],
    [
      { "prisma/schema.prisma": "", "prisma.config.ts": "", "prisma/migrations/1/migration.sql": "" },
      ["prisma"],
      '"setup": "prisma migrate deploy", "inputs": ["prisma/**", "prisma.config.ts"]',
    ],
    [{ "prisma/schema.prisma": "" }, ["prisma"], '"setup": "prisma db push --skip-generate", "inputs": ["prisma/**"]'],
  ])("suggests what the project's migration tool needs (%j)", (files, packages, suggestion) => {
    const dependencies = Object.fromEntries(packages.map((name) => [name, "1"]));
    const draft = draftOf({
      "a.test.ts": "",
      "package.json": JSON.stringify({ dependencies, devDependencies: { vitest: "4" } }),
      ...files,
    });
    expect(draft.setups.map(({ text }) => text)).toEqual([suggestion]);
  });
});

it("what names a server itself is told where no variable would lead elsewhere", () => {
  const files = {
    ...python,
    "tests/config.yml": "url: postgresql://u:p@localhost:5432/shop_test\n",
    "tests/conftest.py": 'open("tests/config.yml")\n',
  };
  expect(draftOf(files).database).toContain(
    "tests/config.yml:1 names a server itself: have what reads it take DATABASE_URL instead",
  );
});
