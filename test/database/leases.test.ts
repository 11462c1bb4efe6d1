import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { type LeaseServer, openLeaseServer } from "../../src/database/leases.ts";
import type { Provision, WorkerDatabase, WorkerId } from "../../src/database/provision.ts";
import { adapterPath } from "../../src/shared/paths.ts";
import { leaseDatabase } from "../../src/suite/runners/adapters/lease.mjs";
import { queryUrl } from "../support/postgres.ts";
import { makeDirectory } from "../support/repository.ts";
import { open } from "./support.ts";

interface Scene extends LeaseServer {
  readonly provision: Provision;
  readonly databases: readonly WorkerDatabase[];
  lease(): ReturnType<typeof leaseDatabase>;
}

async function openOffice(workers: readonly WorkerId[], directory?: string): Promise<Scene> {
  const provision = await open();
  const databases = await provision.lease(workers);
  const leases = await openLeaseServer(provision, databases, directory ?? (await makeDirectory()), { renews: true });
  onTestFinished(() => leases.close());
  return { ...leases, provision, databases, lease: () => leaseDatabase(leases.socketPath) };
}

const query = ({ environment }: { environment: Readonly<Record<string, string>> }, statement: string) =>
  queryUrl(environment.DATABASE_URL ?? "", statement);

/** What a promise has come to by the time another, which was asked for later, is there. */
async function isSettledBefore(promise: Promise<unknown>, later: Promise<unknown>): Promise<boolean> {
  return await Promise.race([promise.then(() => true), later.then(() => false)]);
}

test("two leases at once never share a database", async () => {
  const { lease } = await openOffice(["gw0", "gw1"]);
  const leases = await Promise.all([lease(), lease()]);
  expect(leases.map(({ worker }) => worker).sort()).toEqual(["gw0", "gw1"]);
  expect(leases.map(({ environment }) => environment.VERIFY_WORKER).sort()).toEqual(["gw0", "gw1"]);
});

test("who asks while all are lent waits, and is served in the order of asking", async () => {
  const { lease } = await openOffice(["gw0"]);
  const first = await lease();
  const second = lease();
  const third = lease();
  first.end();
  expect(await isSettledBefore(third, second)).toBe(false);
  (await second).end();
  expect((await third).worker).toBe("gw0");
});

test("a database that was given back is as fresh as the template when it is lent again", async () => {
  const { lease } = await openOffice(["gw0"]);
  const first = await lease();
  await query(first, "CREATE TABLE left_behind (a int)");
  first.end();
  const [row] = await query(await lease(), "SELECT to_regclass('left_behind') AS found");
  expect(row).toEqual({ found: null });
});

test("a database is given back though somebody is still connected to it", async () => {
  const { lease } = await openOffice(["gw0"]);
  const first = await lease();
  const held = query(first, "SELECT pg_sleep(600)").catch((error: Error) => error.message);
  // So that the session is there before its database is taken from it.
  const waiting = "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'";
  while ((await query(first, waiting)).length === 0) await sleep(10);
  first.end();
  expect((await lease()).worker).toBe("gw0");
  expect(await held).toContain("terminat");
});

test("a process that is killed gives its database back", async () => {
  const { lease, socketPath } = await openOffice(["gw0"]);
  const script = `const { leaseDatabase } = await import(${JSON.stringify(pathToFileURL(adapterPath("lease.mjs")).href)});
    console.log((await leaseDatabase(${JSON.stringify(socketPath)})).worker); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  const next = lease();
  child.kill("SIGKILL");
  expect((await next).worker).toBe("gw0");
});

test("a lease does not keep its process alive", async () => {
  const { socketPath } = await openOffice(["gw0"]);
  const script = `const { leaseDatabase } = await import(${JSON.stringify(pathToFileURL(adapterPath("lease.mjs")).href)});
    console.log((await leaseDatabase(${JSON.stringify(socketPath)})).worker);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect([output, code]).toEqual(["gw0\n", 0]);
});

test("who gives up waiting is passed over", async () => {
  const { lease, socketPath } = await openOffice(["gw0"]);
  const first = await lease();
  const waiting = new AbortController();
  const impatient = leaseDatabase(socketPath, waiting.signal);
  waiting.abort();
  await expect(impatient).rejects.toThrow("has ended");
  first.end();
  expect((await lease()).worker).toBe("gw0");
});

test("where a database cannot be made afresh, who waits is told why, and so is the run", async () => {
  const { lease, provision, failed } = await openOffice(["gw0"]);
  const first = await lease();
  const waiting = lease();
  waiting.catch(() => {});
  await provision.close();
  first.end();
  await expect(waiting).rejects.toThrow();
  expect(failed.aborted).toBe(true);
  await expect(lease()).rejects.toThrow((failed.reason as Error).message);
});

test("who waits when the run ends is told that it has", async () => {
  const { lease, close } = await openOffice(["gw0"]);
  await lease();
  const waiting = lease();
  waiting.catch(() => {});
  await close();
  await expect(waiting).rejects.toThrow("The verification that lends the databases of this suite has ended.");
});

test("a directory whose name is too long for a socket does no harm", async () => {
  const directory = join(await makeDirectory(), "long".repeat(30));
  await mkdir(directory);
  const { lease, socketPath } = await openOffice(["gw0"], directory);
  expect(Buffer.byteLength(socketPath)).toBeLessThanOrEqual(100);
  expect((await lease()).worker).toBe("gw0");
});
