import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openProvision } from "../../src/database/open.ts";
import { RequestError, UnavailableError } from "../../src/shared/errors.ts";
import { type PlainServer, startPlainServer } from "../support/postgres.ts";
import { ask, databasesLike, failureOf, makeRequest, newBase, newRole, open } from "./support.ts";

let server: PlainServer;

beforeAll(async () => {
  server = await startPlainServer();
});
afterAll(() => server.stop());

async function forgeMarker(name: string, marker: Record<string, string>): Promise<void> {
  await server.query(`COMMENT ON DATABASE "${name}" IS ${pg.escapeLiteral(`pushproof ${JSON.stringify(marker)}`)}`);
}

describe("a database that is there already", () => {
  test("is left as it is where pushproof did not make it, and the run has other names, which it says", async () => {
    const name = newBase();
    await server.query(`CREATE DATABASE ${name}_gw1`);
    await server.query("CREATE TABLE precious (id int)", `${name}_gw1`);
    const provision = await openProvision(makeRequest({ url: server.url, settings: { name } }));
    const [zero, one] = await provision.lease(["gw0", "gw1"]);
    expect(zero?.name).toMatch(new RegExp(`^${name}_[0-9a-f]{4}_gw0$`));
    const base = zero?.name.replace("_gw0", "");
    expect(one?.name).toBe(`${base}_gw1`);
    expect(provision.notes).toEqual([
      `The database "${name}_gw1" was not made by this run or one like it, and is left alone: the names of this run's begin with "${base}".`,
    ]);
    await provision.close();
    expect(await databasesLike(server, name)).toEqual([`${name}_gw1`]);
    expect(await server.query("SELECT * FROM precious", `${name}_gw1`)).toEqual([]);
  });

  test("is left as it is under the base name of a serial run too", async () => {
    const name = newBase();
    await server.query(`CREATE DATABASE ${name}`);
    const provision = await openProvision(makeRequest({ url: server.url, settings: { name }, workers: ["master"] }));
    const [own] = await provision.lease(["master"]);
    expect(own?.name).toMatch(new RegExp(`^${name}_[0-9a-f]{4}$`));
    await provision.close();
    expect(await databasesLike(server, name)).toEqual([name]);
  });

  test("is refused where somebody makes it while the run goes on", async () => {
    const name = newBase();
    const provision = await openProvision(makeRequest({ url: server.url, settings: { name } }));
    await server.query(`CREATE DATABASE ${name}_gw1`);
    const failure = await failureOf(provision.lease(["gw0", "gw1"]));
    await provision.close();
    expect(failure).toBeInstanceOf(RequestError);
    expect(failure.message).toContain(`"${name}_gw1" exists already and was not made by pushproof`);
    expect(await databasesLike(server, name)).toEqual([`${name}_gw1`]);
  });

  test("is left alone under the base name of a parallel run, which has no use for it", async () => {
    const name = newBase();
    await server.query(`CREATE DATABASE ${name}`);
    await server.query("CREATE TABLE precious (id int)", name);
    const workers = ["gw0", "gw1"] as const;
    const provision = await openProvision(makeRequest({ url: server.url, workers, settings: { name, setup: "true" } }));
    expect((await provision.lease(workers)).map((database) => database.name)).toEqual([`${name}_gw0`, `${name}_gw1`]);
    await provision.close();
    expect(await databasesLike(server, name)).toEqual([name]);
    expect(await server.query("SELECT * FROM precious", name)).toEqual([]);
  });

  test("is left as it is under the name of the template", async () => {
    const name = newBase();
    await server.query(`CREATE DATABASE ${name}_verify_template`);
    const provision = await openProvision(makeRequest({ url: server.url, settings: { name, setup: "true" } }));
    await provision.lease(["gw0"]);
    await provision.close();
    expect(await databasesLike(server, name)).toEqual([`${name}_verify_template`]);
  });

  test("is refused where it is another base name's that was made meanwhile, with where that one's run was", async () => {
    const name = newBase();
    const provision = await open({ url: server.url, settings: { name } });
    await server.query(`CREATE DATABASE ${name}_gw0`);
    const marker = { base: `${name}_gw0`, family: `${name}_gw0`, name: `${name}_gw0`, run: "dead", worker: "master" };
    await forgeMarker(`${name}_gw0`, { ...marker, directory: "/home/ada/shop" });
    const failure = await failureOf(provision.lease(["gw0"]));
    expect(failure).toBeInstanceOf(RequestError);
    expect(failure.message).toContain(`the database.name "${name}_gw0" in /home/ada/shop`);
    expect(await databasesLike(server, name)).toEqual([`${name}_gw0`]);
  });

  test("is left as it is where its comment only looks like ours", async () => {
    const name = newBase();
    await server.query(`CREATE DATABASE ${name}_gw0`);
    await server.query(`COMMENT ON DATABASE ${name}_gw0 IS 'pushproof was tried here'`);
    const [own] = await (await open({ url: server.url, settings: { name } })).lease(["gw0"]);
    expect(own?.name).not.toBe(`${name}_gw0`);
    expect(await databasesLike(server, `${name}_gw0`)).toEqual([`${name}_gw0`]);
  });

  test("is not joined by a nameless one where the name is taken while it is made", async () => {
    const name = newBase();
    const provision = await open({ url: server.url, settings: { name } });
    // So many that some are made at the same time.
    const failure = await failureOf(provision.lease(Array.from({ length: 8 }, () => "gw0")));
    expect(failure).toBeInstanceOf(UnavailableError);
    // Postgres finds out before it takes the name, or, where both take it at the same moment, by its index.
    expect(failure.message).toMatch(
      new RegExp(`database "${name}_gw0" already exists|duplicate key value .* "pg_database_datname_index"`),
    );
    expect(await databasesLike(server, "pushproof_new_")).toEqual([]);
  });

  test("is replaced where a killed run has left it, with a connection that still holds it", async () => {
    const name = newBase();
    await server.query(`CREATE DATABASE ${name}_gw0`);
    await server.query("CREATE TABLE stale (id int)", `${name}_gw0`);
    await forgeMarker(`${name}_gw0`, { base: name, family: name, name: `${name}_gw0`, run: "dead", worker: "gw0" });
    const holder = new pg.Client({ connectionString: server.url.replace(/postgres$/, `${name}_gw0`) });
    holder.on("error", () => {});
    await holder.connect();
    const [database] = await (await open({ url: server.url, settings: { name } })).lease(["gw0"]);
    expect(await ask(database, "SELECT to_regclass('stale') AS stale")).toEqual([{ stale: null }]);
  });

  test("is dropped at the next start where a killed run of a salted base has left it", async () => {
    const name = newBase();
    await server.query(`CREATE DATABASE ${name}_ab12_gw3`);
    const marker = { base: `${name}_ab12`, family: name, name: `${name}_ab12_gw3`, run: "dead", worker: "gw3" };
    await forgeMarker(`${name}_ab12_gw3`, marker);
    await open({ url: server.url, settings: { name } });
    expect(await databasesLike(server, name)).toEqual([]);
  });

  test("is kept where somebody has renamed one of ours", async () => {
    const name = newBase();
    await server.query(`CREATE DATABASE kept_${name}`);
    await forgeMarker(`kept_${name}`, { base: name, family: name, name: `${name}_gw0`, run: "dead", worker: "gw0" });
    await open({ url: server.url, settings: { name } });
    expect(await databasesLike(server, name)).toEqual([`kept_${name}`]);
  });

  test("is left as it is where somebody has given one of ours the name of another", async () => {
    const name = newBase();
    await server.query(`CREATE DATABASE ${name}_gw0`);
    await forgeMarker(`${name}_gw0`, { base: name, family: name, name: `${name}_gw7`, run: "dead", worker: "gw7" });
    const [own] = await (await open({ url: server.url, settings: { name } })).lease(["gw0"]);
    expect(own?.name).not.toBe(`${name}_gw0`);
    expect(await databasesLike(server, `${name}_gw0`)).toEqual([`${name}_gw0`]);
  });

  test("of another role is named with its owner and what would help where it cannot be dropped", async () => {
    const name = newBase();
    const { url, role } = await newRole(server, "CREATEDB");
    await server.query(`CREATE DATABASE ${name}_gw0`);
    await forgeMarker(`${name}_gw0`, { base: name, family: name, name: `${name}_gw0`, run: "dead", worker: "gw0" });
    const provision = await open({ url, settings: { name } });
    const failure = await failureOf(provision.lease(["gw0"]));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toContain(`cannot be dropped by the role "${role}", as it belongs to "postgres"`);
    expect(failure.message).toContain(`\`ALTER DATABASE "${name}_gw0" OWNER TO "${role}"\``);
  });

  test("is waited for, and its holder named, where another role is connected to it", async () => {
    const name = newBase();
    const { url } = await newRole(server, "CREATEDB");
    const provision = await openProvision(makeRequest({ url, settings: { name } }));
    await provision.lease(["gw0"]);
    const holder = new pg.Client({
      connectionString: server.url.replace(/postgres$/, `${name}_gw0`),
      application_name: "monitor",
    });
    await holder.connect();
    const failure = await failureOf(provision.close());
    await holder.end();
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toMatch(/cannot be dropped: .*connected to it: process \d+ of role postgres \(monitor\)/);
  });
});

