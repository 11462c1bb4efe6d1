import { expect, test } from "vitest";
import { suiteSchema } from "../../../src/config/schema.ts";
import { type FailedSuite, failureHints, lackingDatabaseHints } from "../../../src/suite/hints/failure-hints.ts";
import { databaseConfig } from "../../database/support.ts";
import { projectOf } from "../../init/project.ts";

const suite = suiteSchema.parse({ name: "backend", runner: "pytest", command: "pytest" });

function hints(messages: readonly string[], settings = {}, files: Readonly<Record<string, string>> = {}, workers = 2) {
  const failed: FailedSuite = {
    planned: {
      suite,
      workers: workers === 1 ? ["master"] : ["gw0", "gw1"],
    },
    failures: messages.map((message) => ({ message })),
    database: databaseConfig(settings),
  };
  return failureHints(failed, () => projectOf(files));
}

const noTable = (name: string): string =>
  `sqlalchemy.exc.ProgrammingError: (psycopg2.errors.UndefinedTable) relation "${name}" does not exist\nLINE 1: SELECT`;

test("tables that are missing are named, with the line that makes them where the project has migrations", () => {
  const files = { "alembic.ini": "[alembic]\nscript_location = alembic\n", "alembic/env.py": "" };
  expect(hints([noTable("accounts"), noTable("entries"), noTable("accounts"), "assert 1 == 2"], {}, files)).toEqual([
    '3 tests of backend found no table accounts, entries: nothing makes tables in the workers\' databases unless "database.setup" does. ' +
      'If the tests do not make them themselves, add to "database": "setup": "alembic upgrade head", "inputs": ["alembic.ini", "alembic/**"].',
  ]);
});

test("where nothing is known of migrations, what the setting holds is said", () => {
  expect(hints(["The table `public.User` does not exist in the current database."])).toEqual([
    expect.stringContaining("found no table public.User: "),
  ]);
  expect(hints([noTable("a")])[0]).toMatch(/name the command that makes them as "setup" in "database"/);
});

test("a table that few of the failed tests miss is their own affair", () => {
  expect(hints([noTable("accounts"), "assert 1 == 2", "assert 2 == 3"])).toEqual([]);
});

test("a setup that is there leaves a missing table to the tests", () => {
  expect(hints([noTable("accounts")], { setup: "make tables" })).toEqual([]);
});

test.each([
  'role "app_reader" already exists',
  'role "app_reader" does not exist',
  'role "app_reader" cannot be dropped because',
  'duplicate key value violates unique constraint "pg_authid_rolname_index"\nDETAIL:  Key (rolname)=(app_reader) already exists.',
])("workers that meet in a role, as %s, are told of servers of their own", (message) => {
  expect(hints([`psycopg2.errors.DuplicateObject: ${message}`])).toEqual([
    'The workers of backend share one server, and with it the role app_reader: set "isolation": "server" in "database", which gives each worker a server of its own.',
  ]);
  expect(hints([message], { isolation: "server" })).toEqual([]);
  expect(hints([message], {}, {}, 1)).toEqual([]);
});

test("workers that create a role at the same moment are told of servers of their own, though its name is not told", () => {
  expect(hints(['duplicate key value violates unique constraint "pg_authid_rolname_index"'])).toEqual([
    'The workers of backend share one server, and with it its roles: set "isolation": "server" in "database", which gives each worker a server of its own.',
  ]);
});

test.each([
  ["hstore type not found in the database. please install it from your 'contrib/hstore.sql' file", "hstore"],
  ['error: type "citext" does not exist', "citext"],
  ["function uuid_generate_v4() does not exist", "uuid-ossp"],
  ['operator class "gin_trgm_ops" does not exist for access method "gin"', "pg_trgm"],
])("%s: the extension is named with the setting that creates it", (message, name) => {
  expect(hints([message], { extensions: ["cube"] })).toEqual([
    `Tests of backend miss the extension ${name}: set "extensions": ["cube", "${name}"] in "database".`,
  ]);
  expect(hints([message], { extensions: [name] })).toEqual([]);
});

test("other failures say nothing of the database", () => {
  expect(hints(["assert 1 == 2", 'column "a" does not exist'])).toEqual([]);
});

test.each([
  ["KeyError: 'DATABASE_URL'", "DATABASE_URL"],
  ["KeyError: 'SHOP_DB_HOST'", "SHOP_DB_HOST"],
  [
    'psycopg2.OperationalError: connection to server at "localhost" (::1), port 5432 failed: Connection refused',
    "a Postgres server",
  ],
  ["connect ECONNREFUSED 127.0.0.1:5432", "a Postgres server"],
])("a suite without a database that looks for one is told so: %s", (message, what) => {
  const failures = [{ message }, { message }];
  expect(lackingDatabaseHints(suite, failures, "everywhere")).toEqual([
    `2 tests of backend looked for ${what}, while the configuration says "database": false: take that out, and every worker gets a database of its own.`,
  ]);
});

test.each(["KeyError: 'name'", "assert 1 == 2", "connect ECONNREFUSED 127.0.0.1:6379"])(
  "a failure that has nothing to do with a database gives no such hint: %s",
  (message) => expect(lackingDatabaseHints(suite, [{ message }], "here")).toEqual([]),
);
