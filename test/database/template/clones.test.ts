import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openProvision } from "../../../src/database/open.ts";
import { UnavailableError } from "../../../src/shared/errors.ts";
import { type PlainServer, startPlainServer } from "../../support/postgres.ts";
import { migration } from "../migration.ts";
import { ask, databasesLike, failureOf, makeRequest, newBase, newRole, open } from "../support.ts";

let server: PlainServer;

beforeAll(async () => {
  server = await startPlainServer();
});
afterAll(() => server.stop());

const building = (name: string): string => `"${name}_verify_template_building"`;

/** Who may do what in a database, in words. */
async function accessOf(name: string): Promise<string[]> {
  const rows = await server.query(
    `SELECT coalesce(rolname, 'everybody') || ' ' || privilege_type || CASE WHEN is_grantable THEN ' and grant' ELSE '' END AS access
      FROM pg_database, aclexplode(datacl) AS entry LEFT JOIN pg_roles ON pg_roles.oid = entry.grantee
      WHERE datname = '${name}' ORDER BY 1`,
  );
  return rows.map(({ access }) => access);
}

describe("a clone of the template", () => {
  test("is as open or closed as database.setup has left the template", async () => {
    const name = newBase();
    const [reader, writer] = [await newRole(server, ""), await newRole(server, "")];
    const owner = await newRole(server, "CREATEDB");
    const { directory, setup } = await migration(
      `REVOKE ALL ON DATABASE ${building(name)} FROM PUBLIC`,
      `REVOKE TEMPORARY ON DATABASE ${building(name)} FROM ${owner.role}`,
      `GRANT CONNECT ON DATABASE ${building(name)} TO ${reader.role}`,
      `GRANT CONNECT, CREATE ON DATABASE ${building(name)} TO ${writer.role} WITH GRANT OPTION`,
    );
    const [database] = await (await open({ url: owner.url, directory, settings: { name, setup } })).lease(["gw0"]);
    expect(await accessOf(`${database?.name}`)).toEqual(
      [
        `${owner.role} CONNECT`,
        `${owner.role} CREATE`,
        `${reader.role} CONNECT`,
        `${writer.role} CONNECT and grant`,
        `${writer.role} CREATE and grant`,
      ].sort(),
    );
  });

  test("keeps Postgres's defaults where database.setup has changed nothing", async () => {
    const name = newBase();
    const [database] = await (await open({ url: server.url, settings: { name, setup: "true" } })).lease(["gw0"]);
    const rows = await server.query(`SELECT datacl FROM pg_database WHERE datname = '${database?.name}'`);
    expect(rows).toEqual([{ datacl: null }]);
  });

  test("has what database.setup has set for the database, and for a role in it", async () => {
    const name = newBase();
    const { url, role } = await newRole(server, "CREATEDB");
    const { directory, setup } = await migration(
      `ALTER DATABASE ${building(name)} SET search_path TO "$user", app, public`,
      `ALTER ROLE ${role} IN DATABASE ${building(name)} SET application_name TO 'it''s; --'`,
    );
    const [database] = await (await open({ url, directory, settings: { name, setup } })).lease(["gw0"]);
    expect(
      await ask(database, "SELECT current_setting('search_path') AS path, current_setting('application_name') AS name"),
    ).toEqual([{ path: '"$user", app, public', name: "it's; --" }]);
  });

  test("has for others nothing that database.setup has set for one role", async () => {
    const name = newBase();
    const { url, role } = await newRole(server, "CREATEDB");
    const statement = `ALTER ROLE ${role} IN DATABASE ${building(name)} SET application_name TO 'own'`;
    const { directory, setup } = await migration(statement);
    await (await open({ url, directory, settings: { name, setup } })).lease(["gw0"]);
    expect(await server.query("SHOW application_name", `${name}_gw0`)).toEqual([{ application_name: "" }]);
  });

  test("cannot be made while somebody is connected to what it is cloned from, who is named", async () => {
    const holder = new pg.Client({
      connectionString: server.url.replace(/postgres$/, "template1"),
      application_name: "administrator",
    });
    await holder.connect();
    const { url } = await newRole(server, "CREATEDB");
    const failure = await failureOf((await open({ url, settings: { name: newBase() } })).lease(["gw0"]));
    await holder.end();
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toMatch(
      /cannot clone the database "template1" while something is connected to it; connected to it: process \d+ of role postgres \(administrator\)\./,
    );
  });
});

describe("the template", () => {
  test("is sealed against connections and against being dropped, and goes with the run", async () => {
    const name = newBase();
    const { url } = await newRole(server, "CREATEDB");
    const provision = await openProvision(makeRequest({ url, settings: { name, setup: "true" } }));
    expect(
      await server.query(
        `SELECT datallowconn, datistemplate FROM pg_database WHERE datname = '${name}_verify_template'`,
      ),
    ).toEqual([{ datallowconn: false, datistemplate: true }]);
    expect((await failureOf(server.query(`DROP DATABASE ${name}_verify_template`))).message).toContain(
      "template database",
    );
    await provision.close();
    expect(await databasesLike(server, name)).toEqual([]);
  });

  test("goes with a run that failed though database.setup had marked it as one", async () => {
    const name = newBase();
    const { directory, setup } = await migration(`ALTER DATABASE ${building(name)} IS_TEMPLATE true`);
    await failureOf(open({ url: server.url, directory, settings: { name, setup: `${setup} && exit 1` } }));
    expect(await databasesLike(server, name)).toEqual([]);
  });
});
