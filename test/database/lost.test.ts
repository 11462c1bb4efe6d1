import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openProvision } from "../../src/database/open.ts";
import { UnavailableError } from "../../src/shared/errors.ts";
import { type PlainServer, startPlainServer } from "../support/postgres.ts";
import { ask, databasesLike, failureOf, makeRequest, newBase, open } from "./support.ts";

let server: PlainServer;

beforeAll(async () => {
  server = await startPlainServer();
});
afterAll(() => server.stop());

/** Ends the session that holds a run's lock. */
const endLockHolder = () =>
  server.query("SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'");

describe("a run whose connection with the lock is ended", () => {
  test("is told at once, in the server's words", async () => {
    const provision = await openProvision(makeRequest({ url: server.url, settings: { name: newBase() } }));
    const told = once(provision.lost, "abort");
    await endLockHolder();
    await told;
    expect(provision.lost.reason).toBeInstanceOf(UnavailableError);
    expect(provision.lost.reason.message).toBe(
      `The connection to Postgres at 127.0.0.1:${server.port} broke: terminating connection due to administrator command.`,
    );
    expect(await failureOf(provision.audit())).toBe(provision.lost.reason);
    await provision.close().catch(() => {});
  });

  test("makes and drops nothing any more, as the names may be another run's by now", async () => {
    const name = newBase();
    const provision = await openProvision(makeRequest({ url: server.url, settings: { name } }));
    await provision.lease(["gw0"]);
    const told = once(provision.lost, "abort");
    await endLockHolder();
    await told;
    const next = await open({ url: server.url, settings: { name } });
    const [database] = await next.lease(["gw0"]);
    expect(await failureOf(provision.lease(["gw0", "gw1"]))).toBe(provision.lost.reason);
    expect(await failureOf(provision.close())).toBe(provision.lost.reason);
    expect(database?.name).toBe(`${name}_gw0`);
    expect(await ask(database, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    expect(await databasesLike(server, name)).toEqual([`${name}_gw0`]);
  });
});

test("a run whose server is stopped is told at once, in the server's words", async () => {
  const other = await startPlainServer();
  const provision = await openProvision(makeRequest({ url: other.url, settings: { name: newBase() } }));
  const told = once(provision.lost, "abort");
  await other.stop();
  await told;
  expect(provision.lost.reason.message).toMatch(/^The connection to Postgres at 127\.0\.0\.1:\d+ broke: terminating/);
  expect(await failureOf(provision.audit())).toBeInstanceOf(UnavailableError);
  await provision.close().catch(() => {});
});

test("a run that closes its connections is not told that they are gone", async () => {
  const provision = await open({ url: server.url, settings: { name: newBase() } });
  await provision.close();
  expect(provision.lost.aborted).toBe(false);
});
