import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { noteUse } from "../../src/database/embedded/binaries/in-use.ts";
import { isPostmasterOf } from "../../src/database/embedded/server/processes.ts";
import { temporaryName } from "../../src/database/external/marker.ts";
import type { ListedDatabase } from "../../src/database/inventory.ts";
import { worktreesDirectory } from "../../src/push/worktrees.ts";
import { currentOwner, nameWithOwner } from "../../src/shared/process-owner.ts";
import type { Environment } from "../../src/shared/world.ts";
import { ask, databasesLike, makeRequest, newBase, newRole, open, ownRunDirectories } from "../database/support.ts";
import { startKeptRun } from "../support/kept-run.ts";
import { type PlainServer, startPlainServer } from "../support/postgres.ts";
import { makeDirectory, makeRepository } from "../support/repository.ts";
import { suiteEnvironment } from "../support/run.ts";
import { type Outcome, runIn } from "../support/verify.ts";

let server: PlainServer;

beforeAll(async () => {
  server = await startPlainServer();
});

afterAll(() => server.stop());

/** Runs `verify db` outside of any repository, as most of it works there. */
async function db(words: readonly string[], more: Environment = {}, directory?: string): Promise<Outcome> {
  const environment = suiteEnvironment({ VERIFY_DATABASE_URL: undefined, ...more });
  return await runIn(directory ?? (await makeDirectory()), ["db", ...words], { environment });
}

const list = async (...words: string[]): Promise<Outcome> => await db(["list", ...words]);
const clean = async (...words: string[]): Promise<Outcome> => await db(["clean", ...words]);
const onServer = (url = server.url): string[] => ["--database-url", url];

/** The cells of a database's line in a list. */
function cellsOf({ output }: Outcome, name: string): string[] | undefined {
  const lines = output.split("\n").map((line) => line.split(/ {2,}/));
  return lines.find(([first]) => first === name);
}

/** A process that nobody has any more. */
const deadOwner = async () => ({ ...(await currentOwner()), pid: 2 ** 22 + 1 });

test("in a repository the runs of others are only counted, unless all are asked for", async () => {
  const base = newBase();
  const { root: own } = await makeRepository({ "a.txt": "" });
  const { root: other } = await makeRepository({ "a.txt": "" });
  const provision = await open({ settings: { name: base }, projectRoot: own });
  await provision.lease(["gw0"]);
  expect(cellsOf(await db(["list"], {}, own), `${base}_gw0`)).toBeDefined();
  const elsewhere = await db(["list"], {}, other);
  expect(cellsOf(elsewhere, `${base}_gw0`)).toBeUndefined();
  expect(elsewhere.output).toMatch(/^\d+ servers? of other repositories: `verify db list --all`\.$/m);
  expect(cellsOf(await db(["list", "--all"], {}, other), `${base}_gw0`)).toBeDefined();
});

test("a live run's databases are listed with worker, process, age, size and place", async () => {
  const base = newBase();
  const provision = await open({ settings: { name: base } });
  await provision.lease(["gw0", "gw1"]);
  const outcome = await list();
  expect(outcome.code).toBe(0);
  expect(cellsOf(outcome, `${base}_gw1`)).toEqual([
    `${base}_gw1`,
    "gw1",
    String(process.pid),
    "yes",
    expect.stringMatching(/^\d+ s$/),
    expect.stringMatching(/^\d\.\d MB$/),
    "embedded",
  ]);
});

test("what every Postgres server has is not listed", async () => {
  await open();
  const outcome = await list(...onServer());
  for (const name of ["postgres", "template0", "template1"]) expect(cellsOf(outcome, name)).toBeUndefined();
});

test("the checkout that a run verifies is named beneath the list", async () => {
  const projectRoot = await makeDirectory();
  const provision = await open({ projectRoot });
  await provision.lease(["gw0"]);
  expect((await list()).output).toContain(`Run ${process.pid} verifies ${projectRoot}\n`);
});

