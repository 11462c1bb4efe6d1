import { expect, it } from "vitest";
import { draftConfig } from "../../src/init/draft-config.ts";
import { urlListIn } from "../../src/project/url-list.ts";
import { aTest, projectOf } from "../init/project.ts";

const one = "postgresql://{user}:{password}@{host}:{port}/{name}";
const two = one.replace(":", "+asyncpg:");

it.each([
  ['"postgresql://u:p@localhost:5432/shop,postgresql+asyncpg://u:p@localhost/shop"', `${one},${two}`],
  ["postgresql://localhost/shop; postgresql+asyncpg://localhost/shop", `${one};${two}`],
  ["|\n  postgresql://localhost/shop\n  postgresql+asyncpg://localhost/shop\nother: 1", `${one} ${two}`],
  [`'["postgresql://localhost/shop", "postgresql+asyncpg://localhost/shop"]'`, JSON.stringify([one, two])],
  ['"postgresql://localhost/shop,"\n  "postgresql+asyncpg://localhost/shop"', `${one},${two}`],
])("a list of URLs is written as it stands: %s", (text, template) => {
  expect(urlListIn(text)).toMatchObject({ template, database: "shop", others: [] });
});

it("URLs of other databases are left out, and named", () => {
  const text = '"sqlite:///shop, mysql+aiomysql://localhost/shop, postgresql://localhost/shop_test"';
  expect(urlListIn(text)).toMatchObject({ template: one, others: ["sqlite", "mysql+aiomysql"], database: "shop_test" });
});

it.each([
  '"postgresql://localhost/shop"',
  'os.environ.get("A", "postgresql://localhost/a"), os.environ.get("B", "postgresql://localhost/b")',
  "postgresql://localhost/a\nOTHER=postgresql://localhost/b",
  '"mysql://localhost/a,sqlite:///b"',
])("what is no list of Postgres's URLs is none: %s", (text) => {
  expect(urlListIn(text)).toBeNull();
});

it("a variable that CI sets to a list gets one for each worker, with the base name that it holds", () => {
  const files = {
    "requirements.txt": "asyncpg\n",
    "tests/test_a.py": `import os\nURLS = os.environ["TEST_DATABASE_URLS"].split(",")\n${aTest}for url in URLS:\n    print(url)\n`,
    ".github/workflows/test.yml":
      "jobs:\n  test:\n    steps:\n      - run: pytest\n        env:\n          TEST_DATABASE_URLS: |\n            sqlite:///shop,\n            postgresql://u:p@localhost:5432/shop_test,\n            postgresql+asyncpg://u:p@localhost:5432/shop_test\n",
  };
  const draft = draftConfig(projectOf(files), "shop", "main");
  expect(draft?.config.database).toEqual({ name: "shop_test", variables: { TEST_DATABASE_URLS: `${one},${two}` } });
  expect(draft?.database[0]).toContain(
    "TEST_DATABASE_URLS (a list of URLs: postgresql, postgresql+asyncpg), read in .github/workflows/test.yml:6, without its sqlite, for which no database is made",
  );
});
