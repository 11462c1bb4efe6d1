import { describe, expect, test } from "vitest";
import type { Files } from "../support/repository.ts";
import { strangersEnvironment, strangersRepository } from "../support/stranger.ts";
import { push, readSummary, runIn } from "../support/verify.ts";

/** How a suite comes to its database: what its store reads, in each language, and what the template is to be migrated by. */
interface Shape {
  readonly name: string;
  readonly python: {
    /** Gives `connect()` and, for alembic, `url()`. */
    readonly store: string;
    readonly files?: Files;
  };
  readonly javascript: {
    /** Gives the settings of a client. */
    readonly store: string;
    readonly files?: Files;
  };
  /** What `init` writes of the database, beside setup and inputs. */
  readonly database: object;
}

const parts = (prefix: string, get: (name: string, value: string) => string): string[] =>
  [
    ["HOST", "localhost"],
    ["PORT", "5432"],
    ["USER", "postgres"],
    ["PASSWORD", "postgres"],
    ["NAME", "shop_test"],
  ].map(([name = "", value = ""]) => get(`${prefix}_${name}`, value));

const inPython = (prefix: string): string => {
  const [host, port, user, password, name] = parts(
    prefix,
    (variable, value) => `os.environ.get("${variable}", "${value}")`,
  );
  return `dict(host=${host}, port=${port}, user=${user}, password=${password}, dbname=${name})`;
};
const inJavaScript = (prefix: string): string => {
  const [host, port, user, password, database] = parts(
    prefix,
    (variable, value) => `process.env.${variable} ?? "${value}"`,
  );
  return `{ host: ${host}, port: Number(${port}), user: ${user}, password: ${password}, database: ${database} }`;
};

const variablesOf = (prefix: string): object => ({
  [`${prefix}_HOST`]: "host",
  [`${prefix}_PORT`]: "port",
  [`${prefix}_USER`]: "user",
  [`${prefix}_PASSWORD`]: "password",
  [`${prefix}_NAME`]: "name",
});

const shapes: readonly Shape[] = [
  {
    name: "one URL",
    python: {
      store:
        'import os, psycopg2\n\nURL = os.environ.get("DATABASE_URL", "postgresql://localhost/shop_test")\n\n\ndef connect():\n    return psycopg2.connect(URL)\n\n\ndef url():\n    return URL.replace("postgresql:", "postgresql+psycopg2:")\n',
    },
    javascript: {
      store:
        'export const settings = { connectionString: process.env.DATABASE_URL ?? "postgresql://localhost/shop_test" };\n',
    },
    database: { name: "shop_test", variables: ["DATABASE_URL"] },
  },
  {
    name: "several URLs with drivers",
    python: {
      store:
        'import os, psycopg2\n\nASYNC = os.environ.get("ASYNC_DATABASE_URL", "postgresql+asyncpg://localhost/shop_test")\nURL = os.environ.get("DATABASE_URL", "postgresql+psycopg2://localhost/shop_test")\n\n\ndef connect():\n    assert ASYNC.startswith("postgresql+asyncpg://")\n    return psycopg2.connect(URL.replace("+psycopg2", ""))\n\n\ndef url():\n    return URL\n',
    },
    javascript: {
      store:
        'const reading = process.env.READ_DATABASE_URL ?? "postgres://localhost/shop_test";\nif (!reading.startsWith("postgres://")) throw new Error(reading);\nexport const settings = { connectionString: process.env.DATABASE_URL ?? "postgresql://localhost/shop_test" };\n',
    },
    database: { name: "shop_test" },
  },
  {
    name: "parts under several prefixes",
    python: {
      store: `import os, psycopg2\n\nREPORTS = ${inPython("REPORTS_DB")}\nSHOP = ${inPython("DB")}\n\n\ndef connect():\n    assert REPORTS == SHOP\n    return psycopg2.connect(**SHOP)\n\n\ndef url():\n    return "postgresql+psycopg2://{user}:{password}@{host}:{port}/{dbname}".format(**SHOP)\n`,
    },
    javascript: {
      store: `export const reports = ${inJavaScript("REPORTS_DB")};\nexport const settings = ${inJavaScript("DB")};\nif (reports.database !== settings.database) throw new Error(reports.database);\n`,
    },
    database: { name: "shop_test", variables: { ...variablesOf("DB"), ...variablesOf("REPORTS_DB") } },
  },
  {
    name: "an .env file",
    python: {
      store:
        'import os, psycopg2\nfrom dotenv import load_dotenv\n\nload_dotenv()\nURL = os.environ["DATABASE_URL"]\n\n\ndef connect():\n    return psycopg2.connect(URL)\n\n\ndef url():\n    return URL.replace("postgresql:", "postgresql+psycopg2:")\n',
      files: { ".env": "DATABASE_URL=postgresql://nobody@nowhere.invalid/shop_test\n" },
    },
    javascript: {
      store: 'import "dotenv/config";\nexport const settings = { connectionString: process.env.DATABASE_URL };\n',
      files: { ".env": "DATABASE_URL=postgresql://nobody@nowhere.invalid/shop_test\n" },
    },
    database: { name: "shop_test", variables: ["DATABASE_URL"] },
  },
  {
    name: "hard-coded names, with only host and port free",
    python: {
      store:
        'import os, psycopg2\n\n\ndef connect():\n    return psycopg2.connect(dbname="shop_test")\n\n\ndef url():\n    return "postgresql+psycopg2:///shop_test"\n',
    },
    javascript: {
      store: 'import pg from "pg";\nexport const client = () => new pg.Client({ database: "shop_test" });\n',
    },
    database: { name: "shop_test", isolation: "server" },
  },
];

