import { delimiter } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Environment } from "../../src/shared/world.ts";
import { type LedgerOptions, ledgerCommand, ledgerDatabase, ledgerFiles } from "./ledger.ts";
import { type PlainServer, startPlainServer } from "./postgres.ts";
import { pythonEnvironment } from "./python.ts";
import { makeDirectory, writeFiles } from "./repository.ts";
import { type Ran, runShell, suiteEnvironment } from "./run.ts";
import { sharedByTests } from "./shared-run.ts";

const smallest: LedgerOptions = { tests: 12, files: 2 };

let server: PlainServer;
let environment: Environment;

beforeAll(async () => {
  const { bin } = await pythonEnvironment();
  server = await startPlainServer();
  environment = suiteEnvironment({ PATH: `${bin}${delimiter}${process.env.PATH}` });
});

afterAll(async () => {
  await server?.stop();
});

test("the smallest ledger passes serially on one database, with more than 95 but less than 100 % covered", async () => {
  const { exitCode, output } = await runLedger("serial", smallest, "--cov --cov-report=term");
  expect(output).toContain("12 passed, 2 deselected");
  expect(exitCode).toBe(0);
  expect(coverageIn(output)).toBeGreaterThan(95);
  expect(coverageIn(output)).toBeLessThan(100);
});

test("the ledger's suite fails with two workers on one shared database", async () => {
  const { exitCode, output } = await runLedger("shared", {}, "-n 2 --dist loadfile");
  expect(exitCode, output).toBe(1);
  expect(output).toMatch(/\d+ (failed|errors?)\b/);
});

/** A ledger of low coverage with two workers on a database each. */
const apart = sharedByTests(async () => {
  await server.query("CREATE DATABASE own_gw0");
  await server.query("CREATE DATABASE own_gw1");
  const options: LedgerOptions = { ...smallest, databasePerWorker: true, coverage: "low" };
  return await runLedger("own", options, "-n 2 --dist loadfile --cov --cov-report=term");
});

test("the ledger's suite passes with two workers on a database each", async () => {
  const { exitCode, output } = await apart();
  expect(output).toContain("12 passed");
  expect(exitCode).toBe(0);
});

test("a broken ledger fails in exactly one test, whose message shows both sides", async () => {
  const { exitCode, output } = await runLedger("broken", { broken: true, ...smallest }, "");
  expect(exitCode).toBe(1);
  expect(output).toContain("1 failed, 11 passed");
  expect(output).toContain("{'1000': 1000, '4000': -1000} == {'1000': 1001, '4000': -1000}");
});

test("a ledger of low coverage passes with less than 80 % covered", async () => {
  const { exitCode, output } = await apart();
  expect(exitCode).toBe(0);
  expect(coverageIn(output)).toBeLessThan(80);
});

test("without the marker expression the ledger's suite fails", async () => {
  const { output } = await runLedger("unmarked", smallest, "", "pytest");
  expect(output).toContain("2 failed, 12 passed");
});

test("the benchmark's ledger has 95 test files with 806 tests, the largest ten times the smallest or more", () => {
  const suites = Object.entries(ledgerFiles({ files: 95, tests: 806 })).filter(([file]) =>
    /\/test_\w+\.py$/.test(file),
  );
  const counts = suites.map(([, source]) => testsIn(source ?? ""));
  expect(counts).toHaveLength(95);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(806);
  expect(Math.max(...counts)).toBeGreaterThanOrEqual(10 * Math.min(...counts));
});

test("the ledger's own default database is the one the tests are told", () => {
  expect(ledgerFiles()["tests/conftest.py"]).toContain(`/${ledgerDatabase}")`);
});

test("a ledger in a subdirectory leaves nothing but .gitignore at the root", () => {
  const outside = Object.keys(ledgerFiles({ root: "apps/backend" })).filter(
    (file) => !file.startsWith("apps/backend/"),
  );
  expect(outside).toEqual([".gitignore"]);
});

test("a ledger of fewer tests than it takes to cover it is refused", () => {
  expect(() => ledgerFiles({ tests: 11 })).toThrow("at least 12 tests");
});

/** Runs the ledger in a directory of its own, with the name's database in TEST_DATABASE_URL. */
async function runLedger(name: string, options: LedgerOptions, flags: string, command = ledgerCommand): Promise<Ran> {
  const directory = await makeDirectory();
  await writeFiles(directory, ledgerFiles(options));
  await server.query(`CREATE DATABASE ${name}`);
  // Two workers can wait for sessions that the other has left open, of which Postgres knows nothing.
  await server.query(`ALTER DATABASE ${name} SET lock_timeout = '5s'`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return await runShell(`${command} -q ${flags}`, directory, { ...environment, TEST_DATABASE_URL: url.href });
}

/** The total line of coverage.py's report, in percent. */
function coverageIn(output: string): number {
  const [, statements, missed] = /^TOTAL +(\d+) +(\d+) /m.exec(output) ?? [];
  return 100 * (1 - Number(missed) / Number(statements));
}

/** How many tests a file holds that the marker expression keeps. */
function testsIn(source: string): number {
  const all = source.match(/^def test_/gm)?.length ?? 0;
  return all - (source.match(/^@pytest\.mark\.(slow|e2e)/gm)?.length ?? 0);
}
