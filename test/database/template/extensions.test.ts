import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UnavailableError } from "../../../src/shared/errors.ts";
import { type PlainServer, startPlainServer } from "../../support/postgres.ts";
import { migration } from "../migration.ts";
import { ask, failureOf, newBase, newRole, open } from "../support.ts";

const installed = "SELECT extname AS name FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1";
const reports = `echo 'ERROR:  extension "postgis" is not available' >&2; exit 1`;
const reports14 = `echo 'could not open extension control file "/usr/share/extension/postgis.control": No such file'; exit 1`;

describe("extensions on an external server", () => {
  let server: PlainServer;
  beforeAll(async () => {
    server = await startPlainServer();
  });
  afterAll(() => server.stop());

  test("are in every worker's database, with those they need, for a role that is no superuser", async () => {
    const { url } = await newRole(server, "CREATEDB");
    const settings = { name: newBase(), extensions: ["citext", "pg_trgm"] };
    const [database] = await (await open({ url, settings })).lease(["gw0"]);
    expect(await ask(database, installed)).toEqual([{ name: "citext" }, { name: "pg_trgm" }]);
  });

  test("bring those that they need", async () => {
    const settings = { name: newBase(), extensions: ["earthdistance"] };
    const [database] = await (await open({ url: server.url, settings })).lease(["gw0"]);
    expect(await ask(database, installed)).toEqual([{ name: "cube" }, { name: "earthdistance" }]);
  });

  test("are there before database.setup runs", async () => {
    const { directory, setup } = await migration(
      "CREATE TABLE account (name citext)",
      "INSERT INTO account VALUES ('Ada')",
    );
    const settings = { name: newBase(), extensions: ["citext"], setup };
    const [database] = await (await open({ url: server.url, directory, settings })).lease(["gw0"]);
    expect(await ask(database, "SELECT name FROM account WHERE name = 'ADA'")).toEqual([{ name: "Ada" }]);
  });

  test("that it lacks are named with the way out", async () => {
    const failure = await failureOf(open({ url: server.url, settings: { name: newBase(), extensions: ["postgis"] } }));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toMatch(
      /^Postgres 17\.\d+ at .* has no extension "postgis": install its package there, or name a server that has it\.$/,
    );
  });

  test("that only a superuser may create are named with the statement for one", async () => {
    const { url } = await newRole(server, "CREATEDB");
    const failure = await failureOf(open({ url, settings: { name: newBase(), extensions: ["pg_stat_statements"] } }));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toContain('`CREATE EXTENSION "pg_stat_statements"`');
  });

  test("that a superuser has created in template1 need no privilege", async () => {
    const other = await startPlainServer();
    try {
      const { url } = await newRole(other, "CREATEDB");
      await other.query("CREATE EXTENSION pg_stat_statements", "template1");
      const provision = await open({ url, settings: { name: newBase(), extensions: ["pg_stat_statements"] } });
      const [database] = await provision.lease(["gw0"]);
      expect(await ask(database, installed)).toEqual([{ name: "pg_stat_statements" }]);
      await provision.close();
    } finally {
      await other.stop();
    }
  });

  test.each([
    ["today", reports],
    ["before Postgres 15", reports14],
  ])("that database.setup finds missing are named with the way out, as Postgres said it %s", async (_when, setup) => {
    const failure = await failureOf(open({ url: server.url, settings: { name: newBase(), setup } }));
    expect(failure.message).toContain("database.setup failed");
    expect(failure.message).toMatch(/\nPostgres .* has no extension "postgis": install its package there/);
  });
});

describe("extensions on the embedded server", () => {
  test("that it lacks are named with the way to a server that has them", async () => {
    const failure = await failureOf(open({ settings: { extensions: ["postgis"] } }));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toMatch(
      /^The embedded Postgres .* has no extension "postgis": name a server that has it, by database.url, --database-url or VERIFY_DATABASE_URL\.$/,
    );
  });

  test("are in every worker's database", async () => {
    const [database] = await (await open({ settings: { extensions: ["citext"] } })).lease(["gw0"]);
    expect(await ask(database, installed)).toEqual([{ name: "citext" }]);
  });
});
