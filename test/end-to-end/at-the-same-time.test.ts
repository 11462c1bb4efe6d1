import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { packageRoot } from "../../src/shared/paths.ts";
import { quote } from "../../src/shared/shell.ts";
import type { Environment } from "../../src/shared/world.ts";
import { builtProgram } from "../support/exec.ts";
import { type PlainServer, startPlainServer } from "../support/postgres.ts";
import { makeDirectory, makeRepository, type Repository } from "../support/repository.ts";
import { makeTinyRepository, pusherEnvironment, tinyFiles } from "../support/tiny-suite.ts";
import { configFile, useHook } from "../support/verify.ts";

/** A command at work, whose output grows. */
interface Running {
  output(): string;
  readonly code: Promise<number | null>;
}

function startShell(command: string, directory: string, environment: Environment): Running {
  const child = spawn(command, { shell: true, cwd: directory, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const code = once(child, "close").then(([exitCode]) => exitCode as number | null);
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await code;
  });
  return { output: () => output, code };
}

/** Waits until something holds; fails at once, with what the commands said, where one of them ends before. */
async function until(holds: () => boolean, ...running: readonly Running[]): Promise<void> {
  const ends = running.map(async ({ code, output }) => {
    throw new Error(`It ended with ${await code}:\n${output()}`);
  });
  for (const end of ends) end.catch(() => {});
  const waiting = vi.waitUntil(holds, { timeout: 100_000, interval: 20 });
  waiting.catch(() => {});
  await Promise.race([waiting, ...ends]);
}

const lines = (file: string): string[] => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []);

/** What a suite writes a line into when it begins, and the file that it waits for then. */
async function makeGate(): Promise<{ begun: string; go: string; variables: Environment; open(): Promise<void> }> {
  const directory = await makeDirectory();
  const [begun, go] = [join(directory, "begun"), join(directory, "go")];
  return { begun, go, variables: { BEGUN: begun, GO: go }, open: () => writeFile(go, "") };
}

const waitsAtGate = 'echo begun >>"$BEGUN"; while [ ! -f "$GO" ]; do sleep 0.02; done\n';

describe("two pushes of one tree", () => {
  async function startTwo(): Promise<{ repository: Repository; first: Running; second: Running; gate: Gate }> {
    const gate = await makeGate();
    const repository = await makeTinyRepository({ "suite.sh": `${waitsAtGate}${tinyFiles()["suite.sh"]}` });
    await useHook(repository);
    const environment = pusherEnvironment(repository, gate.variables);
    const first = startShell("git push origin main", repository.root, environment);
    await until(() => lines(gate.begun).length === 1, first);
    const second = startShell("git push origin main:other", repository.root, environment);
    await until(() => second.output().includes("verifies these files already"), first, second);
    return { repository, first, second, gate };
  }
  type Gate = Awaited<ReturnType<typeof makeGate>>;

  test("run it once: the second waits, says for whom, and takes the receipt", async () => {
    const { repository, first, second, gate } = await startTwo();
    await gate.open();
    expect(await Promise.all([first.code, second.code])).toEqual([0, 0]);
    expect(lines(gate.begun)).toHaveLength(1);
    expect(second.output()).toMatch(/^ {2}Process \d+ verifies these files already: waiting for its verdict\.$/m);
    expect(second.output()).toContain("was verified before");
    const commit = await repository.git("rev-parse", "HEAD");
    expect(await repository.remoteCommit("refs/heads/main")).toBe(commit);
    expect(await repository.remoteCommit("refs/heads/other")).toBe(commit);
  });

  test("run it again where the first was not verified", async () => {
    const { repository, first, second, gate } = await startTwo();
    await rm(join(repository.root, "report.xml"));
    await gate.open();
    expect(await first.code).not.toBe(0);
    expect(await second.code).not.toBe(0);
    expect(lines(gate.begun)).toHaveLength(2);
    expect(await repository.remoteCommit("refs/heads/other")).toBeNull();
  });
});

