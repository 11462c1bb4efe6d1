import { expect, test } from "vitest";
import type { Summary } from "../../src/model/summary.ts";
import type { Files, Repository } from "../support/repository.ts";
import { strangersEnvironment, strangersRepository } from "../support/stranger.ts";
import { push, readSummary, runIn } from "../support/verify.ts";

/** What a shape of suite must come to, from `verify init` alone. */
interface Shape {
  readonly name: string;
  readonly files: Files;
  /** What `init` writes, as far as it matters. */
  readonly config: object;
  /** Suite by suite: how many tests passed, and how many databases the workers had. */
  readonly suites: Readonly<Record<string, { readonly passed: number; readonly databases: number }>>;
  /** The files that count. */
  readonly counted: readonly string[];
}

const packageFile = (fields: object): string =>
  `${JSON.stringify({ name: "shop", version: "1.0.0", devDependencies: { husky: "9", pushproof: "*" }, ...fields }, null, 2)}\n`;

const pythonProject =
  '[project]\nname = "shop"\nversion = "1"\ndependencies = ["psycopg2-binary"]\n\n[tool.pytest.ini_options]\npythonpath = ["src"]\n';
const ignored = "__pycache__/\nnode_modules/\n";
/** Two workers at once meet where they share a database. */
const insert =
  "cursor.execute(\"INSERT INTO books (title) VALUES ('one')\")\n        cursor.execute('SELECT count(*) FROM books')\n        assert cursor.fetchone() == (1,)\n";

const ownTemplate: Shape = {
  name: "pytest: names of databases in the tests, and a template of the suite's own",
  files: {
    ".gitignore": ignored,
    "pyproject.toml": pythonProject,
    "src/shop.py":
      "def titles(cursor):\n    cursor.execute('SELECT title FROM books')\n    return [title for (title,) in cursor.fetchall()]\n",
    "tests/conftest.py": `import psycopg2
import pytest


def run(*statements):
    connection = psycopg2.connect(dbname="postgres")
    connection.autocommit = True
    for statement in statements:
        connection.cursor().execute(statement)
    connection.close()


@pytest.fixture(scope="session")
def template():
    run("DROP DATABASE IF EXISTS shop_template", "CREATE DATABASE shop_template")
    with psycopg2.connect(dbname="shop_template") as connection:
        connection.cursor().execute("CREATE TABLE books (title text)")
    connection.close()
    yield "shop_template"
    run("DROP DATABASE shop_template")


@pytest.fixture
def cursor(template):
    run("DROP DATABASE IF EXISTS shop_test", f"CREATE DATABASE shop_test TEMPLATE {template}")
    connection = psycopg2.connect(dbname="shop_test")
    yield connection.cursor()
    connection.close()
    run("DROP DATABASE shop_test")
`,
    "tests/test_one.py":
      "from shop import titles\n\n\ndef test_none(cursor):\n    assert titles(cursor) == []\n\n\ndef test_one(cursor):\n    cursor.execute(\"INSERT INTO books VALUES ('one')\")\n    assert titles(cursor) == ['one']\n",
    "tests/test_two.py":
      "from shop import titles\n\n\ndef test_two(cursor):\n    cursor.execute(\"INSERT INTO books VALUES ('two')\")\n    assert titles(cursor) == ['two']\n",
  },
  config: { suites: [{ name: "shop", runner: "pytest", source: ["src"] }], database: { isolation: "server" } },
  suites: { shop: { passed: 3, databases: 2 } },
  counted: ["src/shop.py"],
};

