import { mkdtemp, rm } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openProvision } from "../../src/database/open.ts";
import { UnavailableError } from "../../src/shared/errors.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { type PlainServer, queryUrl, startPlainServer } from "../support/postgres.ts";
import { failureOf, makeRequest, newBase, newRole, open } from "./support.ts";

/** Every printable character of ASCII. */
const printable = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 32 + index));

const sessions = `SELECT datname, (SELECT ssl FROM pg_stat_ssl WHERE pg_stat_ssl.pid = activity.pid) AS encrypted
  FROM pg_stat_activity AS activity WHERE application_name = 'pushproof'`;

let directory: string;
let certificates: Certificates;
let secure: PlainServer;
let plain: PlainServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "pushproof-test-"));
  certificates = await makeCertificates(directory);
  [secure, plain] = await Promise.all([startPlainServer({ certificates }), startPlainServer()]);
});
afterAll(async () => {
  await Promise.all([secure.stop(), plain.stop()]);
  await rm(directory, { recursive: true, force: true });
});

/** The URL of a server by another name of its host, with a query. */
function reach(server: PlainServer, host: string, parameters: Record<string, string>): string {
  return `${server.url.replace("127.0.0.1", host)}?${new URLSearchParams(parameters)}`;
}

/** Opens a provision and gives whether our sessions are encrypted. */
async function encryptionOf(server: PlainServer, url: string): Promise<boolean[]> {
  const provision = await openProvision(makeRequest({ url, settings: { name: newBase() } }));
  try {
    await provision.lease(["gw0"]);
    return [...new Set((await server.query(sessions)).map(({ encrypted }) => encrypted === true))];
  } finally {
    await provision.close();
  }
}

describe("a server that speaks TLS", () => {
  test.each([
    ["disable", false],
    ["allow", false],
    ["prefer", true],
    ["require", true],
  ])("is reached with sslmode %s, encrypted: %j", async (sslmode, encrypted) => {
    expect(await encryptionOf(secure, reach(secure, "127.0.0.1", { sslmode }))).toEqual([encrypted]);
  });

  test("is reached encrypted where the URL names no mode", async () => {
    expect(await encryptionOf(secure, secure.url)).toEqual([true]);
  });

  test.each([
    ["require", "127.0.0.1"],
    ["verify-ca", "127.0.0.1"],
    ["verify-full", "localhost"],
  ])("is trusted with sslmode %s where the named authority has signed its certificate", async (sslmode, host) => {
    const url = reach(secure, host, { sslmode, sslrootcert: certificates.root });
    expect(await encryptionOf(secure, url)).toEqual([true]);
  });

  test.each(["require", "verify-ca", "verify-full"])(
    "is refused with sslmode %s where the named authority has not signed its certificate",
    async (sslmode) => {
      const failure = await failureOf(
        open({ url: reach(secure, "localhost", { sslmode, sslrootcert: certificates.otherRoot }) }),
      );
      expect(failure).toBeInstanceOf(UnavailableError);
      expect(failure.message).toMatch(/^Cannot connect to Postgres at localhost:\d+: .*(certificate|signature)/);
    },
  );

  test("is refused with sslmode verify-full where its certificate is for another host", async () => {
    const url = reach(secure, "127.0.0.1", { sslmode: "verify-full", sslrootcert: certificates.root });
    const failure = await failureOf(open({ url }));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toMatch(/127\.0\.0\.1.*cert/);
  });

  test("is refused where the file of the authority is not there, with the file named", async () => {
    const url = reach(secure, "localhost", { sslmode: "verify-full", sslrootcert: "/nowhere/root.crt" });
    const failure = await failureOf(open({ url }));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toContain("/nowhere/root.crt");
  });
});

describe("a server that speaks no TLS", () => {
  test.each(["disable", "allow", "prefer"])("is reached with sslmode %s", async (sslmode) => {
    expect(await encryptionOf(plain, reach(plain, "127.0.0.1", { sslmode }))).toEqual([false]);
  });

  test.each(["require", "verify-ca", "verify-full"])("is refused with sslmode %s", async (sslmode) => {
    const failure = await failureOf(open({ url: reach(plain, "127.0.0.1", { sslmode }) }));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toContain("does not support SSL");
  });
});