test("a database that the suite has made itself belongs to no worker that is known", async () => {
  const base = newBase();
  const provision = await open({ settings: { name: base } });
  const [worker] = await provision.lease(["gw0"]);
  await ask(worker, `CREATE DATABASE ${base}_shadow`);
  expect(cellsOf(await list(), `${base}_shadow`)?.[1]).toBe("-");
});

test("with a server for each worker, each database is its worker's", async () => {
  const base = newBase();
  const provision = await open({ settings: { name: base, isolation: "server" }, workers: ["gw0", "gw1"] });
  await provision.lease(["gw0", "gw1"]);
  const { output } = await list("--json");
  const listed = (JSON.parse(output) as ListedDatabase[]).filter(({ name }) => name.startsWith(base));
  expect(listed.map(({ worker }) => worker).sort()).toEqual(["gw0", "gw1"]);
});

test("the list for programs holds what is known, and null for what is not", async () => {
  const base = newBase();
  const provision = await open({ settings: { name: base } });
  await provision.lease(["gw0"]);
  const { output } = await list("--json");
  const listed = (JSON.parse(output) as ListedDatabase[]).find(({ name }) => name === `${base}_gw0`);
  expect(listed).toEqual({
    name: `${base}_gw0`,
    worker: "gw0",
    run: { pid: process.pid, host: null, directory: expect.any(String) },
    isLive: true,
    madeAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    bytes: expect.any(Number),
    server: "embedded",
  });
});

test("a killed run's server is removed, ended, and named, and a live one beside it stays", async () => {
  const [dead, live] = [newBase(), newBase()];
  const provision = await open({ settings: { name: live } });
  await provision.lease(["gw0"]);
  const run = await startKeptRun(makeRequest({ settings: { name: dead }, workers: ["gw0"] }));
  const [directory = ""] = await ownRunDirectories(run.pid);
  const postmaster = Number.parseInt(await readFile(join(directory, "data", "postmaster.pid"), "utf8"), 10);
  await run.kill();
  const { code, output } = await clean();
  expect(code).toBe(0);
  expect(await isPostmasterOf(postmaster, join(directory, "data"))).toBe(false);
  await expect(access(directory)).rejects.toThrow("ENOENT");
  // Another test's start may have swept it first.
  const [own = ""] = await ownRunDirectories();
  expect(output).toContain(`Left ${own}: the embedded server of process ${process.pid}`);
  expect(cellsOf(await list(), `${live}_gw0`)?.[3]).toBe("yes");
});

test("an external server's list tells live runs from killed ones, and what they verify", async () => {
  const [dead, live] = [newBase(), newBase()];
  const provision = await open({ url: server.url, settings: { name: live } });
  await provision.lease(["gw0"]);
  const run = await startKeptRun(makeRequest({ url: server.url, settings: { name: dead }, workers: ["gw0"] }));
  await run.kill();
  await untilUnlocked(`${dead}_gw0`);
  const outcome = await list(...onServer());
  const place = `127.0.0.1:${server.port}`;
  expect(cellsOf(outcome, `${live}_gw0`)).toEqual(expect.arrayContaining(["gw0", String(process.pid), "yes", place]));
  expect(cellsOf(outcome, `${dead}_gw0`)).toEqual(expect.arrayContaining(["gw0", String(run.pid), "no", place]));
  expect(outcome.output).toMatch(new RegExp(`^Run ${run.pid} is over; it verified /`, "m"));
  await clean(...onServer());
});

