import { appendFile, link, mkdir, readdir, readFile, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clusterArchive } from "../../../../src/database/embedded/binaries/archive.ts";
import { findInstallation } from "../../../../src/database/embedded/binaries/installation.ts";
import { clearCaches, openTemplateCache } from "../../../../src/database/embedded/cluster/template-cache.ts";
import type { Provision } from "../../../../src/database/provision.ts";
import { InterruptedError, UnavailableError } from "../../../../src/shared/errors.ts";
import { packageRoot } from "../../../../src/shared/paths.ts";
import { makeDirectory, writeFiles } from "../../../support/repository.ts";
import { ask, environmentWith, failureOf, open, ownRunDirectories } from "../../support.ts";

interface Scene {
  readonly root: string;
  readonly cache: string;
  run(settings?: Record<string, unknown>, signal?: AbortSignal): Promise<Provision>;
  /** How often database.setup has run. */
  runs(): Promise<number>;
  templates(): Promise<string[]>;
}

/** The archive of an empty cluster, which every scene begins with: making it takes more than all that is tried here. */
let cluster: string;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const environment = environmentWith({ XDG_CACHE_HOME: await makeDirectory((end) => ends.push(end)) });
  const signal = new AbortController().signal;
  cluster = await clusterArchive(
    await findInstallation({ version: 17, projectRoot: packageRoot, environment, signal }),
  );
});

afterAll(async () => {
  for (const end of ends) await end();
});

/** A project whose setup notes that it ran; its extension shows in the clones what the template was built with. */
async function makeScene(): Promise<Scene> {
  const [root, cache] = await Promise.all([makeDirectory(), makeDirectory()]);
  await writeFiles(root, { "schema/one.sql": "CREATE TABLE one ();", "notes.txt": "" });
  await mkdir(join(cache, "pushproof"), { mode: 0o700 });
  await link(cluster, join(cache, "pushproof", basename(cluster)));
  const environment = environmentWith({ XDG_CACHE_HOME: cache });
  const defaults = { setup: "echo ran >> log", inputs: ["schema/**"], extensions: ["citext"] };
  return {
    root,
    cache,
    run: async (settings = {}, signal = new AbortController().signal) =>
      await open({ environment, signal, directory: root, checkoutRoot: root, settings: { ...defaults, ...settings } }),
    runs: async () => (await readFile(join(root, "log"), "utf8").catch(() => "")).split("\n").length - 1,
    templates: async () => (await readdir(join(cache, "pushproof"))).filter((name) => name.startsWith("template-")),
  };
}

test("an unchanged schema is built once, and every run clones it", async () => {
  const { run, runs } = await makeScene();
  for (let time = 0; time < 2; time++) {
    const provision = await run();
    const [database] = await provision.lease(["gw0"]);
    expect(await ask(database, "SELECT 'A'::citext = 'a' AS same")).toEqual([{ same: true }]);
    expect(provision.notes).toEqual([]);
  }
  expect(await runs()).toBe(1);
});

test("what setup depends on makes another template when it changes", async () => {
  const { run, runs, root } = await makeScene();
  await run();
  await appendFile(join(root, "schema/one.sql"), "-- changed");
  await run();
  await writeFile(join(root, "schema/two.sql"), "");
  await run();
  await writeFile(join(root, "notes.txt"), "no part of it");
  await run();
  expect(await runs()).toBe(3);
});

test.each<[string, Record<string, unknown>]>([
  ["the command", { setup: "echo ran >> log; true" }],
  ["the settings", { settings: { work_mem: "16MB" } }],
  ["the extensions", { extensions: ["citext", "hstore"] }],
  ["the base name", { name: "other_test" }],
  ["the variables", { variables: ["OTHER_URL"] }],
])("%s is part of what a template is kept under", async (_what, settings) => {
  const { run, runs } = await makeScene();
  await run();
  await run(settings);
  expect(await runs()).toBe(2);
});

test("without inputs a template is built for every run, and it is said what would help", async () => {
  const { run, runs, templates } = await makeScene();
  await run({ inputs: [] });
  const { notes } = await run({ inputs: [] });
  expect(notes).toEqual([
    expect.stringMatching(/^database\.setup ran again \(.*\): name the files .* database\.inputs/),
  ]);
  expect(await runs()).toBe(2);
  expect(await templates()).toEqual([]);
});