describe("two runs on one server at once", () => {
  test("have different databases, and each drops only its own", async () => {
    const name = newBase();
    const first = await openProvision(makeRequest({ url: server.url, settings: { name } }));
    const second = await openProvision(makeRequest({ url: server.url, settings: { name } }));
    const [[one], [two]] = await Promise.all([first.lease(["gw0"]), second.lease(["gw0"])]);
    expect(one?.name).toBe(`${name}_gw0`);
    expect(two?.name).toMatch(new RegExp(`^${name}_[0-9a-f]{4}_gw0$`));
    await ask(one, "CREATE TABLE account (id int)");
    await second.close();
    expect(await ask(one, "SELECT * FROM account")).toEqual([]);
    await first.close();
    expect(await databasesLike(server, name)).toEqual([]);
  });

  test("have different databases where the second one's names would be too long, too", async () => {
    const name = newBase().padEnd(59, "x");
    await open({ url: server.url, settings: { name } });
    const second = await open({ url: server.url, settings: { name } });
    const [one, two] = await second.lease(["gw0", "gw1"]);
    expect(Buffer.byteLength(`${one?.name}`)).toBeLessThanOrEqual(63);
    expect(await ask(one, "SELECT current_database() AS name")).toEqual([{ name: one?.name }]);
    expect(one?.name).not.toBe(two?.name);
  });

  test("never meet where their roles may enter different databases", async () => {
    const name = newBase();
    const entrance = newBase();
    const { url, role } = await newRole(server, "CREATEDB");
    await server.query(`CREATE DATABASE ${entrance}`);
    await server.query("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC");
    onTestFinished(async () => void (await server.query("GRANT CONNECT ON DATABASE postgres, template1 TO PUBLIC")));
    const first = await open({ url: url.replace(/postgres$/, entrance), settings: { name } });
    const second = await open({ url: server.url, settings: { name } });
    const [one] = await first.lease(["gw0"]);
    const [two] = await second.lease(["gw0"]);
    expect(one?.name).toBe(`${name}_gw0`);
    expect(two?.name).not.toBe(one?.name);
    expect(await ask(one, "SELECT current_user AS role")).toEqual([{ role }]);
  });

  test("that open at the same moment never meet", async () => {
    const name = newBase();
    const settings = { name };
    const opened = await Promise.all([1, 2, 3].map(() => open({ url: server.url, settings })));
    const leased = await Promise.all(opened.map((provision) => provision.lease(["gw0", "gw1"])));
    expect(new Set(leased.flat().map((database) => database.name)).size).toBe(6);
  });
});
