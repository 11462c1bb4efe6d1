import { afterAll, beforeAll, expect, test } from "vitest";
import { type PlainServer, startPlainServer } from "./postgres.ts";
import { makeDirectory, writeFiles } from "./repository.ts";
import { type Ran, runShell, suiteEnvironment } from "./run.ts";
import { sharedByTests } from "./shared-run.ts";
import { linkNodeModules, type VitestLedgerOptions, vitestLedgerDatabase, vitestLedgerFiles } from "./vitest-ledger.ts";

let server: PlainServer;

beforeAll(async () => {
  server = await startPlainServer();
});

afterAll(async () => {
  await server?.stop();
});

const covered = "--coverage.enabled --coverage.reporter=text-summary";
const serial = `--maxWorkers=1 ${covered}`;

test("the vitest ledger's suite passes serially on one database, with more than 95 but less than 100 % covered", async () => {
  const { exitCode, output } = await runLedger("serial", {}, serial);
  expect(output).toMatch(/Tests +20 passed \(20\)/);
  expect(exitCode).toBe(0);
  expect(coverageIn(output)).toBeGreaterThan(95);
  expect(coverageIn(output)).toBeLessThan(100);
});

test("the vitest ledger's suite fails with two workers on one shared database", async () => {
  const { exitCode, output } = await runLedger("shared", {}, "--maxWorkers=2");
  expect(exitCode, output).toBe(1);
  expect(output).toMatch(/Tests +\d+ failed/);
});

/** A ledger of low coverage with two workers on a database each. */
const apart = sharedByTests(async () => {
  await server.query("CREATE DATABASE own_1");
  await server.query("CREATE DATABASE own_2");
  return await runLedger("own", { databasePerWorker: true, coverage: "low" }, `--maxWorkers=2 ${covered}`);
});

test("the vitest ledger's suite passes with two workers on a database each", async () => {
  const { exitCode, output } = await apart();
  expect(output).toMatch(/Tests +20 passed \(20\)/);
  expect(exitCode).toBe(0);
});

test("a broken vitest ledger fails in exactly one test, whose message shows both sides", async () => {
  const { exitCode, output } = await runLedger("broken", { broken: true, tests: 5, files: 2 }, "--maxWorkers=1");
  expect(exitCode).toBe(1);
  expect(output).toMatch(/Tests +1 failed \| 4 passed/);
  expect(output).toMatch(/- +"1000": 1001/);
});

test("a vitest ledger of low coverage passes with less than 80 % covered", async () => {
  const { exitCode, output } = await apart();
  expect(exitCode).toBe(0);
  expect(coverageIn(output)).toBeLessThan(80);
});

test("the vitest ledger's own default database is the one the tests are told", () => {
  expect(vitestLedgerFiles()["src/database.js"]).toContain(`/${vitestLedgerDatabase}"`);
});

/** Runs the ledger in a directory of its own, with the name's database in DATABASE_URL. */
async function runLedger(name: string, options: VitestLedgerOptions, flags: string): Promise<Ran> {
  const directory = await makeDirectory();
  await writeFiles(directory, vitestLedgerFiles(options));
  await linkNodeModules(directory);
  await server.query(`CREATE DATABASE ${name}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return await runShell(`npm test -- ${flags}`, directory, suiteEnvironment({ DATABASE_URL: url.href }));
}

/** The lines of vitest's coverage summary, in percent. */
function coverageIn(output: string): number {
  return Number(/^Lines\s*: ([\d.]+)%/m.exec(output)?.[1]);
}
