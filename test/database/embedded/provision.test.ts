import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { waitForEnd } from "../../../src/database/embedded/server/processes.ts";
import { openProvision } from "../../../src/database/open.ts";
import { InterruptedError, RequestError, UnavailableError } from "../../../src/shared/errors.ts";
import { freePort } from "../../../src/shared/socket.ts";
import { queryUrl } from "../../support/postgres.ts";
import { ask, failureOf, makeRequest, open, ownRunDirectories, startPlainEmbedded } from "../support.ts";

describe("the embedded server", () => {
  test("gives every worker a database of its own name that no other writes to", async () => {
    const provision = await open();
    const [one, two] = await provision.lease(["gw0", "gw1"]);
    expect([one?.name, two?.name]).toEqual(["ledger_test_gw0", "ledger_test_gw1"]);
    await ask(one, "CREATE TABLE account (id int)");
    expect(await ask(two, "SELECT to_regclass('account') AS account")).toEqual([{ account: null }]);
    expect(await ask(two, "SELECT current_database() AS name")).toEqual([{ name: "ledger_test_gw1" }]);
  });

  test("gives a serial run the base name itself", async () => {
    const [database] = await (await open()).lease(["master"]);
    expect(database).toMatchObject({ worker: "master", name: "ledger_test", environment: { VERIFY_WORKER: "master" } });
  });

  test("says the same in every variable", async () => {
    const provision = await open({ settings: { variables: { DB: "postgresql+asyncpg", DATABASE_URL: "postgres" } } });
    const [database] = await provision.lease(["gw0"]);
    const { PGUSER, PGPASSWORD, PGHOST, PGPORT, PGDATABASE, ...rest } = database?.environment ?? {};
    const place = `${PGUSER}:${PGPASSWORD}@${PGHOST}:${PGPORT}/${PGDATABASE}`;
    expect(rest).toEqual({
      DB: `postgresql+asyncpg://${place}`,
      DATABASE_URL: `postgres://${place}`,
      PGSSLMODE: "disable",
      VERIFY_WORKER: "gw0",
    });
    expect(PGDATABASE).toBe("ledger_test_gw0");
  });

  test("leads whoever coordinates workers to a database that is not there", async () => {
    const { coordinatorEnvironment } = await open();
    const failure = await failureOf(queryUrl(coordinatorEnvironment.DATABASE_URL ?? "", "SELECT 1"));
    expect(failure.message).toContain('user "coordinator", database "ledger_test_coordinator"');
  });

  test("takes a base name with a dash, capitals and a quote", async () => {
    const [database] = await (await open({ settings: { name: 'Ledger-"test"' } })).lease(["gw0"]);
    expect(await ask(database, "SELECT current_database() AS name")).toEqual([{ name: 'Ledger-"test"_gw0' }]);
  });

  test("makes a database anew when it is leased again, over a connection that is left", async () => {
    const provision = await open();
    const [first] = await provision.lease(["gw0"]);
    await ask(first, "CREATE TABLE account (id int)");
    const left = new pg.Client({ connectionString: first?.environment.DATABASE_URL });
    left.on("error", () => {});
    const broken = once(left, "error");
    await left.connect();
    const [second] = await provision.lease(["gw0"]);
    expect(await ask(second, "SELECT to_regclass('account') AS account")).toEqual([{ account: null }]);
    expect(String(await broken)).toContain("terminat");
  });

  test("has the settings that make tests fast and keep its directory small", async () => {
    const [database] = await (await open()).lease(["gw0"]);
    const rows = await ask(database, "SELECT name, current_setting(name) AS value FROM pg_settings");
    expect(Object.fromEntries(rows.map(({ name, value }) => [name, value]))).toMatchObject({
      fsync: "off",
      synchronous_commit: "off",
      full_page_writes: "off",
      jit: "off",
      wal_level: "minimal",
      max_wal_senders: "0",
      autovacuum: "on",
      autovacuum_naptime: "1s",
      checkpoint_timeout: "30s",
      max_wal_size: "256MB",
      max_connections: "120",
      dynamic_shared_memory_type: "mmap",
      server_encoding: "UTF8",
      listen_addresses: "127.0.0.1",
      password_encryption: "scram-sha-256",
      shared_buffers: "64MB",
      log_checkpoints: "off",
      restart_after_crash: "off",
      logging_collector: "off",
    });
    const [locale] = await ask(database, "SELECT datcollate FROM pg_database WHERE datname = current_database()");
    expect(locale).toEqual({ datcollate: "C.UTF-8" });
  });

  test("lets nobody in over TCP without the password", async () => {
    const [database] = await (await open()).lease(["gw0"]);
    const url = database?.environment.DATABASE_URL?.replace(/:[^:@]+@/, ":wrong@") ?? "";
    expect((await failureOf(queryUrl(url, "SELECT 1"))).message).toContain("password authentication failed");
  });

  test("names its version and has its password among the secrets", async () => {
    const provision = await open();
    const [database] = await provision.lease(["gw0"]);
    expect(provision).toMatchObject({
      kind: "embedded",
      description: expect.stringMatching(/^embedded Postgres 17\.\d+$/),
    });
    expect(provision.secrets).toContain(database?.environment.PGPASSWORD);
  });

  test("lies in a directory that is private", async () => {
    const server = await startPlainEmbedded();
    expect((await stat(server.directory.path)).mode & 0o777).toBe(0o700);
    await server.close();
  });

  test("is gone after close, and closing twice is harmless", async () => {
    const provision = await openProvision(makeRequest());
    const [database] = await provision.lease(["gw0"]);
    const [{ pid } = { pid: 0 }] = await ask(database, "SELECT pg_backend_pid() AS pid");
    expect(await ownRunDirectories()).toHaveLength(1);
    await Promise.all([provision.close(), provision.close()]);
    await provision.close();
    expect(await ownRunDirectories()).toEqual([]);
    expect(await waitForEnd(pid, 5_000)).toBe(true);
    expect((await failureOf(ask(database, "SELECT 1"))).message).toContain("ECONNREFUSED");
  });

  test("does not clash with others that start at the same time", async () => {
    const provisions = await Promise.all([open(), open(), open()]);
    const leased = await Promise.all(provisions.map((provision) => provision.lease(["gw0"])));
    expect(new Set(leased.map(([database]) => database?.environment.PGPORT)).size).toBe(3);
    await Promise.all(leased.map(([database]) => ask(database, "CREATE TABLE account (id int)")));
  });

  test("takes another port where the first is another server's", async () => {
    const taken = await startPlainEmbedded();
    const asked: number[] = [];
    const server = await startPlainEmbedded({
      choosePort: async () => {
        asked.push(asked.length === 0 ? taken.address.port : await freePort());
        return asked.at(-1) ?? 0;
      },
    });
    expect(server.address.port).not.toBe(taken.address.port);
    // More than twice where yet another program took what was free a moment ago.
    expect(asked.length).toBeGreaterThan(1);
  });

  test("that dies in the middle of a run is reported with its last words", async () => {
    const provision = await open();
    await provision.lease(["gw0"]);
    const [directory = ""] = await ownRunDirectories();
    const content = await readFile(join(directory, "data", "postmaster.pid"), "utf8");
    process.kill(Number.parseInt(content, 10), "SIGKILL");
    // A session that is open answers until it has noticed.
    if (!provision.lost.aborted) await once(provision.lost, "abort");
    const failure = await failureOf(provision.lease(["gw0"]));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toContain("ended in the middle of the run (ended by SIGKILL). Last output: ");
    expect(failure.message).toContain("ready to accept connections");
  });

  test("that does not heed is ended all the same", async () => {
    const server = await startPlainEmbedded();
    const pid = Number.parseInt(await readFile(join(server.directory.path, "data", "postmaster.pid"), "utf8"), 10);
    process.kill(pid, "SIGSTOP");
    await server.close();
    expect(await waitForEnd(pid, 5_000)).toBe(true);
    expect(await ownRunDirectories()).toEqual([]);
  });

  test("is not started where the signal is aborted already", async () => {
    const signal = AbortSignal.abort();
    expect(await failureOf(openProvision(makeRequest({ signal })))).toBeInstanceOf(InterruptedError);
    expect(await ownRunDirectories()).toEqual([]);
  });

  test.each([5, 25, 45, 65])("leaves nothing when aborted %i ms after its start began", async (milliseconds) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), milliseconds);
    const opening = openProvision(makeRequest({ signal: controller.signal })).then(async (provision) => {
      await provision.close();
      throw new InterruptedError();
    });
    expect(await failureOf(opening)).toBeInstanceOf(InterruptedError);
    expect(await ownRunDirectories()).toEqual([]);
  });

  test("leases nothing once the signal is aborted", async () => {
    const controller = new AbortController();
    const provision = await open({ signal: controller.signal });
    controller.abort();
    expect(await failureOf(provision.lease(["gw0"]))).toBeInstanceOf(InterruptedError);
  });

  test("leases nothing after close", async () => {
    const provision = await open();
    await provision.close();
    expect(await failureOf(provision.lease(["gw0"]))).toBeInstanceOf(UnavailableError);
  });
});

describe("a database name", () => {
  test("that Postgres would cut is refused before anything starts", async () => {
    const failure = await failureOf(open({ settings: { name: "a".repeat(60) } }));
    expect(failure).toBeInstanceOf(RequestError);
    expect(failure.message).toContain("64 bytes");
  });

  test("that only a high worker number makes too long is refused at the lease", async () => {
    const provision = await open({ settings: { name: "a".repeat(59) } });
    expect(await failureOf(provision.lease(["gw10"]))).toBeInstanceOf(RequestError);
  });

  test("with a NUL is refused", async () => {
    expect(await failureOf(open({ settings: { name: "a\0b" } }))).toBeInstanceOf(RequestError);
  });

  test("that Postgres needs for itself is refused", async () => {
    expect((await failureOf(open({ settings: { name: "postgres" } }))).message).toContain("Postgres's own");
  });
});
