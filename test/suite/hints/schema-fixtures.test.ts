import { expect, test } from "vitest";
import { projectFiles } from "../../../src/project/project-files.ts";
import { findSchemaFixtures } from "../../../src/suite/hints/schema-fixtures.ts";

/** The names of what is found in a file of tests. */
async function found(text: string, file = "api/tests/conftest.py"): Promise<string[]> {
  const files: Readonly<Record<string, string>> = { [file]: text };
  const project = projectFiles(Object.keys(files), (path) => files[path] ?? null);
  const suites = [
    { runner: "pytest", root: "api" },
    { runner: "jest", root: "web" },
  ] as const;
  return (await findSchemaFixtures(project, suites, process.env)).map(({ name, line }) => `${name} ${line}`);
}

test.each([
  [
    "a fixture without a scope",
    "@pytest.fixture\ndef engine():\n    Base.metadata.create_all(e)\n    yield\n    Base.metadata.drop_all(e)\n",
    ["engine 2"],
  ],
  [
    "an async one",
    "@pytest_asyncio.fixture(scope='function', autouse=True)\nasync def db():\n    async with e.begin() as c:\n        await c.run_sync(Base.metadata.drop_all)\n        await c.run_sync(Base.metadata.create_all)\n",
    ["db 2"],
  ],
  [
    "one that calls functions of its file",
    "def make(): m.create_all(e)\ndef drop(): m.drop_all(e)\n@fixture\ndef db():\n    make()\n    yield\n    drop()\n",
    ["db 4"],
  ],
  [
    "setUp and tearDown",
    "class T(TestCase):\n    def setUp(self):\n        db.create_all()\n    def tearDown(self):\n        db.drop_all()\n",
    ["T 1"],
  ],
  [
    "setUpClass",
    "class T(TestCase):\n    @classmethod\n    def setUpClass(cls):\n        db.create_all()\n        db.drop_all()\n",
    [],
  ],
  [
    "a fixture of the session",
    "@pytest.fixture(scope='session')\ndef engine():\n    m.create_all(e)\n    m.drop_all(e)\n",
    [],
  ],
  [
    "a scope that is not known",
    "@pytest.fixture(scope=SCOPE)\ndef engine():\n    m.create_all(e)\n    m.drop_all(e)\n",
    [],
  ],
  ["no drop", "@pytest.fixture\ndef engine():\n    # m.drop_all(e)\n    m.create_all(e)\n", []],
  [
    "a part of the tables",
    "@pytest.fixture\ndef engine():\n    m.create_all(e, tables=[t])\n    m.drop_all(e, tables=[t])\n",
    [],
  ],
  [
    "a database of another kind",
    "e = create_engine('sqlite://')\n@pytest.fixture\ndef engine():\n    m.create_all(e)\n    m.drop_all(e)\n",
    [],
  ],
  [
    "helpers that call each other",
    "def a(): b()\ndef b(): a()\n@fixture\ndef db():\n    a()\n# create_all drop_all\n",
    [],
  ],
])("%s", async (_, conftest, names) => {
  expect(await found(conftest)).toEqual(names);
});

test.each([
  [
    "Sequelize in a hook",
    "\nbeforeEach(async () => {\n  await db.sequelize.sync({ force: true });\n});\n",
    ["beforeEach 2"],
  ],
  ["TypeORM in a hook", "beforeEach(() => source.synchronize(true));\n", ["beforeEach 1"]],
  ["a hook of all tests", "beforeAll(() => sequelize.sync({ force: true }));\nbeforeEach(() => fs.sync());\n", []],
  ["one model", "beforeEach(() => User.sync({ force: true }));\n", []],
  ["tables that stay", "beforeEach(() => sequelize.sync());\nbeforeEach(() => source.synchronize());\n", []],
  ["a database of another kind", "new Sequelize('sqlite::memory:');\nbeforeEach(() => s.sync({ force: true }));\n", []],
])("%s", async (_, text, names) => {
  expect(await found(text, "web/test/setup.ts")).toEqual(names);
});
