import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PlainServer, startPlainServer } from "../../support/postgres.ts";
import { ask, newBase, open } from "../support.ts";

let server: PlainServer;

beforeAll(async () => {
  server = await startPlainServer();
});
afterAll(() => server.stop());

describe("the audit of an external server", () => {
  test("sees that nobody has opened what was leased, the template's own setup left out", async () => {
    const settings = { name: newBase(), setup: "true", extensions: ["citext"] };
    const provision = await open({ url: server.url, settings });
    await provision.lease(["gw0", "gw1"]);
    expect(await provision.audit()).toEqual({ connected: false, rejections: [] });
  });

  test("sees that somebody has opened one of the databases", async () => {
    const provision = await open({ url: server.url, settings: { name: newBase() } });
    const [, database] = await provision.lease(["gw0", "gw1"]);
    await ask(database, "SELECT 1");
    expect((await provision.audit()).connected).toBe(true);
  });

  test("remembers who was in a database that has been made anew since", async () => {
    const provision = await open({ url: server.url, settings: { name: newBase() } });
    const [database] = await provision.lease(["gw0"]);
    await ask(database, "SELECT 1");
    await provision.lease(["gw0"]);
    expect((await provision.audit()).connected).toBe(true);
  });

  test("sees who was in a database that the suite itself has made anew", async () => {
    const provision = await open({ url: server.url, settings: { name: newBase() } });
    const [database] = await provision.lease(["gw0"]);
    await server.query(`DROP DATABASE ${database?.name}`);
    await server.query(`CREATE DATABASE ${database?.name}`);
    await ask(database, "SELECT 1");
    expect((await provision.audit()).connected).toBe(true);
    await server.query(`DROP DATABASE ${database?.name}`);
  });

  test("forgets one suite when the next is served", async () => {
    const provision = await open({ url: server.url, settings: { name: newBase() } });
    const [database] = await provision.lease(["gw0"]);
    await ask(database, "SELECT 1");
    await provision.audit();
    await provision.lease(["gw0"]);
    expect((await provision.audit()).connected).toBe(false);
  });
});
