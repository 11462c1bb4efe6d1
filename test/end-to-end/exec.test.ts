import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/shared/paths.ts";
import { ownRunDirectories } from "../database/support.ts";
import { type Files, makeRepository, type Repository } from "../support/repository.ts";
import { configFile, endsWith, readSummary, runIn } from "../support/verify.ts";

/**
 * One process of a suite: it makes its table, which fails where another process has made it in the same database, stays
 * for a moment, so that its siblings run beside it, and writes its results and coverage.
 */
const part = `
import { mkdirSync, writeFileSync } from "node:fs";
import pg from "pg";
const [name] = process.argv.slice(2);
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
let failure = "";
try {
  await client.connect();
  await client.query("CREATE TABLE mine (name text)");
  await client.query("INSERT INTO mine VALUES ($1)", [name]);
  await client.query("SELECT pg_sleep(0.2)");
  const { rows } = await client.query("SELECT name FROM mine");
  if (rows.length !== 1 || rows[0].name !== name) throw new Error("others were here");
} catch (error) {
  failure = '<failure message="' + error.message.replaceAll('"', "'") + '"/>';
}
mkdirSync("out", { recursive: true });
const properties = '<properties><property name="worker" value="' + process.env.VERIFY_WORKER + '"/></properties>';
writeFileSync("out/" + name + ".xml", '<testsuite><testcase classname="parts" name="' + name + '">' + properties + failure + "</testcase></testsuite>");
writeFileSync("out/" + name + ".info", "SF:part.mjs\\nDA:1,1\\nend_of_record\\n");
writeFileSync("out/" + name + ".worker", process.env.VERIFY_WORKER + " " + process.env.PGDATABASE);
if (process.argv[3] === "dies") process.kill(process.ppid, "SIGKILL");
await client.end();
process.exit(failure ? 1 : 0);
`;

async function makePartsRepository(command: string, suite: object = {}, database: object = {}): Promise<Repository> {
  const files: Files = {
    ".gitignore": "out/\nnode_modules/\n",
    "part.mjs": part,
    "verify.config.json": configFile({
      suites: [
        {
          name: "parts",
          runner: "command",
          command,
          results: ["out/*.xml"],
          coverage: ["out/*.info"],
          workers: 2,
          ...suite,
        },
      ],
      database: { name: "parts_test", ...database },
    }),
  };
  const repository = await makeRepository(files);
  await symlink(join(packageRoot, "node_modules"), join(repository.root, "node_modules"));
  return repository;
}

const names = "one two three four";
const sideBySide = `printf '%s\\n' ${names} | xargs -P 4 -I NAME verify exec -- node part.mjs NAME`;

test("processes that collide on one database pass where each leases its own", async () => {
  const { root } = await makePartsRepository(sideBySide);
  const { code, errors } = await runIn(root, []);
  expect(errors).toBe("");
  expect(code).toBe(0);
  const { suites } = await readSummary(root);
  expect(suites[0]).toMatchObject({
    workers: 2,
    databases: ["parts_test_gw0", "parts_test_gw1"],
    tests: { total: 4, passed: 4 },
  });
  expect(await ownRunDirectories()).toEqual([]);
});

test("the same processes fail where they share one database", async () => {
  const { root } = await makePartsRepository(sideBySide.replace("verify exec -- ", ""), { workers: 1 });
  await endsWith(1, runIn(root, []));
  const [suite] = (await readSummary(root)).suites;
  expect(suite?.databases).toEqual(["parts_test"]);
  expect(suite?.failures[0]?.message).toMatch(/already exists|others were here/);
});

test("serially they lease the base name's database one after another", async () => {
  const { root } = await makePartsRepository(sideBySide);
  const { code } = await runIn(root, ["--serial"]);
  expect(code).toBe(0);
  expect((await readSummary(root)).suites[0]).toMatchObject({ databases: ["parts_test"], tests: { passed: 4 } });
});

test("what database.setup made is there in every lease", async () => {
  const check =
    'node -e \'import("pg").then(async ({default: pg}) => { const c = new pg.Client(process.env.DATABASE_URL); await c.connect(); await c.query("INSERT INTO ready VALUES (1)"); await c.end(); })\'';
  const setup = check.replace("INSERT INTO ready VALUES (1)", "CREATE TABLE ready (a int PRIMARY KEY)");
  const command = `for n in 1 2 3; do verify exec -- ${check} || exit 1; done; verify exec -- node part.mjs one`;
  const { root } = await makePartsRepository(command, {}, { setup });
  const { code, errors } = await runIn(root, []);
  expect(errors).toBe("");
  expect(code).toBe(0);
});

test("a process that fails fails the run", async () => {
  const broken = "verify exec -- sh -c 'node part.mjs one; node part.mjs one-again'";
  const { root } = await makePartsRepository(broken);
  await endsWith(1, runIn(root, []));
  const [suite] = (await readSummary(root)).suites;
  expect(suite?.failures).toMatchObject([{ name: "one-again", message: "relation 'mine' already exists" }]);
});

test("a verify exec that is killed gives its database to the next", async () => {
  const command = "verify exec -- node part.mjs one dies; verify exec -- node part.mjs two";
  const { root } = await makePartsRepository(command, { workers: 2 });
  const { code } = await runIn(root, ["--serial"]);
  expect((await readSummary(root)).suites[0]?.tests).toMatchObject({ total: 2, passed: 2 });
  expect(code).toBe(0);
});

test("what runs outside of verify exec in a suite that leases reaches no database", async () => {
  const { root } = await makePartsRepository("node part.mjs one; verify exec -- node part.mjs two");
  await endsWith(1, runIn(root, []));
  const [suite] = (await readSummary(root)).suites;
  expect(suite?.failures.map(({ name }) => name)).toEqual(["one"]);
});