const pythonTest = (name: string): string =>
  `import store\n\n\ndef test_${name}():\n    with store.connect() as connection, connection.cursor() as cursor:\n        cursor.execute("INSERT INTO books (title) VALUES ('${name}')")\n        cursor.execute("SELECT count(*) FROM books")\n        assert cursor.fetchone() == (1,)\n        connection.rollback()\n    assert store.url().startswith("postgresql+psycopg2:")\n`;

function pythonFiles({ python: { store, files = {} } }: Shape): Files {
  return {
    ".gitignore": "__pycache__/\nnode_modules/\n",
    "pyproject.toml":
      '[project]\nname = "shop"\nversion = "1"\ndependencies = ["psycopg2-binary", "sqlalchemy", "alembic"]\n\n[tool.pytest.ini_options]\npythonpath = ["src"]\n',
    "src/store.py": store,
    "tests/test_one.py": pythonTest("one"),
    "tests/test_two.py": pythonTest("two"),
    "alembic.ini": "[alembic]\nscript_location = migrations\nprepend_sys_path = src\n",
    "migrations/env.py":
      "from alembic import context\nfrom sqlalchemy import create_engine\n\nimport store\n\nengine = create_engine(store.url())\nwith engine.connect() as connection:\n    context.configure(connection=connection)\n    with context.begin_transaction():\n        context.run_migrations()\n",
    "migrations/versions/1_books.py":
      "from alembic import op\n\nrevision = '1'\ndown_revision = None\n\n\ndef upgrade():\n    op.execute('CREATE TABLE books (title text)')\n",
    ...files,
  };
}

const javascriptTest = (runner: string, shape: Shape): string => {
  const imports = runner === "vitest" ? 'import { expect, test } from "vitest";\n' : "";
  const own = shape.javascript.store.includes("client =");
  return `${imports}import pg from "pg";\nimport ${own ? "{ client }" : "{ settings }"} from "../src/store.js";\ntest("counts", async () => {\n  const one = ${own ? "client()" : "new pg.Client(settings)"};\n  await one.connect();\n  await one.query("BEGIN");\n  await one.query("INSERT INTO books (title) VALUES ('a')");\n  const { rows } = await one.query("SELECT count(*)::int AS n FROM books");\n  await one.query("ROLLBACK");\n  await one.end();\n  expect(rows).toEqual([{ n: 1 }]);\n});\n`;
};

function javascriptFiles(runner: "vitest" | "jest", shape: Shape): Files {
  const { store, files = {} } = shape.javascript;
  const own = store.includes("client =");
  const test = javascriptTest(runner, shape);
  const script = runner === "vitest" ? "vitest run" : "NODE_OPTIONS=--experimental-vm-modules jest";
  return {
    ".gitignore": "node_modules\n",
    "package.json": `${JSON.stringify(
      {
        name: "shop",
        version: "1.0.0",
        private: true,
        type: "module",
        scripts: { test: script },
        dependencies: { pg: "8", knex: "3", dotenv: "17" },
        devDependencies: { [runner]: "*", husky: "9", pushproof: "*" },
        ...(runner === "jest" ? { jest: { transform: {} } } : {}),
      },
      null,
      2,
    )}\n`,
    ...(runner === "vitest"
      ? { "vitest.config.js": 'export default { test: { include: ["test/*.test.js"] } };\n' }
      : {}),
    "src/store.js": store,
    "test/one.test.js": test,
    "test/two.test.js": test,
    "knexfile.js": `import { ${own ? "client" : "settings"} } from "./src/store.js";\nexport default { client: "pg", connection: ${own ? '{ database: "shop_test", host: process.env.PGHOST, port: Number(process.env.PGPORT) }' : "settings"}, migrations: { directory: "migrations" } };\n`,
    "migrations/1_books.js":
      "export const up = (knex) => knex.schema.createTable('books', (table) => table.text('title'));\nexport const down = (knex) => knex.schema.dropTable('books');\n",
    ...files,
  };
}

describe.each(shapes.map((shape) => [shape.name, shape] as const))("%s", (_name, shape) => {
  test.each(["pytest", "vitest", "jest"] as const)(
    "%s: `verify init` alone brings a push that is verified on two databases",
    async (runner) => {
      const repository = await strangersRepository(
        runner === "pytest" ? pythonFiles(shape) : javascriptFiles(runner, shape),
      );
      const { root } = repository;
      const environment = await strangersEnvironment();
      const init = await runIn(root, ["init"], { environment });
      expect(init.code, init.output + init.errors).toBe(0);
      const written = JSON.parse(await repository.git("show", ":verify.config.json").catch(() => "null"));
      expect(written).toBeNull();
      await repository.commit("Verify what is pushed");
      const config = JSON.parse(await repository.git("show", "HEAD:verify.config.json"));
      expect(config.database).toMatchObject(shape.database);
      expect(config.database.setup).toBe(runner === "pytest" ? "alembic upgrade head" : "knex migrate:latest");
      const { exitCode, output } = await push(repository, ["origin", "main"], environment);
      expect(exitCode, init.output + output).toBe(0);
      expect(await repository.remoteCommit("refs/heads/main")).toBe(await repository.git("rev-parse", "HEAD"));
      const [suite] = (await readSummary(root)).suites;
      expect(suite).toMatchObject({ runner, workers: 2, tests: { passed: 2, total: 2 } });
      expect(suite?.databases).toHaveLength(2);
    },
  );
});
