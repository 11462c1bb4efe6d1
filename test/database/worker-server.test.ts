import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { startPlainServer } from "../support/postgres.ts";
import { ask, open } from "./support.ts";

/** The database of the worker that runs this test, where it is verified by pushproof itself; else a server's as users have one. */
async function givenUrl(): Promise<string> {
  if (process.env.TEST_DATABASE_URL !== undefined) return process.env.TEST_DATABASE_URL;
  const server = await startPlainServer();
  onTestFinished(() => server.stop());
  return server.url;
}

test("a server that a suite is given can be one that others get their databases on, beside its own", async () => {
  const url = await givenUrl();
  const own = new pg.Client({ connectionString: url });
  await own.connect();
  onTestFinished(() => own.end());
  await own.query("CREATE TABLE kept (amount integer)");
  const provision = await open({ url, settings: { name: "inner_test" } });
  for (const database of await provision.lease(["gw0", "gw1"])) {
    expect(await ask(database, "SELECT current_database() AS name")).toEqual([{ name: database.name }]);
  }
  await provision.close();
  expect((await own.query("SELECT * FROM kept")).rows).toEqual([]);
});