test("exactly what killed runs have left is dropped from an external server", async () => {
  const [dead, live] = [newBase(), newBase()];
  const provision = await open({ url: server.url, settings: { name: live } });
  await provision.lease(["gw0"]);
  const workers = ["gw0", "gw1"] as const;
  const run = await startKeptRun(makeRequest({ url: server.url, settings: { name: dead }, workers }));
  await run.kill();
  await untilUnlocked(`${dead}_gw0`);
  await server.query(`ALTER DATABASE ${dead}_gw1 RENAME TO ${dead}_precious`);
  await server.query(`CREATE DATABASE ${dead}_gw1`);
  const { code, output } = await clean(...onServer());
  expect(code).toBe(0);
  expect(output).toContain(`Removed ${dead}_gw0 on 127.0.0.1:${server.port}\n`);
  expect(output).toMatch(
    new RegExp(`^Left 1 database of process ${process.pid} at ${hostname()}, which still goes on, on`, "m"),
  );
  expect(await databasesLike(server, dead)).toEqual([`${dead}_gw1`, `${dead}_precious`]);
  expect(await databasesLike(server, live)).toContain(`${live}_gw0`);
});

test("a database that a run was killed over before it was marked is dropped", async () => {
  const name = temporaryName(newBase());
  await server.query(`CREATE DATABASE ${name}`);
  expect(cellsOf(await list(...onServer()), name)?.slice(1, 5)).toEqual(["-", "-", "no", "-"]);
  expect((await clean(...onServer())).output).toContain(`Removed ${name} on`);
  expect(await databasesLike(server, name)).toEqual([]);
});

test("what another role's run has left is told, with the server's words, and is no failure", async () => {
  const base = newBase();
  const { url } = await newRole(server, "CREATEDB");
  const run = await startKeptRun(makeRequest({ url: server.url, settings: { name: base }, workers: ["gw0"] }));
  await run.kill();
  await untilUnlocked(`${base}_gw0`);
  const { code, output, errors } = await clean(...onServer(url));
  expect(errors).toBe("");
  expect(output).not.toContain(`process ${run.pid}`);
  expect(output).toMatch(new RegExp(`^Left ${base}_gw0 on .*belongs to "postgres"`, "m"));
  expect(code).toBe(0);
  await clean(...onServer());
});

test("a leftover that is ours and cannot be dropped is named, and the exit code says so", async () => {
  const base = newBase();
  const run = await startKeptRun(makeRequest({ url: server.url, settings: { name: base }, workers: ["gw0"] }));
  await run.kill();
  await untilUnlocked(`${base}_gw0`);
  await server.query(`ALTER DATABASE ${base}_gw0 IS_TEMPLATE true`);
  await server.query(`CREATE SUBSCRIPTION pinned CONNECTION '' PUBLICATION none WITH (connect = false)`, `${base}_gw0`);
  await server.query(`ALTER DATABASE ${base}_gw0 IS_TEMPLATE false`);
  const { code, errors } = await clean(...onServer());
  expect(errors).toContain(`Could not remove ${base}_gw0 on 127.0.0.1:${server.port}: `);
  expect(code).toBe(3);
  await server.query(`ALTER SUBSCRIPTION pinned SET (slot_name = NONE)`, `${base}_gw0`);
  await server.query(`DROP SUBSCRIPTION pinned`, `${base}_gw0`);
  expect((await clean(...onServer())).code).toBe(0);
});

test.each(["list", "clean"])("where the server cannot be reached, %s does the rest and ends with 3", async (word) => {
  const scratch = await deadScratch();
  const outcome = await db([word, ...onServer("postgresql://ada:hush@127.0.0.1:1/x")], { TMPDIR: scratch.parent });
  expect(outcome.code).toBe(3);
  expect(outcome.errors).toContain("Cannot connect to Postgres at 127.0.0.1:1");
  expect(outcome.output).not.toBe("");
  expect(outcome.errors).not.toContain("hush");
});

test.each(["list", "clean"])("a configuration that cannot be read ends %s before anything is done", async (word) => {
  const scratch = await deadScratch();
  const { root } = await makeRepository({ "verify.config.json": "{" });
  const outcome = await db([word], { TMPDIR: scratch.parent }, root);
  expect(outcome).toEqual({
    code: 2,
    output: "",
    errors: expect.stringContaining("verify.config.json cannot be read"),
  });
  await access(scratch.path);
});