describe("a server's place", () => {
  test("may be the directory of a unix socket", async () => {
    const { role } = await newRole(plain, "CREATEDB");
    const name = newBase();
    const url = `postgresql://${role}:quiet@/postgres?host=${encodeURIComponent(plain.sockets)}&port=${plain.port}`;
    const provision = await open({ url, settings: { name } });
    const [database] = await provision.lease(["gw0"]);
    expect(database?.environment.PGHOST).toBe(plain.sockets);
    expect(await queryUrl(`${database?.environment.DATABASE_URL}`, "SELECT inet_server_addr() AS address")).toEqual([
      { address: null },
    ]);
  });

  test("that is a unix socket wants the password, too", async () => {
    const { role } = await newRole(plain, "CREATEDB");
    const url = `postgresql://${role}:wrong@/postgres?host=${encodeURIComponent(plain.sockets)}&port=${plain.port}`;
    expect((await failureOf(open({ url }))).message).toContain("password authentication failed");
  });

  test("may be an address of IPv6", async (context) => {
    const loopback = Object.values(networkInterfaces()).flat();
    if (!loopback.some((face) => face?.address === "::1")) {
      console.warn("NOT TESTED: this machine has no IPv6 loopback (::1).");
      return context.skip("this machine has no IPv6 loopback (::1)");
    }
    const provision = await open({ url: reach(plain, "[::1]", {}), settings: { name: newBase() } });
    const [database] = await provision.lease(["gw0"]);
    expect(provision.description).toContain(`[::1]:${plain.port}`);
    expect(
      await queryUrl(`${database?.environment.DATABASE_URL}`, "SELECT host(inet_server_addr()) AS address"),
    ).toEqual([{ address: "::1" }]);
  });

  test.each(["postgres", "postgresql+asyncpg", "postgresql+psycopg", "postgres+pg8000"])(
    "may come with the scheme %s",
    async (scheme) => {
      const url = plain.url.replace("postgresql", scheme);
      const [database] = await (await open({ url, settings: { name: newBase() } })).lease(["gw0"]);
      expect(await queryUrl(`${database?.environment.DATABASE_URL}`, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    },
  );
});

describe("a password of every printable character", () => {
  test("is whole in the worker's variables, and in no output", async () => {
    const { url } = await newRole(plain, "CREATEDB", printable);
    const provision = await open({ url, settings: { name: newBase() } });
    const [database] = await provision.lease(["gw0"]);
    expect(database?.environment.PGPASSWORD).toBe(printable);
    expect(await queryUrl(`${database?.environment.DATABASE_URL}`, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    expect(provision.secrets).toContain(printable);
    expect(JSON.stringify([provision.description, provision.notes])).not.toContain('!\\"#');
  });

  test("reaches database.setup whole, and is in nothing that it prints", async () => {
    const { url } = await newRole(plain, "CREATEDB", printable);
    const setup = 'echo "$PGPASSWORD"; printf %s "$PGPASSWORD" | wc -c; exit 1';
    const failure = await failureOf(open({ url, settings: { name: newBase(), setup } }));
    expect(failure.message).toMatch(/Last output:\n\*\*\*\n\s*95$/);
  });

  test("that is wrong is not in what is told", async () => {
    const url = `postgresql://postgres:${encodeURIComponent(printable)}@127.0.0.1:${plain.port}/postgres`;
    const { message } = await failureOf(open({ url }));
    expect(message).toContain('password authentication failed for user "postgres"');
    expect(message).not.toContain("()*");
  });
});

test("a server that lets the role into none of its databases says how to let it in", async () => {
  const closed = await startPlainServer();
  try {
    const { url, role } = await newRole(closed, "CREATEDB");
    await closed.query("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC");
    const failure = await failureOf(open({ url }));
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure.message).toContain(`\`GRANT CONNECT ON DATABASE postgres TO "${role}"\``);
  } finally {
    await closed.stop();
  }
});

test("settings for the embedded server are not applied, which is noted", async () => {
  const settings = { name: newBase(), settings: { work_mem: "3MB", jit: true } };
  const provision = await open({ url: plain.url, settings });
  expect(provision.notes).toEqual([
    expect.stringMatching(/^database\.settings are the embedded server's, and not applied to .*: work_mem, jit\.$/),
  ]);
});
