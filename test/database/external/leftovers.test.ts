import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { externalDatabases } from "../../../src/database/external/databases.ts";
import type { ExternalServer } from "../../../src/database/external/external-server.ts";
import { listOurDatabases, removeLeftovers } from "../../../src/database/external/leftovers.ts";
import { newRunMarker, temporaryName } from "../../../src/database/external/marker.ts";
import { connectExternalServer } from "../../../src/database/external/server.ts";
import { parseServerUrl } from "../../../src/database/url.ts";
import { type PlainServer, startPlainServer } from "../../support/postgres.ts";
import { databasesLike, newBase, newRole, open } from "../support.ts";

let server: PlainServer;

beforeAll(async () => {
  server = await startPlainServer();
});
afterAll(() => server.stop());

async function connect(url = server.url): Promise<ExternalServer> {
  const external = await connectExternalServer(parseServerUrl(url, {}), new AbortController().signal);
  onTestFinished(() => external.close());
  return external;
}

/** Makes a database as a run does that has no lock any more, as if it had been killed. */
async function leave(external: ExternalServer, base: string): Promise<void> {
  const run = newRunMarker(base, base, "/home/ada/shop");
  await externalDatabases(external, run).create({ name: `${base}_gw0`, worker: "gw0" });
}

const newNames = (): Promise<string[]> => databasesLike(server, "pushproof_new_");

describe("the databases of ours on a server", () => {
  test("are listed with whose they are, whether they are live, and how big", async () => {
    const [dead, live] = [newBase(), newBase()];
    const external = await connect();
    await leave(external, dead);
    const provision = await open({ url: server.url, settings: { name: live } });
    await provision.lease(["gw1"]);
    const listed = await listOurDatabases(external);
    expect(listed.filter(({ name }) => name.startsWith(dead) || name.startsWith(live))).toEqual([
      expect.objectContaining({ name: `${dead}_gw0`, isLive: false, owner: "postgres", bytes: expect.any(Number) }),
      expect.objectContaining({ name: `${live}_gw1`, isLive: true, owner: "postgres", bytes: expect.any(Number) }),
    ]);
    expect(listed.find(({ name }) => name === `${dead}_gw0`)?.marker).toMatchObject({
      directory: "/home/ada/shop",
      worker: "gw0",
      pid: process.pid,
    });
  });

  test("are listed without a size where the role may not look into them", async () => {
    const base = newBase();
    await leave(await connect(), base);
    await server.query(`REVOKE CONNECT ON DATABASE ${base}_gw0 FROM PUBLIC`);
    const { url } = await newRole(server, "");
    const [found] = (await listOurDatabases(await connect(url))).filter(({ name }) => name === `${base}_gw0`);
    expect(found?.bytes).toBe(null);
  });

  test("are live while their run holds its lock in another database than ours", async () => {
    const [base, entrance] = [newBase(), newBase()];
    await server.query(`CREATE DATABASE ${entrance}`);
    const { url } = await newRole(server, "CREATEDB");
    await server.query("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC");
    onTestFinished(async () => void (await server.query("GRANT CONNECT ON DATABASE postgres, template1 TO PUBLIC")));
    const provision = await open({ url: url.replace(/postgres$/, entrance), settings: { name: base } });
    await provision.lease(["gw0"]);
    const external = await connect();
    const [found] = (await listOurDatabases(external)).filter(({ name }) => name === `${base}_gw0`);
    expect(found?.isLive).toBe(true);
    expect((await removeLeftovers(external)).removed).not.toContain(`${base}_gw0`);
    expect(await databasesLike(server, `${base}_gw0`)).toEqual([`${base}_gw0`]);
  });
});

describe("what killed runs have left", () => {
  test("is removed, and what is live, renamed, or not ours is left alone", async () => {
    const [dead, live, renamed, foreign] = [newBase(), newBase(), newBase(), newBase()];
    const external = await connect();
    await leave(external, dead);
    await leave(external, renamed);
    await server.query(`ALTER DATABASE ${renamed}_gw0 RENAME TO ${renamed}_kept`);
    await server.query(`CREATE DATABASE ${foreign}_gw0`);
    await (await open({ url: server.url, settings: { name: live } })).lease(["gw0"]);
    const removal = await removeLeftovers(external);
    expect(removal.failed).toEqual([]);
    expect(removal.removed).toContain(`${dead}_gw0`);
    expect(await databasesLike(server, dead)).toEqual([]);
    expect(await databasesLike(server, renamed)).toEqual([`${renamed}_kept`]);
    expect(await databasesLike(server, `${foreign}_gw0`)).toEqual([`${foreign}_gw0`]);
    expect(await databasesLike(server, `${live}_gw0`)).toEqual([`${live}_gw0`]);
  });

  test("gives the locks back that were taken for it", async () => {
    const base = newBase();
    const external = await connect();
    await leave(external, base);
    await removeLeftovers(external);
    expect((await open({ url: server.url, settings: { name: base } })).coordinatorEnvironment.PGDATABASE).toBe(
      `${base}_coordinator`,
    );
  });

  test("is told where it belongs to another role, and the rest is removed", async () => {
    const [theirs, ours] = [newBase(), newBase()];
    const { url, role } = await newRole(server, "CREATEDB");
    await leave(await connect(), theirs);
    const external = await connect(url);
    await leave(external, ours);
    const removal = await removeLeftovers(external);
    expect(removal.removed).toEqual([`${ours}_gw0`]);
    expect(removal.failed).toEqual([{ name: `${theirs}_gw0`, reason: expect.stringContaining(`OWNER TO "${role}"`) }]);
    await server.query(`DROP DATABASE ${theirs}_gw0`);
  });

  test("before it was marked is removed by the next run of any base", async () => {
    const name = temporaryName(newBase());
    await server.query(`CREATE DATABASE ${name}`);
    await open({ url: server.url, settings: { name: newBase() } });
    expect(await newNames()).toEqual([]);
  });

  test("before it was marked stays while its run holds its lock", async () => {
    const base = newBase();
    const name = temporaryName(base);
    const provision = await open({ url: server.url, settings: { name: base } });
    await server.query(`CREATE DATABASE ${name}`);
    await open({ url: server.url, settings: { name: newBase() } });
    expect(await newNames()).toEqual([name]);
    await provision.close();
    await removeLeftovers(await connect());
    expect(await newNames()).toEqual([]);
  });

  test("is not what only begins like a name of ours", async () => {
    const name = `pushproof_new_${randomBytes(4).toString("hex")}`;
    await server.query(`CREATE DATABASE ${name}`);
    await removeLeftovers(await connect());
    expect(await newNames()).toEqual([name]);
    await server.query(`DROP DATABASE ${name}`);
  });

  test("of another base is left to a run of that base", async () => {
    const other = newBase();
    await leave(await connect(), other);
    await open({ url: server.url, settings: { name: newBase() } });
    expect(await databasesLike(server, other)).toEqual([`${other}_gw0`]);
  });
});