test("a setup that fails keeps nothing, and runs again", async () => {
  const { run, runs, templates } = await makeScene();
  const failing = { setup: "echo ran >> log; test -f schema/two.sql" };
  expect(await failureOf(run(failing))).toBeInstanceOf(UnavailableError);
  expect(await templates()).toEqual([]);
  expect(await failureOf(run(failing))).toBeInstanceOf(UnavailableError);
  expect(await runs()).toBe(2);
  expect(await ownRunDirectories()).toEqual([]);
});

test("a setup that is interrupted keeps nothing", async () => {
  const { run, templates, root } = await makeScene();
  const controller = new AbortController();
  const opening = failureOf(run({ setup: "echo ran >> log; sleep 60" }, controller.signal));
  await expect
    .poll(async () => await readFile(join(root, "log"), "utf8").catch(() => ""), { timeout: 30_000 })
    .toBe("ran\n");
  controller.abort();
  expect(await opening).toBeInstanceOf(InterruptedError);
  expect(await templates()).toEqual([]);
  expect(await ownRunDirectories()).toEqual([]);
});

test("what is edited while setup runs is not kept under what it was before", async () => {
  const { run, runs, root, templates } = await makeScene();
  const { notes } = await run({ setup: "echo ran >> log; echo '-- edited' >> schema/one.sql" });
  expect(notes).toEqual([expect.stringContaining("has changed while database.setup ran")]);
  expect(await templates()).toEqual([]);
  await writeFile(join(root, "schema/one.sql"), "CREATE TABLE one ();");
  await run();
  expect(await runs()).toBe(2);
});

test.each(["database", "server"])("a template that cannot be kept serves the run (isolation %s)", async (isolation) => {
  const { run, cache } = await makeScene();
  const provision = await run({ isolation, setup: `rm -r '${cache}/pushproof'` });
  expect(provision.notes).toEqual([expect.stringMatching(/^The built template could not be kept for the next run: /)]);
  for (const database of await provision.lease(["gw0", "gw1"])) {
    expect(await ask(database, "SELECT 'A'::citext = 'a' AS same")).toEqual([{ same: true }]);
  }
});

test("two first runs at once do no harm to each other", async () => {
  const { run, templates } = await makeScene();
  const provisions = await Promise.all([run(), run()]);
  for (const provision of provisions) {
    const [database] = await provision.lease(["gw0"]);
    expect(await ask(database, "SELECT 'A'::citext = 'a' AS same")).toEqual([{ same: true }]);
  }
  expect(await templates()).toHaveLength(1);
});

test("a damaged template is built anew at once", async () => {
  const { run, runs, templates, cache } = await makeScene();
  await run();
  const [name = ""] = await templates();
  await writeFile(join(cache, "pushproof", name), "no archive at all");
  const [database] = await (await run()).lease(["gw0"]);
  expect(await ask(database, "SELECT 'A'::citext = 'a' AS same")).toEqual([{ same: true }]);
  expect(await runs()).toBe(2);
});

test("what is kept holds no password and no login of the run that built it", async () => {
  const { run, templates, cache } = await makeScene();
  const provision = await run({ setup: 'echo "$PGPASSWORD" > password; echo "$PGUSER" >> password' });
  const [name = ""] = await templates();
  const archive = await readFile(join(cache, "pushproof", name), "latin1");
  for (const secret of provision.secrets) expect(archive).not.toContain(String(secret));
  const [database] = await provision.lease(["gw0"]);
  expect(await ask(database, "SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = 'template'")).toEqual([
    { rolcanlogin: false, rolpassword: null },
  ]);
});

/** A cache whose archives were used so many days ago. */
async function makeCache(days: Record<string, number>): Promise<{
  environment: NodeJS.ProcessEnv;
  names(): Promise<string[]>;
  /** Makes a file of that many bytes, which take no room on disk. */
  grow(name: string, bytes: number): Promise<void>;
}> {
  const home = await makeDirectory();
  const directory = join(home, "pushproof");
  await mkdir(directory, { mode: 0o700 });
  for (const [name, age] of Object.entries(days)) {
    const at = new Date(Date.now() - age * 24 * 60 * 60_000);
    await writeFile(join(directory, name), name);
    await utimes(join(directory, name), at, at);
  }
  return {
    environment: { XDG_CACHE_HOME: home },
    names: async () => (await readdir(directory)).sort(),
    grow: async (name, bytes) => {
      const { atime, mtime } = await stat(join(directory, name));
      await truncate(join(directory, name), bytes);
      await utimes(join(directory, name), atime, mtime);
    },
  };
}

