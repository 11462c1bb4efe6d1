import pg from "pg";
import { describe, expect, test } from "vitest";
import type { WorkerDatabase } from "../../../src/database/provision.ts";
import { queryUrl } from "../../support/postgres.ts";
import { ask, failureOf, open } from "../support.ts";

/** A worker's URL with another database in it, as a suite that derives names makes it. */
function urlTo(database: WorkerDatabase | undefined, name: string): string {
  const url = new URL(database?.environment.DATABASE_URL ?? "");
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}

/** Runs a statement as the worker in a database of any name; in a URL, node-pg decodes not every character. */
async function askIn(own: WorkerDatabase | undefined, database: string, statement: string): Promise<unknown[]> {
  const { PGHOST: host, PGPORT: port, PGUSER: user, PGPASSWORD: password } = own?.environment ?? {};
  const client = new pg.Client({ host, port: Number(port), user, password, database });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

async function refusalOf(database: WorkerDatabase | undefined, name: string): Promise<string> {
  return (await failureOf(askIn(database, name, "SELECT 1"))).message;
}

const rejected = (role: string, database: string): string =>
  `pg_hba.conf rejects connection for host "127.0.0.1", user "${role}", database "${database}"`;

describe("a worker of an embedded server", () => {
  test.each([
    "ledger_test_gw1",
    "ledger_test",
    "ledger_test_verify_template",
    "ledger_test_verify_template_building",
    "ledger_test_gw1_shadow",
    "test_ledger_test_gw1",
    "ledger_test_gw01",
  ])("is refused in %s, superuser or not", async (name) => {
    const [own] = await (await open({ workers: ["gw0", "gw1"] })).lease(["gw0", "gw1"]);
    expect(await ask(own, "SHOW is_superuser")).toEqual([{ is_superuser: "on" }]);
    expect(await refusalOf(own, name)).toContain(rejected("gw0", name));
    // The attribute goes, the rule stays.
    await ask(own, "ALTER ROLE gw0 NOSUPERUSER");
    expect(await refusalOf(own, name)).toContain(rejected("gw0", name));
  });

  test("is refused by a sibling of the same first digits", async () => {
    const workers = ["gw1", "gw10"] as const;
    const [one, ten] = await (await open({ workers })).lease(workers);
    expect(await refusalOf(one, "ledger_test_gw10")).toContain(rejected("gw1", "ledger_test_gw10"));
    expect(await refusalOf(ten, "ledger_test_gw1")).toContain(rejected("gw10", "ledger_test_gw1"));
  });

  test.each(["ledger_test_gw0_shadow", "other", "test_ledger_test_gw0"])(
    "may make the database %s and work in it",
    async (name) => {
      const [own] = await (await open()).lease(["gw0"]);
      await queryUrl(urlTo(own, "postgres"), `CREATE DATABASE ${name}`);
      expect(await queryUrl(urlTo(own, name), "SELECT current_database() AS name")).toEqual([{ name }]);
    },
  );

  test("may drop its database and make it again", async () => {
    const [own] = await (await open()).lease(["gw0"]);
    await queryUrl(urlTo(own, "postgres"), "DROP DATABASE ledger_test_gw0");
    await queryUrl(urlTo(own, "postgres"), "CREATE DATABASE ledger_test_gw0");
    expect(await ask(own, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  test("may make roles, which work in its database and not in the base or the template", async () => {
    const [own] = await (await open({ workers: ["gw0", "gw1"] })).lease(["gw0"]);
    await ask(own, "CREATE ROLE app LOGIN PASSWORD 'app'");
    const url = new URL(own?.environment.DATABASE_URL ?? "");
    url.username = url.password = "app";
    expect(await queryUrl(url.href, "SELECT current_user AS name")).toEqual([{ name: "app" }]);
    for (const name of ["ledger_test", "ledger_test_verify_template"]) {
      url.pathname = `/${name}`;
      expect((await failureOf(queryUrl(url.href, "SELECT 1"))).message).toContain(rejected("app", name));
    }
  });

  test("has a password that opens no sibling's role, and is not let in as postgres", async () => {
    const [own, sibling] = await (await open()).lease(["gw0", "gw1"]);
    const url = new URL(sibling?.environment.DATABASE_URL ?? "");
    url.password = own?.environment.PGPASSWORD ?? "";
    expect((await failureOf(queryUrl(url.href, "SELECT 1"))).message).toContain("password authentication failed");
    url.username = "postgres";
    expect((await failureOf(queryUrl(url.href, "SELECT 1"))).message).toContain(
      rejected("postgres", "ledger_test_gw1"),
    );
  });

  test("is refused over the private socket, whose place a superuser can find out", async () => {
    const [own] = await (await open()).lease(["gw0"]);
    const [{ sockets } = { sockets: "" }] = await ask(
      own,
      "SELECT current_setting('unix_socket_directories') AS sockets",
    );
    const client = new pg.Client({
      host: sockets,
      port: Number(own?.environment.PGPORT),
      user: "gw0",
      password: own?.environment.PGPASSWORD,
      database: "ledger_test_gw1",
    });
    expect((await failureOf(client.connect())).message).toContain('pg_hba.conf rejects connection for host "[local]"');
  });

  test("makes everything as postgres, so that owners are the same in the template and in every clone", async () => {
    const [own] = await (await open()).lease(["gw0"]);
    await ask(own, "CREATE TABLE account (id int)");
    expect(
      await ask(own, "SELECT session_user, current_user, tableowner FROM pg_tables WHERE tablename = 'account'"),
    ).toEqual([{ session_user: "gw0", current_user: "postgres", tableowner: "postgres" }]);
  });

  test("in a serial run is let into the base database, and not into its template", async () => {
    const [own] = await (await open({ workers: ["master"] })).lease(["master"]);
    expect(await ask(own, "SELECT current_database() AS name")).toEqual([{ name: "ledger_test" }]);
    expect(await refusalOf(own, "ledger_test_verify_template")).toContain(
      rejected("master", "ledger_test_verify_template"),
    );
  });
});

test.each(['Ledger-"test"', "/ledger.*", "a,b all", "ledger+test", "+ledger", "@ledger", "löhne"])(
  "the rules hold for the base name %s",
  async (name) => {
    const [own] = await (await open({ settings: { name }, workers: ["gw0", "gw1"] })).lease(["gw0", "gw1"]);
    const ownName = `${name}_gw0`;
    expect(await askIn(own, ownName, "SELECT current_database() AS name")).toEqual([{ name: ownName }]);
    for (const other of [name, `${name}_gw1`, `${name}_gw1_shadow`]) {
      expect(await refusalOf(own, other)).toContain("pg_hba.conf rejects connection");
    }
  },
);

test("a base name with a line break, which no rule can hold, is refused", async () => {
  expect((await failureOf(open({ settings: { name: "a\nb" } }))).message).toContain("line break");
});

describe("the audit of an embedded server", () => {
  test("names who tried to reach what, in the order of time, and once", async () => {
    const provision = await open({ workers: ["gw0", "gw1"] });
    const [one, two] = await provision.lease(["gw0", "gw1"]);
    const before = Date.now();
    await refusalOf(two, "ledger_test_gw0");
    await refusalOf(one, 'of "another", ledger_test_gw1');
    await failureOf(queryUrl(provision.coordinatorEnvironment.DATABASE_URL ?? "", "SELECT 1"));
    const { rejections } = await provision.audit();
    expect(rejections.map(({ worker, database }) => ({ worker, database }))).toEqual([
      { worker: "gw1", database: "ledger_test_gw0" },
      { worker: "gw0", database: 'of "another", ledger_test_gw1' },
      { worker: "coordinator", database: "ledger_test_coordinator" },
    ]);
    for (const { at } of rejections) expect(at.getTime()).toBeGreaterThanOrEqual(before - 1);
    expect((await provision.audit()).rejections).toEqual([]);
  });

  test.each(["database", "server"])("tells whether a worker opened any database (isolation: %s)", async (isolation) => {
    const provision = await open({ settings: { isolation } });
    const [own] = await provision.lease(["gw0"]);
    expect((await provision.audit()).connected).toBe(false);
    await queryUrl(urlTo(own, "postgres"), "SELECT 1");
    expect((await provision.audit()).connected).toBe(true);
    expect((await provision.audit()).connected).toBe(false);
    await ask(own, "SELECT 1");
    expect((await provision.audit()).connected).toBe(true);
  });

  test("fails where the server has ended, with its own words", async () => {
    const provision = await open();
    const [own] = await provision.lease(["gw0"]);
    const [{ pid } = { pid: 0 }] = await ask(own, "SELECT pg_backend_pid() AS pid, pg_sleep(0)");
    expect(pid).toBeGreaterThan(0);
    const client = new pg.Client({ connectionString: own?.environment.DATABASE_URL });
    client.on("error", () => {});
    await client.connect();
    const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
    process.kill(rows[0].pid, "SIGKILL");
    await new Promise((resolve) => provision.lost.addEventListener("abort", resolve));
    expect(String(provision.lost.reason)).toContain("was terminated by signal 9: Killed");
    expect((await failureOf(provision.audit())).message).toContain("was terminated by signal 9: Killed");
  });
});

describe('isolation "server"', () => {
  const settings = { isolation: "server" };
  const workers = ["gw0", "gw1"] as const;

  test("gives each worker a server of its own and the base name itself", async () => {
    const provision = await open({ settings, workers });
    const [one, two] = await provision.lease(workers);
    expect([one?.name, two?.name]).toEqual(["ledger_test", "ledger_test"]);
    expect(one?.environment.PGPORT).not.toBe(two?.environment.PGPORT);
    expect(one?.environment.PGUSER).toBe("postgres");
    expect(provision.description).toMatch(/^embedded Postgres 17\.\d+, a server for each of 2 workers$/);
  });

  test("lets workers make databases and roles of the same name", async () => {
    const leased = await (await open({ settings, workers })).lease(workers);
    for (const database of leased) {
      await ask(database, "CREATE DATABASE fixed");
      await ask(database, "CREATE ROLE app");
      await queryUrl(urlTo(database, "fixed"), "CREATE TABLE account (id int)");
    }
  });

  test("gives every server the template that was built once", async () => {
    const setup = "true";
    const provision = await open({ settings: { ...settings, setup, extensions: ["citext"] }, workers });
    for (const database of await provision.lease(workers)) {
      expect(await ask(database, "SELECT 'A'::citext = 'a' AS same")).toEqual([{ same: true }]);
    }
  });

  test("makes a database anew when it is leased again", async () => {
    const provision = await open({ settings, workers });
    const [own] = await provision.lease(["gw1"]);
    await ask(own, "CREATE TABLE account (id int)");
    const [again] = await provision.lease(["gw1"]);
    expect(await ask(again, "SELECT to_regclass('account') AS account")).toEqual([{ account: null }]);
  });
});
