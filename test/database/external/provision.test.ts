import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectExternalServer } from "../../../src/database/external/server.ts";
import { openProvision } from "../../../src/database/open.ts";
import { parseServerUrl } from "../../../src/database/url.ts";
import { InterruptedError, UnavailableError } from "../../../src/shared/errors.ts";
import { type PlainServer, queryUrl, startPlainServer } from "../../support/postgres.ts";
import { makeDirectory } from "../../support/repository.ts";
import { ask, databasesLike, failureOf, makeRequest, newBase, newRole, open } from "../support.ts";

let server: PlainServer;

beforeAll(async () => {
  server = await startPlainServer();
});
afterAll(() => server.stop());

describe("an external server", () => {
  test("gets a database for every worker, and keeps none after close", async () => {
    const name = newBase();
    const provision = await openProvision(makeRequest({ url: server.url, settings: { name } }));
    const leased = await provision.lease(["gw0", "gw1", "master"]);
    expect(await databasesLike(server, name)).toEqual([name, `${name}_gw0`, `${name}_gw1`]);
    for (const database of leased) {
      expect(await ask(database, "SELECT current_database() AS name")).toEqual([{ name: database.name }]);
    }
    await provision.close();
    await provision.close();
    expect(await databasesLike(server, name)).toEqual([]);
  });

  test("is named by version and place, and not as embedded", async () => {
    const provision = await open({ url: server.url, settings: { name: newBase() } });
    expect(provision.kind).toBe("external");
    expect(provision.description).toMatch(new RegExp(`^Postgres 17\\.\\d+ at 127\\.0\\.0\\.1:${server.port}$`));
  });

  test("may give a role that can do nothing but create databases, template included", async () => {
    const { url, role } = await newRole(server, "CREATEDB");
    const name = newBase();
    const directory = await makeDirectory();
    const provision = await openProvision(
      makeRequest({ url, directory, settings: { name, setup: "echo $PGDATABASE > seen" } }),
    );
    const [database] = await provision.lease(["gw0"]);
    await provision.lease(["gw0"]);
    expect(await ask(database, "SELECT current_user AS role")).toEqual([{ role }]);
    expect(await databasesLike(server, name)).toEqual([`${name}_gw0`, `${name}_verify_template`]);
    await provision.close();
    expect(await databasesLike(server, name)).toEqual([]);
  });

  test("whose role may not create databases is told what would help", async () => {
    const { url, role } = await newRole(server, "");
    const failure = await failureOf(open({ url }));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toContain(`\`ALTER ROLE "${role}" CREATEDB\``);
  });

  test("whose role has a limit of time for statements is given all the time that copying takes", async () => {
    const { url, role } = await newRole(server, "CREATEDB");
    await server.query(`ALTER ROLE ${role} SET statement_timeout = '20s'`);
    const external = await connectExternalServer(parseServerUrl(url, {}), new AbortController().signal);
    expect(await external.query("SHOW statement_timeout")).toEqual([{ statement_timeout: "0" }]);
    await external.close();
  });

  test("that refuses the password is named with its own words and without the password", async () => {
    const failure = await failureOf(open({ url: `postgresql://postgres:hunter2@127.0.0.1:${server.port}/x` }));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toBe(
      `Cannot connect to Postgres at 127.0.0.1:${server.port}: password authentication failed for user "postgres".`,
    );
  });

  test("that is not there is named with its host and port", async () => {
    const failure = await failureOf(open({ url: "postgresql://ada:hunter2@127.0.0.1:1/x" }));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toMatch(/^Cannot connect to Postgres at 127.0.0.1:1: .*ECONNREFUSED/);
    expect(failure.message).not.toContain("hunter2");
  });

  test("that never answers is waited for no longer than until the signal", async () => {
    const controller = new AbortController();
    const silent = createServer((socket) => {
      controller.abort();
      socket.on("error", () => {});
    }).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const opening = open({ url: `postgresql://ada@127.0.0.1:${port}/x`, signal: controller.signal });
    expect(await failureOf(opening)).toBeInstanceOf(InterruptedError);
    silent.close();
  });

  test("is not written to once the signal is aborted", async () => {
    const failure = await failureOf(open({ url: server.url, signal: AbortSignal.abort() }));
    expect(failure).toBeInstanceOf(InterruptedError);
  });

  test("whose databases postgres and template1 are closed to the role is used by way of the URL's own", async () => {
    const own = newBase();
    const { url, role } = await newRole(server, "CREATEDB");
    await server.query(`CREATE DATABASE ${own}`);
    const closed = await startPlainServer();
    try {
      await closed.query(`CREATE ROLE ${role} LOGIN CREATEDB PASSWORD 'quiet'`);
      await closed.query(`CREATE DATABASE ${own}`);
      await closed.query("REVOKE CONNECT ON DATABASE postgres FROM PUBLIC");
      await closed.query("REVOKE CONNECT ON DATABASE template1 FROM PUBLIC");
      const there = url.replace(`:${server.port}/postgres`, `:${closed.port}/${own}`);
      const provision = await openProvision(makeRequest({ url: there, settings: { name: "fallback" } }));
      const [database] = await provision.lease(["gw0"]);
      expect(database?.name).toBe("fallback_gw0");
      await provision.close();
    } finally {
      await closed.stop();
    }
  });
});

describe("database.setup on an external server", () => {
  test("that fails leaves no database", async () => {
    const name = newBase();
    const failure = await failureOf(open({ url: server.url, settings: { name, setup: "exit 1" } }));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(await databasesLike(server, name)).toEqual([]);
  });

  test("that is aborted leaves no database", async () => {
    const name = newBase();
    const controller = new AbortController();
    const directory = await makeDirectory();
    const { environment, ...request } = makeRequest({
      url: server.url,
      directory,
      settings: { name, setup: "sleep 600" },
    });
    const opening = failureOf(openProvision({ ...request, environment, signal: controller.signal }));
    while (!(await databasesLike(server, name)).includes(`${name}_verify_template_building`)) await Promise.resolve();
    controller.abort();
    expect(await opening).toBeInstanceOf(InterruptedError);
    expect(await databasesLike(server, name)).toEqual([]);
  });
});

test("a server that goes away in the middle is told with its place", async () => {
  const other = await startPlainServer();
  const provision = await openProvision(makeRequest({ url: other.url, settings: { name: newBase() } }));
  await other.stop();
  const failure = await failureOf(provision.lease(["gw0"]));
  expect(failure).toBeInstanceOf(UnavailableError);
  expect(failure.message).toContain(`Postgres at 127.0.0.1:${other.port}`);
  expect(await failureOf(provision.close())).toBeInstanceOf(UnavailableError);
});

test("a marker tells whoever finds a database which run made it", async () => {
  const name = newBase();
  const projectRoot = await makeDirectory();
  const provision = await open({ url: server.url, projectRoot, settings: { name } });
  await provision.lease(["gw0"]);
  const [row] = await server.query(
    `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = '${name}_gw0'`,
  );
  expect(row?.comment).toMatch(/^pushproof \{/);
  expect(JSON.parse(row?.comment.slice("pushproof ".length))).toMatchObject({
    base: name,
    family: name,
    worker: "gw0",
    directory: projectRoot,
    pid: process.pid,
  });
  expect(await queryUrl(server.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});
