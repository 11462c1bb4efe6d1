import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkCapacity, loadOf } from "../../../src/database/external/capacity.ts";
import type { ServerFacts } from "../../../src/database/external/server-facts.ts";
import { openProvision } from "../../../src/database/open.ts";
import { UnavailableError } from "../../../src/shared/errors.ts";
import { type PlainServer, startPlainServer } from "../../support/postgres.ts";
import { databaseConfig, databasesLike, failureOf, makeRequest, newBase, newRole, open } from "../support.ts";

const facts: ServerFacts = {
  version: "17.10",
  number: 170010,
  process: 1,
  fsync: true,
  standby: false,
  role: "ada",
  mayCreate: true,
  connections: 20,
  reserved: 3,
  used: 10,
  roleLimit: null,
  roleUsed: 2,
};

describe("the connections that a run needs", () => {
  test("may be just enough for one of each worker", () => {
    expect(() => checkCapacity(facts, { workers: 2, connections: 1 }, "Postgres")).not.toThrow();
    expect(() => checkCapacity(facts, { workers: 3, connections: 1 }, "Postgres")).toThrow(UnavailableError);
  });

  test("are told with the server's figures where there are too few", () => {
    expect(() => checkCapacity(facts, { workers: 4, connections: 20 }, "Postgres at db:5432")).toThrow(
      "Postgres at db:5432 has room for 7 more connections (max_connections 20, 3 reserved, 10 in use), and a run with 4 workers needs at least 9: use fewer --workers, or raise max_connections.",
    );
  });

  test("are told with the role's limit where that is the lower one", () => {
    expect(() => checkCapacity({ ...facts, roleLimit: 5 }, { workers: 1, connections: 2 }, "Postgres")).toThrow(
      'Postgres allows the role "ada" 3 more connections (CONNECTION LIMIT 5, 2 in use), and a run with 1 worker needs at least 6: use fewer --workers, or raise the limit with `ALTER ROLE "ada" CONNECTION LIMIT 9`.',
    );
  });

  test("are noted where workers may want more than there are", () => {
    expect(checkCapacity(facts, { workers: 2, connections: 5 }, "Postgres")).toEqual([
      expect.stringContaining("2 workers may want 15 with database.connections at 5"),
    ]);
    expect(checkCapacity({ ...facts, connections: 28 }, { workers: 2, connections: 5 }, "Postgres")).toEqual([]);
  });

  test("are those of the workers at work, not of spare databases", () => {
    const workers = ["gw0", "gw1", "gw2", "gw3"] as const;
    const settings = { connections: 7 };
    expect(loadOf({ workers, database: databaseConfig(settings) })).toEqual({ workers: 4, connections: 7 });
    expect(loadOf({ workers, database: databaseConfig({ isolation: "file" }) }).workers).toBe(2);
    expect(loadOf({ workers: ["master"], database: databaseConfig() }).workers).toBe(1);
  });
});

describe("a server with few connections", () => {
  let server: PlainServer;
  beforeAll(async () => {
    server = await startPlainServer({ settings: { max_connections: "11", reserved_connections: "2" } });
  });
  afterAll(() => server.stop());

  test("counts what is reserved, and what others use, before anything is made", async () => {
    const name = newBase();
    const { url } = await newRole(server, "CREATEDB");
    const failure = await failureOf(open({ url, settings: { name } }));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toContain("has room for 6 more connections (max_connections 11, 5 reserved, 0 in use)");
    expect(await databasesLike(server, name)).toEqual([]);
  });

  test("lets a superuser have what is reserved for it", async () => {
    const provision = await openProvision(
      makeRequest({ url: server.url, settings: { name: newBase(), connections: 1 } }),
    );
    expect(provision.notes).toEqual([]);
    await provision.close();
  });

  test("lets a role have what it may use of the reserve", async () => {
    const { url, role } = await newRole(server, "CREATEDB");
    await server.query(`GRANT pg_use_reserved_connections TO ${role}`);
    const workers = ["gw0", "gw1", "gw2"] as const;
    const provision = await openProvision(makeRequest({ url, workers, settings: { name: newBase(), connections: 1 } }));
    expect(provision.notes).toEqual([]);
    await provision.close();
  });

  test("whose role may have too few says how to raise its limit", async () => {
    const { url, role } = await newRole(server, "CREATEDB CONNECTION LIMIT 3");
    const failure = await failureOf(open({ url, workers: ["master"] }));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toContain(`\`ALTER ROLE "${role}" CONNECTION LIMIT 25\``);
  });

  test("whose role may have none says how to raise its limit", async () => {
    const { url, role } = await newRole(server, "CREATEDB CONNECTION LIMIT 0");
    const failure = await failureOf(open({ url }));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toContain(`\`ALTER ROLE "${role}" CONNECTION LIMIT -1\``);
  });
});