const ownConfiguration: Shape = {
  name: "pytest: a configuration file that a variable names, parts of the address, and a session start that opens the database",
  files: {
    ".gitignore": ignored,
    "pyproject.toml": pythonProject,
    "scripts/test.sh": "#!/bin/sh\nexport APP_CONFIG=tests/config.ini\npython -m pytest tests -s $@\n",
    "src/settings.py": `import configparser
import os

parser = configparser.ConfigParser()
parser.read(os.environ["APP_CONFIG"])
SHOP = parser["shop"]["name"]
ADDRESS = dict(
    host=os.environ.get("DB_HOST", "localhost"),
    port=int(os.environ.get("DB_PORT", "5432")),
    user=os.environ.get("DB_USER", "postgres"),
    password=os.environ.get("DB_PASSWORD", ""),
    dbname=os.environ.get("DB_NAME", "shop_test"),
)
`,
    "tests/config.ini": "[shop]\nname = Corner\n",
    "tests/conftest.py": `import psycopg2
import pytest
from settings import ADDRESS


def pytest_sessionstart(session):
    with psycopg2.connect(**ADDRESS) as connection:
        connection.cursor().execute("CREATE TABLE IF NOT EXISTS books (title text)")
    connection.close()


@pytest.fixture
def cursor():
    connection = psycopg2.connect(**ADDRESS)
    yield connection.cursor()
    connection.close()
`,
    "tests/test_one.py": "from settings import SHOP\n\n\ndef test_name():\n    assert SHOP == 'Corner'\n",
    "tests/test_two.py": `def test_counts(cursor):\n        ${insert}`,
  },
  config: {
    suites: [
      {
        name: "shop",
        runner: "pytest",
        command: "APP_CONFIG=tests/config.ini python -m pytest tests -s",
        source: ["src"],
      },
    ],
    database: {
      name: "shop_test",
      variables: { DB_HOST: "host", DB_PORT: "port", DB_USER: "user", DB_PASSWORD: "password", DB_NAME: "name" },
    },
  },
  suites: { shop: { passed: 2, databases: 2 } },
  counted: ["src/settings.py"],
};

const listOfUrls: Shape = {
  name: "pytest: a list of URLs that ends up in the names of the tests",
  files: {
    ".gitignore": ignored,
    "pyproject.toml": pythonProject,
    ".github/workflows/test.yml":
      'on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pytest\n        env:\n          TEST_DATABASE_URLS: "postgresql://u:p@localhost:5432/shop_test, postgresql+asyncpg://u:p@localhost:5432/shop_test"\n',
    "src/shop.py": "def plain(url):\n    return url.replace('+asyncpg', '')\n",
    "tests/urls.py":
      'import os\n\nassert "TEST_DATABASE_URLS" in os.environ, "TEST_DATABASE_URLS is not set."\nURLS = [url.strip() for url in os.environ["TEST_DATABASE_URLS"].split(",")]\n',
    "tests/__init__.py": "",
    "tests/test_one.py":
      "import psycopg2\nimport pytest\nfrom shop import plain\n\nfrom tests.urls import URLS\n\n\n@pytest.mark.parametrize('url', URLS)\ndef test_connects(url):\n    psycopg2.connect(plain(url)).close()\n",
    "tests/test_two.py":
      "import psycopg2\nimport pytest\nfrom shop import plain\n\nfrom tests.urls import URLS\n\n\n@pytest.mark.parametrize('url', URLS)\ndef test_again(url):\n    psycopg2.connect(plain(url)).close()\n",
  },
  config: {
    database: {
      name: "shop_test",
      variables: {
        TEST_DATABASE_URLS:
          "postgresql://{user}:{password}@{host}:{port}/{name},postgresql+asyncpg://{user}:{password}@{host}:{port}/{name}",
      },
    },
  },
  suites: { shop: { passed: 4, databases: 2 } },
  counted: ["src/shop.py"],
};

const benchmarksAndDocs: Shape = {
  name: "pytest: benchmarks that do not load, and a documentation that has tests",
  files: {
    ".gitignore": ignored,
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n\n[tool.pytest.ini_options]\npythonpath = ["src"]\n',
    "src/shop.py": "def add(left, right):\n    return left + right\n",
    "tests/test_one.py": "from shop import add\n\n\ndef test_one():\n    assert add(1, 2) == 3\n",
    "tests/test_two.py": "from shop import add\n\n\ndef test_two():\n    assert add(2, 2) == 4\n",
    "benchmarks/test_speed.py":
      "import not_installed_anywhere\n\n\ndef test_speed(benchmark):\n    benchmark(len, 'a')\n",
    "docs/examples/sums.py": "from shop import add\n\ntotal = add(1, 1)\n",
    "docs/test_examples.py":
      "import runpy\n\n\ndef test_example():\n    assert runpy.run_path('docs/examples/sums.py')['total'] == 2\n",
    "docs/conf.py": "import not_installed_anywhere\n",
  },
  config: {
    suites: [{ name: "shop", runner: "pytest", command: "pytest --ignore=benchmarks", source: ["src"] }],
    database: false,
  },
  suites: { shop: { passed: 3, databases: 0 } },
  counted: ["src/shop.py"],
};

