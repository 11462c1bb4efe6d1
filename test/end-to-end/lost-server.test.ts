import { existsSync } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { startPlainServer } from "../support/postgres.ts";
import { makeDirectory, type Repository } from "../support/repository.ts";
import { makePytestRepository, type Outcome, readSummary, runIn } from "../support/verify.ts";

/** A suite that would go on for minutes: what its first test does, then hundreds that need the database. */
function longSuite(first: readonly string[]): string {
  return [
    "import os, psycopg2, pytest, signal, time",
    "def backend():",
    "    connection = psycopg2.connect(os.environ['DATABASE_URL'])",
    "    cursor = connection.cursor()",
    "    cursor.execute('SELECT pg_backend_pid()')",
    "    return connection, cursor.fetchone()[0]",
    "def test_first():",
    ...first.map((line) => `    ${line}`),
    "@pytest.mark.parametrize('number', range(400))",
    "def test_next(number):",
    "    time.sleep(1)",
    "    psycopg2.connect(os.environ['DATABASE_URL']).close()",
  ].join("\n");
}

async function makeLongRepository(first: readonly string[]): Promise<Repository> {
  return await makePytestRepository({ "tests/test_long.py": longSuite(first) }, { database: { name: "sums_test" } });
}

test("a server that is killed in mid-run ends the suite, and is what could not be done, not a hundred failures", async () => {
  const repository = await makeLongRepository([
    "connection, pid = backend()",
    "parent = int(open('/proc/%d/stat' % pid).read().rsplit(')', 1)[1].split()[1])",
    "os.kill(parent, signal.SIGKILL)",
  ]);
  const { code, output, errors } = await runIn(repository.root, []);
  expect(code).toBe(3);
  expect(output).toMatch(/^✘ backend \(/m);
  expect(errors).toMatch(/embedded Postgres .*(SIGKILL|killed)/s);
  expect(errors).toContain("look for what ended it: the system's log says if memory ran out");
  expect(await readSummary(repository.root)).toMatchObject({ verdict: "error", suites: [], receipt: null });
  await expectNothingLeft(repository);
});

test("a session that is killed takes all others along, so the suite is ended as well", async () => {
  const repository = await makeLongRepository(["connection, pid = backend()", "os.kill(pid, signal.SIGKILL)"]);
  const { code, errors } = await runIn(repository.root, []);
  expect(code).toBe(3);
  expect(errors).toContain("terminated by signal 9");
  const { verdict, reasons } = await readSummary(repository.root);
  expect(verdict).toBe("error");
  expect(errors).toContain(reasons[0]?.split("\n")[0]);
  await expectNothingLeft(repository);
});

test("an external server that is stopped in mid-run ends the suite, in its own words", async () => {
  const signs = await makeDirectory();
  const server = await startPlainServer();
  const repository = await makeLongRepository([`open('${signs}/begun', 'w').close()`]);
  const running = runIn(repository.root, ["--database-url", server.url]);
  try {
    await vi.waitUntil(() => existsSync(join(signs, "begun")), { timeout: 60_000, interval: 20 });
  } finally {
    await server.stop();
  }
  const { code, errors }: Outcome = await running;
  expect(code).toBe(3);
  expect(errors).toMatch(/Postgres.* at 127\.0\.0\.1:\d+.*administrator command.*Run it again/s);
  expect((await readSummary(repository.root)).verdict).toBe("error");
  await expectNothingLeft(repository);
});

/** No process works in the checkout any more, and nothing of the run proves its tree. */
async function expectNothingLeft({ root }: Repository): Promise<void> {
  expect(await processesIn(root)).toEqual([]);
  expect(await readdir(join(root, ".git", "verify", "receipts")).catch(() => [])).toEqual([]);
}

/** The command lines of the processes that work in the directory. */
async function processesIn(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const directory = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    if (directory.startsWith(root)) found.push(await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));
  }
  return found;
}
