import { describe, expect, test } from "vitest";
import { sqlAlchemyDriverHint } from "../../../src/suite/hints/sqlalchemy-driver.ts";
import type { Files } from "../../support/repository.ts";
import { endsWith, makePytestRepository, readSummary, runIn } from "../../support/verify.ts";

const text = "ModuleNotFoundError: No module named 'psycopg'";

test("all variables are written out, those with a URL without a driver with psycopg2", () => {
  const variables = { DATABASE_URL: "postgresql", OTHER_URL: "postgresql+asyncpg", DB_HOST: "host" };
  expect(sqlAlchemyDriverHint("backend", "2.1.1", { text, variables })).toBe(
    'SQLAlchemy 2.1.1 opens a "postgresql" URL with psycopg, which is not installed where backend runs; psycopg2 is: ' +
      'set "variables": { "DATABASE_URL": "postgresql+psycopg2", "OTHER_URL": "postgresql+asyncpg", "DB_HOST": "host" } in "database".',
  );
});

test.each([
  ["another module is missing", "2.1.1", "No module named 'psycopg2'", { DATABASE_URL: "postgresql" }],
  ["SQLAlchemy has its driver", null, text, { DATABASE_URL: "postgresql" }],
  ["every URL names a driver", "2.1.1", text, { DATABASE_URL: "postgresql+psycopg" }],
])("nothing is advised where %s", (_where, version, output, variables) => {
  expect(sqlAlchemyDriverHint("backend", version, { text: output, variables })).toBeNull();
});

/** What is installed: SQLAlchemy of a version, and drivers as empty modules, found before those of the machine. */
const installed = (version: string, drivers: readonly string[]): Files => ({
  [`packages/sqlalchemy-${version}.dist-info/METADATA`]: `Metadata-Version: 2.1\nName: sqlalchemy\nVersion: ${version}\n`,
  ...Object.fromEntries(drivers.map((name) => [`packages/${name}.py`, ""])),
});
const config = {
  database: { variables: { SHOP_URL: "postgresql" } },
  suites: [{ name: "backend", runner: "pytest", command: "PYTHONPATH=packages:$PYTHONPATH pytest", source: ["src"] }],
};
const missing = "raise ModuleNotFoundError(\"No module named 'psycopg'\")\n";
const remedy = 'set "variables": { "SHOP_URL": "postgresql+psycopg2" } in "database".';

describe("a suite whose SQLAlchemy finds no driver", () => {
  test("is told which one to name, where a conftest opens the database", async () => {
    const files = { ...installed("2.1.0", ["psycopg2"]), "tests/conftest.py": missing };
    const { root } = await makePytestRepository(files, config);
    const { errors } = await endsWith(3, runIn(root, ["--workers", "2"]));
    expect(errors).toContain(`SQLAlchemy 2.1.0 opens a "postgresql" URL with psycopg`);
    expect(errors).toContain(remedy);
  });

  test("is told so, where a test does", async () => {
    const files = { ...installed("2.1.0", ["psycopg2"]), "tests/test_a.py": `def test_a():\n    ${missing}` };
    const { root } = await makePytestRepository(files, config);
    const { output } = await endsWith(1, runIn(root, []));
    expect(output).toContain(remedy);
    expect((await readSummary(root)).notes[0]).toContain(remedy);
  });

  test("is told nothing, where an older SQLAlchemy would have taken psycopg2", async () => {
    const files = { ...installed("2.0.44", ["psycopg2"]), "tests/conftest.py": missing };
    const { root } = await makePytestRepository(files, config);
    const { errors } = await endsWith(3, runIn(root, []));
    expect(errors).not.toContain("psycopg2");
  });
});