const inBandTest = (name: string): string =>
  `import pg from "pg";\nimport { address } from "../src/address.js";\n\ntest("${name}", async () => {\n  const client = new pg.Client(address());\n  await client.connect();\n  await client.query("CREATE TABLE books (title text)");\n  await client.query("DROP TABLE books");\n  await client.end();\n});\n`;

const inBand: Shape = {
  name: "jest: in band only, with flags in NODE_OPTIONS",
  files: {
    ".gitignore": ignored,
    "package.json": packageFile({
      type: "module",
      scripts: { test: "NODE_OPTIONS=--experimental-vm-modules jest -i" },
      dependencies: { pg: "8" },
      jest: { transform: {} },
    }),
    "src/address.js":
      'export const address = () => ({ connectionString: process.env.DATABASE_URL ?? "postgresql://localhost/shop_test" });\n',
    "test/one.test.js": inBandTest("one"),
    "test/two.test.js": inBandTest("two"),
    "test/support.js": "export const help = 1;\n",
  },
  config: {
    suites: [
      { name: "shop", runner: "jest", command: "NODE_OPTIONS=--experimental-vm-modules jest -i", source: ["src"] },
    ],
    database: { name: "shop_test", variables: ["DATABASE_URL"] },
  },
  suites: { shop: { passed: 2, databases: 2 } },
  counted: ["src/address.js"],
};

const vitestTest = (name: string): string =>
  `import { expect, test } from "vitest";\nimport { add } from "./sums.js";\n\ntest("${name}", () => expect(add(1, 2)).toBe(3));\n`;

const ownPattern: Shape = {
  name: "vitest: files that are called otherwise, and two configurations in one script",
  files: {
    ".gitignore": ignored,
    "package.json": packageFile({
      type: "module",
      scripts: { test: "vitest run && vitest run -c vitest.integration.config.js" },
    }),
    "vitest.config.js": 'export default { test: { include: ["src/*.unit.js"] } };\n',
    "vitest.integration.config.js": 'export default { test: { include: ["src/*-works.js"] } };\n',
    "src/sums.js": "export const add = (left, right) => left + right;\n",
    "src/one.unit.js": vitestTest("one"),
    "src/two.unit.js": vitestTest("two"),
    "src/all-works.js": vitestTest("all"),
  },
  config: {
    suites: [
      { runner: "vitest", command: "vitest run", source: ["src"] },
      { runner: "vitest", command: "vitest run -c vitest.integration.config.js", source: ["src"] },
    ],
    database: false,
  },
  suites: { "shop-main": { passed: 2, databases: 0 }, "shop-integration": { passed: 1, databases: 0 } },
  counted: ["src/sums.js"],
};

const driverTest = (name: string): string =>
  `const assert = require("node:assert");\nconst { Client } = require("pg");\nconst { query } = require("../index.js");\n\ndescribe("${name}", () => {\n  it("asks", async () => {\n    const client = new Client({ connectionString: process.env.DATABASE_URL });\n    assert.equal(await query(client), 1);\n  });\n});\n`;

