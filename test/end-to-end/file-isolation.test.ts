import { expect, test } from "vitest";
import { ownRunDirectories } from "../database/support.ts";
import { type Files, makeRepository, type Repository } from "../support/repository.ts";
import { configFile, endsWith, readSummary, runIn } from "../support/verify.ts";
import { linkNodeModules } from "../support/vitest-ledger.ts";

/** A test file that leaves a table behind, and fails where one was left to it. */
const testFile = `
import { execFileSync } from "node:child_process";
import pg from "pg";
import { expect, test } from "vitest";
import { one } from "../src/one.js";
const url = process.env.DATABASE_URL;
const worker = process.env.VERIFY_WORKER;
test("finds its database empty, and leaves it otherwise", async () => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query("SELECT to_regclass('left_behind') AS left");
  await client.query("CREATE TABLE IF NOT EXISTS left_behind (a int)");
  // Failures that say the same, other than an assertion, are not run again alone.
  if (rows[0].left !== null) throw new Error("A table was left behind.");
  expect(one).toBe(1);
  expect(new URL(url).pathname).toBe("/files_test_" + worker);
  await client.end();
});
test("what it starts shares its database, and is taken for no worker", () => {
  const script = "console.log(process.env.VERIFY_WORKER, process.env.VERIFY_LEASES, process.env.NODE_OPTIONS)";
  const said = execFileSync(process.execPath, ["-e", script], { encoding: "utf8" });
  expect(said).toBe(worker + " undefined undefined\\n");
});
`;

async function makeFilesRepository(command: string, isolation: string, workers = 2): Promise<Repository> {
  const files: Files = {
    ".gitignore": "node_modules/\n",
    "package.json": '{ "type": "module" }\n',
    "src/one.js": "export const one = 1;\n",
    ...Object.fromEntries(["a", "b", "c", "d", "e"].map((name) => [`test/${name}.test.js`, testFile])),
    "verify.config.json": configFile({
      suites: [{ name: "web", runner: "vitest", command, source: ["src"], workers }],
      database: { name: "files_test", isolation },
    }),
  };
  const repository = await makeRepository(files);
  await linkNodeModules(repository.root);
  return repository;
}

test("files that leave tables behind fail where they share a worker's database", async () => {
  const { root } = await makeFilesRepository("vitest run", "database");
  await endsWith(1, runIn(root, []));
  expect((await readSummary(root)).suites[0]?.tests).toMatchObject({ total: 10, failed: 3 });
});

test.each(["forks", "threads"])("they pass where each file has a fresh database, in the pool %s", async (pool) => {
  const { root } = await makeFilesRepository(`vitest run --pool=${pool}`, "file");
  const { code, errors } = await runIn(root, []);
  expect(errors).toBe("");
  expect(code).toBe(0);
  expect((await readSummary(root)).suites[0]).toMatchObject({
    workers: 2,
    databases: ["files_test_gw0", "files_test_gw1", "files_test_gw2", "files_test_gw3"],
    tests: { total: 10, passed: 10 },
  });
  expect(await ownRunDirectories()).toEqual([]);
});

test("serially, too, each file has a fresh database", async () => {
  const { root } = await makeFilesRepository("vitest run", "file");
  const { code } = await runIn(root, ["--serial"]);
  expect(code).toBe(0);
  expect((await readSummary(root)).suites[0]).toMatchObject({ workers: 1, tests: { passed: 10 } });
});

test.each([
  ["--pool=vmThreads", 'the pool is "vmThreads"'],
  ["--no-isolate", "isolate is off"],
])("vitest is not begun where several files would share a process: %s", async (option, why) => {
  const { root } = await makeFilesRepository(`vitest run ${option}`, "file");
  const { code, errors } = await runIn(root, []);
  expect(code).toBe(2);
  expect(errors).toBe(
    `database.isolation "file" needs a process or thread for each test file, and in suite "web" ${why}: run it with the pool "forks" or "threads" and isolate on, or set another isolation.\n`,
  );
});
