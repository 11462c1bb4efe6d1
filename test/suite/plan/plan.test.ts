import { mkdir, symlink } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../../src/config/parse.ts";
import { defaultOptions, type VerifyOptions } from "../../../src/config/request.ts";
import { RequestError } from "../../../src/shared/errors.ts";
import { makePlan, type PlannedSuite } from "../../../src/suite/plan/plan.ts";
import { makeDirectory } from "../../support/repository.ts";

async function planned(suite: object, database: object | false = {}, options: Partial<VerifyOptions> = {}) {
  const config = parseConfig(
    { suites: [{ name: "backend", command: "run", ...suite }], database },
    "verify.config.json",
  );
  const plan = makePlan(config, { ...defaultOptions, ...options }, await makeDirectory());
  return plan.suites[0] as PlannedSuite;
}

const pytest = { runner: "pytest", workers: 2 };
const vitest = { runner: "vitest", workers: 2 };
const command = { runner: "command", results: ["*.xml"] };

test.each<[string, object, string]>([
  ["pytest", pytest, "database"],
  ["vitest", vitest, "server"],
])("each worker of %s has a database, none is leased", async (_runner, suite, isolation) => {
  const { databases, leases } = await planned(suite, { isolation });
  expect([databases, leases]).toEqual([["gw0", "gw1"], false]);
});

test("for a file of vitest each, twice as many databases are prepared as workers run, to be leased", async () => {
  const { workers, databases, leases } = await planned(vitest, { isolation: "file" });
  expect(workers).toEqual(["gw0", "gw1"]);
  expect([databases, leases]).toEqual([["gw0", "gw1", "gw2", "gw3"], true]);
});

test("serially, too, one database waits while a file uses the other", async () => {
  const { databases, leases } = await planned(vitest, { isolation: "file" }, { serial: true });
  expect([databases, leases]).toEqual([["gw0", "gw1"], true]);
});

test("a database for each file is refused where a worker runs many", async () => {
  await expect(planned(pytest, { isolation: "file" })).rejects.toThrow(
    'database.isolation "file" needs a runner with a process per file; suite "backend" runs pytest, where a worker runs many: use "database" or "server".',
  );
});

test("a suite without a database is not asked for a process per file", async () => {
  expect((await planned({ ...pytest, database: false }, { isolation: "file" })).databases).toEqual([]);
});

test.each<[string, Partial<VerifyOptions>]>([
  ["by itself", {}],
  ["with --workers 4", { workers: 4 }],
  ["with --workers auto", { workers: "auto" }],
])("a command is one process on the base name's database %s", async (_how, options) => {
  const { workers, databases, leases } = await planned(command, {}, options);
  expect([workers, databases, leases]).toEqual([["master"], ["master"], false]);
});

test("a percentage is of the usable cores, in the configuration and as the option", async () => {
  const cores = availableParallelism();
  const many = { ...vitest, workers: "300%" };
  expect((await planned(many)).workers).toHaveLength(3 * cores);
  expect((await planned(many, {}, { workers: "200%" })).workers).toHaveLength(2 * cores);
  expect((await planned({ ...vitest, workers: "1%" })).workers).toEqual(["master"]);
});

test("a command with several workers leases as many databases", async () => {
  const { workers, databases, leases } = await planned({ ...command, workers: 3 });
  expect([workers, databases, leases]).toEqual([["gw0", "gw1", "gw2"], ["gw0", "gw1", "gw2"], true]);
});

test("a command that leases does so with another number, and serially the base name's database", async () => {
  const suite = { ...command, workers: 3 };
  expect(await planned(suite, {}, { workers: 2 })).toMatchObject({ databases: ["gw0", "gw1"], leases: true });
  expect(await planned(suite, {}, { workers: "auto" })).toMatchObject({
    leases: true,
    databases: { length: availableParallelism() },
  });
  expect(await planned(suite, {}, { serial: true })).toMatchObject({ databases: ["master"], leases: true });
});

test("where every file has a database, a command leases its own", async () => {
  expect(await planned(command, { isolation: "file" })).toMatchObject({ databases: ["master"], leases: true });
});

/** A checkout with a directory `in`, one beside it, and a committed link `out` to that. */
async function makeLinkedOut(): Promise<string> {
  const root = join(await makeDirectory(), "work");
  await mkdir(join(root, "in"), { recursive: true });
  await mkdir(join(root, "../elsewhere/src"), { recursive: true });
  await symlink("../elsewhere", join(root, "out"));
  return root;
}

const elsewhere = (path: string): RegExp =>
  new RegExp(`leads out of the repository, to /.*/elsewhere${path}: what lies there is not part of the commit`);

test.each<[string, object, object | false, RegExp]>([
  ["root", { ...pytest, root: "out" }, false, elsewhere("")],
  ["root, below a link,", { ...pytest, root: "out/src" }, false, elsewhere("/src")],
  ["root, by `..`,", { ...pytest, root: "in/../../elsewhere" }, false, elsewhere("")],
  ["source", { ...pytest, source: ["out/src"] }, false, elsewhere("/src")],
  ["results", { ...command, results: ["out/*.xml"] }, false, elsewhere("")],
  ["coverage", { ...command, coverage: ["in/*.info", "out/src/**/*.info"] }, false, elsewhere("/src")],
  ["database.root", pytest, { root: "out" }, elsewhere("")],
  ["database.inputs", pytest, { inputs: ["out/**"] }, elsewhere("")],
])("%s that leads out of the checkout is refused", async (_what, suite, database, sentence) => {
  const root = await makeLinkedOut();
  const config = parseConfig({ suites: [{ name: "backend", command: "run", ...suite }], database }, "x");
  expect(() => makePlan(config, defaultOptions, root)).toThrow(RequestError);
  expect(() => makePlan(config, defaultOptions, root)).toThrow(sentence);
});

test("a link that stays in the checkout is no reason to refuse", async () => {
  const root = await makeLinkedOut();
  await symlink("in", join(root, "inside"));
  const suite = { name: "backend", command: "run", root: "inside", ...command, results: ["../inside/*.xml"] };
  const config = parseConfig({ suites: [suite], database: { root: "inside", inputs: ["inside/**"] } }, "x");
  expect(makePlan(config, defaultOptions, root).suites[0]?.directory).toBe(join(root, "inside"));
});

test("a command that selects its tests by git's state is refused; with added arguments, which prove nothing, it runs", async () => {
  const affected = { ...vitest, command: "vitest run $(git diff --name-only main)" };
  await expect(planned(affected)).rejects.toThrow("backend selects its tests by git's state (git diff)");
  expect((await planned(affected, {}, { arguments: ["-t", "one"] })).workers).toHaveLength(2);
});