const monorepo: Shape = {
  name: "mocha: a monorepo whose drivers are peer dependencies",
  files: {
    ".gitignore": ignored,
    "package.json": packageFile({
      private: true,
      workspaces: ["packages/*"],
      scripts: { test: "npm test --workspaces" },
    }),
    "packages/query/package.json": packageFile({
      name: "@shop/query",
      main: "index.js",
      scripts: { test: "mocha" },
      peerDependencies: { pg: "8" },
    }),
    "packages/query/index.js":
      'exports.query = async (client) => {\n  await client.connect();\n  const { rows } = await client.query("SELECT 1 AS one");\n  await client.end();\n  return rows[0].one;\n};\n',
    "packages/query/test/one.js": driverTest("one"),
    "packages/query/test/two.js": driverTest("two"),
    "packages/query/test/helpers/wait.js": "exports.wait = 1;\n",
    "packages/text/package.json": packageFile({ name: "@shop/text", scripts: { test: "mocha" } }),
    "packages/text/lib/index.js": "exports.upper = (text) => text.toUpperCase();\n",
    "packages/text/test/upper.js":
      'const assert = require("node:assert");\nconst { upper } = require("../lib/index.js");\n\nit("is large", () => assert.equal(upper("a"), "A"));\n',
  },
  config: {
    suites: [
      { name: "query", root: "packages/query", runner: "mocha", command: "mocha", source: ["index.js"] },
      { name: "text", root: "packages/text", runner: "mocha", command: "mocha", source: ["lib"], database: false },
    ],
    database: { variables: ["DATABASE_URL"] },
  },
  suites: { query: { passed: 2, databases: 2 }, text: { passed: 1, databases: 0 } },
  counted: ["packages/query/index.js", "packages/text/lib/index.js"],
};

const nested: Shape = {
  name: "node:test: nested subtests, an index.js as the source, and helpers beside the tests",
  files: {
    ".gitignore": ignored,
    "package.json": packageFile({ main: "index.js", files: ["index.js", "lib"], scripts: { test: "node --test" } }),
    "index.js":
      'const { twice } = require("./lib/twice.js");\n\nexports.add = (left, right) => left + right;\nexports.twice = twice;\n',
    "lib/twice.js": "exports.twice = (value) => 2 * value;\n",
    "test/helpers.js": "exports.three = 3;\n",
    "test/sums.test.js":
      'const assert = require("node:assert");\nconst { test } = require("node:test");\nconst { add, twice } = require("../index.js");\nconst { three } = require("./helpers.js");\n\ntest("sums", async (t) => {\n  await t.test("adds", async (inner) => {\n    await inner.test("small", () => assert.equal(add(1, 2), three));\n  });\n  await t.test("doubles", () => assert.equal(twice(2), 4));\n});\n',
    "test/other.test.js":
      'const { test } = require("node:test");\nconst { add } = require("../index.js");\n\ntest("again", () => add(1, 1));\n',
  },
  config: {
    suites: [{ name: "shop", runner: "node", command: "node --test", source: ["lib", "index.js"] }],
    database: false,
  },
  suites: { shop: { passed: 5, databases: 0 } },
  counted: ["index.js", "lib/twice.js"],
};

const shapes = [
  ownTemplate,
  ownConfiguration,
  listOfUrls,
  benchmarksAndDocs,
  inBand,
  ownPattern,
  monorepo,
  nested,
] as const;

test.each(shapes.map((shape) => [shape.name, shape] as const))("%s", async (_name, { files, ...expected }) => {
  const repository = await strangersRepository(files);
  const { config, summary, printed } = await verifiedPush(repository);
  expect(config, printed).toMatchObject(expected.config);
  expect(figuresOf(summary), printed).toEqual(expected.suites);
  expect(summary.coverage?.files.map(({ file }) => file).sort()).toEqual(expected.counted);
});

/** What a stranger types: `verify init`, a commit and a push, which must go through. */
async function verifiedPush(repository: Repository): Promise<{ config: object; summary: Summary; printed: string }> {
  const environment = await strangersEnvironment();
  const init = await runIn(repository.root, ["init"], { environment });
  expect(init.code, init.output + init.errors).toBe(0);
  await repository.commit("Verify what is pushed");
  const config = JSON.parse(await repository.git("show", "HEAD:verify.config.json"));
  const { exitCode, output } = await push(repository, ["origin", "main"], environment);
  const printed = `${init.output}${JSON.stringify(config, null, 2)}\n${output}`;
  expect(exitCode, printed).toBe(0);
  expect(await repository.remoteCommit("refs/heads/main")).toBe(await repository.git("rev-parse", "HEAD"));
  return { config, summary: await readSummary(repository.root), printed };
}

function figuresOf({ suites }: Summary): Shape["suites"] {
  return Object.fromEntries(
    suites.map(({ name, tests: { passed, total }, databases }) => {
      expect(passed).toBe(total);
      return [name, { passed, databases: databases.length }];
    }),
  );
}