/** Keeps a template called "new". */
async function keepNew(environment: NodeJS.ProcessEnv): Promise<void> {
  const cache = await openTemplateCache(environment);
  const path = cache.newPath("new");
  await writeFile(path, "whole");
  await cache.keep(path, "new");
}

test("keeping a template removes those that nobody used for a month, and what killed runs left half written", async () => {
  const leftover = "template-c.999999.1.0123456789ab.abc";
  const { environment, names } = await makeCache({ "template-a.tar": 31, "template-b.tar": 29, [leftover]: 2 });
  const cache = await openTemplateCache(environment);
  const path = cache.newPath("new");
  await writeFile(path, "whole");
  expect(await cache.keep(path, "new")).toMatch(/template-new\.tar$/);
  expect(await names()).toEqual(["template-b.tar", "template-new.tar"]);
});

test("keeping a template removes clusters and programs that nobody used for a month, and no others", async () => {
  const leftover = "cluster-d.tar.999999.1.0123456789ab.abc";
  const { environment, names } = await makeCache({
    "cluster-a.tar": 31,
    "cluster-b.tar": 29,
    "native-c": 31,
    [leftover]: 2,
    "test-python-e": 31,
    worktrees: 31,
  });
  await keepNew(environment);
  expect(await names()).toEqual(["cluster-b.tar", "template-new.tar", "test-python-e", "worktrees"]);
});

test("templates that are too much together go, the one used longest ago first, and nothing else does", async () => {
  const { environment, names, grow } = await makeCache({
    "template-a.tar": 1,
    "template-b.tar": 2,
    "template-c.tar": 3,
    "cluster-d.tar": 4,
  });
  await grow("template-a.tar", 2 ** 30);
  await grow("template-b.tar", 2 ** 30);
  await keepNew(environment);
  expect(await names()).toEqual(["cluster-d.tar", "template-a.tar", "template-new.tar"]);
});

test("a template that is too much by itself is kept while it is the newest", async () => {
  const { environment, names } = await makeCache({ "template-a.tar": 1 });
  const cache = await openTemplateCache(environment);
  const path = cache.newPath("large");
  await writeFile(path, "whole");
  await truncate(path, 3 * 2 ** 30);
  await cache.keep(path, "large");
  expect(await names()).toEqual(["template-large.tar"]);
});

test("what a live run is writing is not removed, however long it takes", async () => {
  const { environment } = await makeCache({});
  const cache = await openTemplateCache(environment);
  const writing = cache.newPath("other");
  await writeFile(writing, "half");
  const longAgo = new Date(0);
  await utimes(writing, longAgo, longAgo);
  await keepNew(environment);
  expect(await readFile(writing, "utf8")).toBe("half");
});

test("programs that only a killed run has used may be removed", async () => {
  const { environment, names } = await makeCache({});
  const directory = join(String(environment.XDG_CACHE_HOME), "pushproof");
  await writeFiles(directory, {
    "binaries-a/used-by.999999.1.0123456789ab.programs": "",
    "binaries-a/bin/postgres": "postgres",
  });
  const at = new Date(Date.now() - 2 * 24 * 60 * 60_000);
  await utimes(join(directory, "binaries-a/used-by.999999.1.0123456789ab.programs"), at, at);
  expect(await clearCaches(environment)).toEqual({ files: 1, bytes: 8, live: [] });
  expect(await names()).toEqual([]);
});

test("a template that is found counts as used", async () => {
  const { environment, names } = await makeCache({ "template-a.tar": 31 });
  const cache = await openTemplateCache(environment);
  expect(await cache.find("a")).toMatch(/template-a\.tar$/);
  expect(await cache.find("b")).toBeNull();
  const path = cache.newPath("new");
  await writeFile(path, "whole");
  await cache.keep(path, "new");
  expect(await names()).toEqual(["template-a.tar", "template-new.tar"]);
});

test("emptying the caches leaves worktrees, what others keep there, and what a live run is writing", async () => {
  const { environment, names } = await makeCache({
    "template-a.tar": 0,
    "cluster-b.tar": 0,
    "native-x64-17": 0,
    worktrees: 0,
  });
  const cache = await openTemplateCache(environment);
  const writing = cache.newPath("new");
  await writeFile(writing, "half");
  expect(await clearCaches(environment)).toEqual({ files: 3, bytes: 40, live: [writing] });
  expect(await names()).toEqual([expect.stringMatching(/^template-new\./), "worktrees"]);
});