test("the server that the repository's configuration names is asked", async () => {
  const base = newBase();
  const provision = await open({ url: server.url, settings: { name: base } });
  await provision.lease(["gw0"]);
  const suites = [{ name: "backend", runner: "pytest", command: "pytest" }];
  const config = JSON.stringify({ suites, database: { url: server.url } });
  const { root } = await makeRepository({ "verify.config.json": config });
  expect(cellsOf(await db(["list"], {}, root), `${base}_gw0`)?.[3]).toBe("yes");
});

test.each([
  ["verify clean", ["clean"]],
  ["verify db clean", ["db", "clean"]],
])("what killed runs' suites have written is removed and named by `%s`", async (_name, words) => {
  const { parent, path } = await deadScratch();
  const environment = suiteEnvironment({ VERIFY_DATABASE_URL: undefined, TMPDIR: parent });
  const { code, output } = await runIn(await makeDirectory(), words, { environment });
  expect(output).toContain(`Removed ${path}\n`);
  expect(code).toBe(0);
  await expect(access(path)).rejects.toThrow("ENOENT");
});

test("this repository's worktrees of killed runs are removed and named, and the user's own stay", async () => {
  const repository = await makeRepository({ "a.txt": "one\n" });
  const environment = { XDG_CACHE_HOME: await makeDirectory() };
  const parent = await worktreesDirectory(environment);
  const left = join(parent, nameWithOwner("work-0123456789", await deadOwner(), "0"));
  const own = join(repository.root, "../own");
  for (const path of [left, own]) await repository.git("worktree", "add", "--quiet", "--detach", path);
  const { output } = await db(["clean"], environment, repository.root);
  expect(output).toContain(`Removed ${left}\n`);
  await expect(access(left)).rejects.toThrow("ENOENT");
  await access(own);
});

test("--cache empties what is kept between runs, and says how much that was", async () => {
  const cache = await makeDirectory();
  await mkdir(join(cache, "pushproof"), { mode: 0o700 });
  await writeFile(join(cache, "pushproof", "cluster-linux-x64-17.10.0-0123456789ab.tar"), Buffer.alloc(2_500_000));
  const { code, output } = await db(["clean", "--cache"], { XDG_CACHE_HOME: cache });
  expect(output).toContain("Emptied the cache: 1 file, 2.5 MB\n");
  expect(code).toBe(0);
  expect((await db(["clean", "--cache"], { XDG_CACHE_HOME: cache })).output).toContain("The cache is empty.\n");
});

test("--cache leaves what a live run needs, and says so", async () => {
  const cache = await makeDirectory();
  const programs = join(cache, "pushproof", "binaries-linux-x64-16.14.0");
  await mkdir(programs, { recursive: true, mode: 0o700 });
  await noteUse(programs);
  const { code, output } = await db(["clean", "--cache"], { XDG_CACHE_HOME: cache });
  expect({ code, output }).toEqual({
    code: 0,
    output: expect.stringContaining(`Left ${programs}, which a live run needs\n`),
  });
  await access(programs);
});

test("without --cache, what is kept between runs stays", async () => {
  const cache = await makeDirectory();
  await mkdir(join(cache, "pushproof"), { mode: 0o700 });
  const kept = join(cache, "pushproof", "cluster-linux-x64-17.10.0-0123456789ab.tar");
  await writeFile(kept, "");
  await db(["clean"], { XDG_CACHE_HOME: cache });
  await access(kept);
});

/** A temporary directory with what a killed run's suites have written. */
async function deadScratch(): Promise<{ parent: string; path: string }> {
  const parent = await makeDirectory();
  const path = join(parent, nameWithOwner("pushproof-run", await deadOwner(), "a"));
  await mkdir(path);
  return { parent, path };
}

/** A killed client's session, and its lock, end a moment later. */
async function untilUnlocked(name: string): Promise<void> {
  for (;;) {
    const { output } = await list("--json", ...onServer());
    const listed = (JSON.parse(output) as ListedDatabase[]).find((database) => database.name === name);
    if (listed?.isLive === false) return;
  }
}