/** A suite that makes a table in its database, waits, and finds it as it left it. */
const client = createRequire(join(packageRoot, "package.json")).resolve("pg");
const ledger = {
  "src/a.txt": "a\n",
  ".gitignore": "out\n",
  "suite.js": `const fs = require("node:fs");
const { Client } = require(${JSON.stringify(client)});
(async () => {
  const client = new Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  await client.query("CREATE TABLE entries (run text)");
  await client.query("INSERT INTO entries VALUES ($1)", [String(process.pid)]);
  fs.appendFileSync(process.env.BEGUN, process.env.PGPORT + "/" + process.env.PGDATABASE + "\\n");
  while (!fs.existsSync(process.env.GO)) await new Promise((resolve) => setTimeout(resolve, 20));
  const { rows } = await client.query("SELECT run FROM entries");
  await client.end();
  if (rows.length !== 1 || rows[0].run !== String(process.pid)) process.exit(1);
  fs.mkdirSync("out", { recursive: true });
  fs.writeFileSync("out/report.xml", '<testsuite><testcase name="t" file="suite.js" time="0.1"/></testsuite>');
  fs.writeFileSync("out/coverage.info", "SF:src/a.txt\\nDA:1,1\\nend_of_record\\n");
})();
`,
  "verify.config.json": configFile({
    suites: [
      { name: "ledger", runner: "command", command: "node suite.js", results: ["out/*.xml"], coverage: ["out/*.info"] },
    ],
    database: { name: "app_test" },
  }),
};

describe("four verifications, from two linked worktrees and two clones,", () => {
  let server: PlainServer;
  beforeAll(async () => {
    server = await startPlainServer();
    // Of the user, and named as a serial run's database would be.
    await server.query("CREATE DATABASE app_test");
    await server.query("CREATE TABLE precious (id integer)", "app_test");
  });
  afterAll(() => server.stop());

  test.each([
    ["each on its embedded server", false],
    ["on one server that has a database of the base's name", true],
  ])("%s, are all verified, with `db clean` in the middle", async (_, isExternal) => {
    const gate = await makeGate();
    const repository = await makeRepository(ledger);
    await repository.git("push", "--quiet", "--no-verify", "origin", "main");
    const beside = await makeDirectory();
    const places = ["one", "two", "three", "four"].map((name) => join(beside, name));
    for (const [index, place] of places.entries()) {
      if (index < 2) await repository.git("worktree", "add", "--quiet", "--detach", place);
      else await repository.git("clone", "--quiet", repository.remote, place);
    }
    const url = isExternal ? { VERIFY_DATABASE_URL: server.url } : {};
    const environment = pusherEnvironment(repository, { ...gate.variables, ...url });
    const runs = places.map((place) => startShell(`${builtProgram} --fresh`, place, environment));
    await until(() => lines(gate.begun).length === 4, ...runs);
    const cleaning = startShell(`${builtProgram} db clean`, repository.root, environment);
    expect(await cleaning.code).toBe(0);
    expect(cleaning.output()).not.toContain("app_test");
    await gate.open();

    const codes = await Promise.all(runs.map(({ code }) => code));
    expect(codes, runs.map(({ output }) => output()).join("\n")).toEqual([0, 0, 0, 0]);
    expect(new Set(lines(gate.begun)).size).toBe(4);
    if (!isExternal) return;
    const names = lines(gate.begun).map((line) => line.split("/")[1]);
    for (const name of names) expect(name).toMatch(/^app_test_[0-9a-f]{4}$/);
    const left = await server.query("SELECT datname FROM pg_database WHERE datname LIKE '%app%'");
    expect(left).toEqual([{ datname: "app_test" }]);
    expect(await server.query("SELECT * FROM precious", "app_test")).toEqual([]);
  });
});

test("init twice at once leaves what one alone leaves", async () => {
  const files = {
    "package.json":
      '{ "private": true, "scripts": { "test": "node --test" }, "devDependencies": { "husky": "*", "pushproof": "*" } }\n',
    "test/a.test.js": 'require("node:test").test("a", () => {});\n',
    "verify.config.json": null,
  };
  const [alone, both] = await Promise.all([makeTinyRepository(files), makeTinyRepository(files)]);
  const start = ({ root }: Repository): Running =>
    startShell(`${quote(process.execPath)} node_modules/.bin/verify init`, root, pusherEnvironment(alone));
  const runs = [start(alone), start(both), start(both)];
  const codes = await Promise.all(runs.map(({ code }) => code));
  expect(codes, runs.map(({ output }) => output()).join("\n")).toEqual([0, 0, 0]);
  expect(await both.git("status", "--porcelain")).toBe(await alone.git("status", "--porcelain"));
  for (const file of ["verify.config.json", "package.json", ".husky/pre-push"])
    expect(await readFile(join(both.root, file), "utf8")).toBe(await readFile(join(alone.root, file), "utf8"));
  expect(await both.git("config", "core.hooksPath")).toBe(await alone.git("config", "core.hooksPath"));
});
