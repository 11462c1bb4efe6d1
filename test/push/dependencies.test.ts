import { lstat, mkdir, readdir, readFile, readlink, realpath, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { linkDependencies } from "../../src/push/dependencies.ts";
import { readRevision } from "../../src/push/refs.ts";
import { type Files, makeRepository, type Repository } from "../support/repository.ts";
import { open } from "./support.ts";

const project = { ".gitignore": "node_modules\n.venv\n", "package.json": "{}\n", "package-lock.json": "{}\n" };

/** A repository whose checkout has things installed, and a worktree of its commit with the notes of linking. */
async function linked(
  files: Files,
  installed: Files,
  prepare: (repository: Repository) => Promise<unknown> = async () => {},
) {
  const repository = await makeRepository(files);
  const target = await readRevision(await open(repository), repository.environment, "HEAD");
  await repository.write(installed);
  await prepare(repository);
  const worktree = join(repository.root, "../worktree");
  await repository.git("worktree", "add", "--quiet", "--detach", worktree, target.commit);
  const notes = await linkDependencies(await open(repository), target, worktree);
  return { repository, worktree, notes, commit: target.commit };
}

async function link(path: string, target: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path);
}

/** A lock file of npm's that names packages of a version each. */
function npmLock(versions: Readonly<Record<string, string>>): string {
  const packages = Object.entries(versions).map(([name, version]) => [`node_modules/${name}`, { version }]);
  return JSON.stringify({ lockfileVersion: 3, packages: { "": {}, ...Object.fromEntries(packages) } });
}

/** A package as installed in node_modules. */
const installedAs = (version: string): string => JSON.stringify({ version });

test("installed packages are there when the lock file names their versions", async () => {
  const { worktree, notes } = await linked(
    { ...project, "package-lock.json": npmLock({ left: "1.0.0" }) },
    { "node_modules/left/package.json": installedAs("1.0.0"), "node_modules/left/index.js": "1" },
  );
  expect(notes).toEqual([]);
  expect(await readdir(join(worktree, "node_modules"))).toEqual(["left"]);
  expect(await readFile(join(worktree, "node_modules/left/index.js"), "utf8")).toBe("1");
});

test("a lock file that is written in another way and names the same packages is satisfied", async () => {
  const { worktree, notes } = await linked(
    { ...project, "package-lock.json": npmLock({ left: "1.0.0" }) },
    {
      "package-lock.json": `${npmLock({ left: "1.0.0", "@other/platform": "2.0.0" })}\n`,
      "node_modules/left/package.json": installedAs("1.0.0"),
    },
  );
  expect(notes).toEqual([]);
  expect(await readdir(join(worktree, "node_modules"))).toEqual(["left"]);
});

test("of packages that are not what the commit's lock file names, one sentence says which, and what helps", async () => {
  const lock = npmLock({ left: "1.0.0", right: "2.0.0", "@scope/other": "3.0.0" });
  const { worktree, notes, commit } = await linked(
    { ...project, "package-lock.json": lock },
    { "node_modules/left/package.json": installedAs("1.1.0"), "node_modules/right/package.json": installedAs("2.0.0") },
  );
  expect(notes).toEqual([
    `node_modules is not what the package-lock.json of ${commit.slice(0, 7)} names ` +
      "(left 1.1.0 installed, 1.0.0 wanted; @scope/other not installed, 3.0.0 wanted): run `npm ci`.",
  ]);
  expect(await readdir(worktree)).not.toContain("node_modules");
});

test("a lock file with changes that are not committed is to be committed or put aside", async () => {
  const { notes } = await linked(
    { ...project, "package-lock.json": npmLock({ left: "1.0.0" }) },
    { "package-lock.json": npmLock({ left: "1.1.0" }), "node_modules/left/package.json": installedAs("1.1.0") },
  );
  expect(notes[0]).toMatch(
    /: commit the changes of package-lock\.json, or put them aside by `git stash push package-lock\.json && npm ci`\.$/,
  );
});

test("where another commit is checked out, the remedy goes to the branch that is pushed", async () => {
  const repository = await makeRepository({ ...project, "package-lock.json": npmLock({ left: "1.0.0" }) });
  await repository.git("checkout", "--quiet", "-b", "feature");
  await repository.write({
    "package-lock.json": npmLock({ left: "2.0.0" }),
    "node_modules/left/package.json": installedAs("2.0.0"),
  });
  await repository.commit("Left 2");
  const opened = await open(repository);
  const notesOf = async (revision: string): Promise<string[]> => {
    const target = await readRevision(opened, repository.environment, revision);
    const worktree = join(repository.root, "..", revision.replace("^", "-"));
    await repository.git("worktree", "add", "--quiet", "--detach", worktree, target.commit);
    return await linkDependencies(opened, target, worktree);
  };
  expect((await notesOf("main"))[0]).toMatch(/: run `git switch main && npm ci`\.$/);
  expect((await notesOf("feature^"))[0]).toMatch(/: run `git switch --detach [0-9a-f]{7} && npm ci`\.$/);
});

test("what is installed beside the lock file's packages is left out, with its programs", async () => {
  const installed = {
    "node_modules/left/package.json": installedAs("1.0.0"),
    "node_modules/extra/package.json": installedAs("1.0.0"),
    "node_modules/extra/run.js": "1",
    "node_modules/.package-lock.json": npmLock({ left: "1.0.0", extra: "1.0.0" }),
  };
  const { worktree } = await linked(
    { ...project, "package-lock.json": npmLock({ left: "1.0.0" }) },
    installed,
    ({ root }) => link(join(root, "node_modules/.bin/extra"), "../extra/run.js"),
  );
  expect((await readdir(join(worktree, "node_modules"))).sort()).toEqual([".bin", "left"]);
  expect(await readdir(join(worktree, "node_modules/.bin"))).toEqual([]);
});

test("what another package manager installed is not what the lock file names", async () => {
  const { notes } = await linked(
    { "package.json": "{}\n", "pnpm-lock.yaml": "lockfileVersion: '9.0'\n" },
    { "node_modules/.package-lock.json": "{}", "node_modules/left/index.js": "1" },
  );
  expect(notes).toEqual([
    expect.stringMatching(
      /the pnpm-lock\.yaml of .* names \(installed by npm\): run `pnpm install --frozen-lockfile`\.$/,
    ),
  ]);
});

test.each([
  ["is the same", "one\n", []],
  ["is another", "two\n", [expect.stringContaining("(which packages are installed cannot be told)")]],
])("where nothing tells what was installed and the lock file here %s, that decides", async (_how, text, expected) => {
  const { notes } = await linked(
    { "package.json": "{}\n", "bun.lockb": "one\n" },
    { "bun.lockb": text, "node_modules/left/index.js": "1" },
  );
  expect(notes).toEqual(expected);
});

test("a lock file that is not committed asks nothing of what is installed", async () => {
  const { notes, worktree } = await linked(
    { "package.json": "{}\n" },
    { "yarn.lock": "x", "node_modules/left/index.js": "1" },
  );
  expect(notes).toEqual([]);
  expect(await readdir(join(worktree, "node_modules"))).toEqual(["left"]);
});

test("what is written to the worktree's node_modules does not reach the checkout's", async () => {
  const { worktree, repository } = await linked(project, { "node_modules/left/index.js": "1" });
  await writeFile(join(worktree, "node_modules/.cache"), "");
  expect(await readdir(join(repository.root, "node_modules"))).toEqual(["left"]);
});

test("packages without any lock file are linked", async () => {
  const { worktree, notes } = await linked({ "package.json": "{}\n" }, { "node_modules/left/index.js": "1" });
  expect(notes).toEqual([]);
  expect(await readdir(join(worktree, "node_modules"))).toEqual(["left"]);
});

test("scoped packages are linked one by one", async () => {
  const { worktree } = await linked(project, { "node_modules/@scope/left/index.js": "1" });
  expect(await readFile(join(worktree, "node_modules/@scope/left/index.js"), "utf8")).toBe("1");
});

test("links of a workspace lead to the worktree's own code", async () => {
  const workspaces = {
    ...project,
    "packages/plain/index.js": "committed",
    "packages/scoped/index.js": "committed",
    "packages/plain/bin.js": "committed",
  };
  const { worktree } = await linked(
    workspaces,
    { "packages/plain/index.js": "changed", "packages/scoped/index.js": "changed", "packages/plain/bin.js": "changed" },
    async ({ root }) => {
      await link(join(root, "node_modules/plain"), "../packages/plain");
      await link(join(root, "node_modules/@scope/scoped"), "../../packages/scoped");
      await link(join(root, "node_modules/.bin/plain"), "../plain/bin.js");
    },
  );
  for (const path of ["plain/index.js", "@scope/scoped/index.js", ".bin/plain"]) {
    expect(await readFile(join(worktree, "node_modules", path), "utf8")).toBe("committed");
  }
});

test("a package that is a link to the root itself leads to the worktree", async () => {
  const { worktree } = await linked(project, {}, ({ root }) => link(join(root, "node_modules/self"), ".."));
  expect(await realpath(join(worktree, "node_modules/self"))).toBe(await realpath(worktree));
});

test("a workspace whose name begins with two dots is one of the checkout's", async () => {
  const { worktree } = await linked(
    { ...project, "..odd/index.js": "committed" },
    { "..odd/index.js": "changed" },
    ({ root }) => link(join(root, "node_modules/odd"), "../..odd"),
  );
  expect(await readFile(join(worktree, "node_modules/odd/index.js"), "utf8")).toBe("committed");
});

test("a package linked from elsewhere on the machine stays where it is", async () => {
  const { repository, worktree } = await linked(project, { "../elsewhere/index.js": "1" }, ({ root }) =>
    link(join(root, "node_modules/elsewhere"), "../../elsewhere"),
  );
  expect(await realpath(join(worktree, "node_modules/elsewhere"))).toBe(join(repository.root, "../elsewhere"));
});

test("a link that leads nowhere does not stop the others", async () => {
  const { worktree } = await linked(project, { "node_modules/left/index.js": "1" }, ({ root }) =>
    link(join(root, "node_modules/gone"), "../packages/gone"),
  );
  expect((await readdir(join(worktree, "node_modules"))).sort()).toEqual(["gone", "left"]);
});

test("installed programs are there", async () => {
  const { worktree } = await linked(project, { "node_modules/tool/run.js": "1" }, ({ root }) =>
    link(join(root, "node_modules/.bin/tool"), "../tool/run.js"),
  );
  expect(await readFile(join(worktree, "node_modules/.bin/tool"), "utf8")).toBe("1");
});

test("a program that finds its package beside itself is copied, so that it finds the worktree's", async () => {
  const { worktree } = await linked(project, { "node_modules/.bin/tool": "#!/bin/sh\n" });
  expect((await lstat(join(worktree, "node_modules/.bin/tool"))).isSymbolicLink()).toBe(false);
});

test("packages in a store lead into it, and neither the store nor caches are there to be written to", async () => {
  const stored = { "node_modules/.pnpm/left@1/node_modules/left/index.js": "1", "node_modules/.cache/x": "" };
  const { worktree } = await linked(project, stored, ({ root }) =>
    link(join(root, "node_modules/left"), ".pnpm/left@1/node_modules/left"),
  );
  expect((await readdir(join(worktree, "node_modules"))).sort()).toEqual(["left"]);
  expect(await readFile(join(worktree, "node_modules/left/index.js"), "utf8")).toBe("1");
});

test("a nested project's packages are linked under the root's lock file", async () => {
  const files = { ...project, "apps/web/package.json": "{}\n" };
  const { worktree, notes } = await linked(files, { "apps/web/node_modules/left/index.js": "1" });
  expect(notes).toEqual([]);
  expect(await readFile(join(worktree, "apps/web/node_modules/left/index.js"), "utf8")).toBe("1");
});

test("a nested project's own lock file decides for it alone", async () => {
  const files = {
    ...project,
    "apps/web app/package.json": "{}\n",
    "apps/web app/package-lock.json": npmLock({ left: "1.0.0" }),
  };
  const { worktree, notes } = await linked(files, {
    "apps/web app/node_modules/left/package.json": installedAs("2.0.0"),
    "node_modules/right/index.js": "2",
  });
  expect(notes).toEqual([
    expect.stringMatching(
      /^apps\/web app\/node_modules is not what the apps\/web app\/package-lock\.json of .*: run `\(cd 'apps\/web app' && npm ci\)`\.$/,
    ),
  ]);
  expect(await readdir(join(worktree, "node_modules"))).toEqual(["right"]);
});

test("one lock file that is not satisfied is named once, however many projects it governs", async () => {
  const files = { ...project, "package-lock.json": npmLock({ left: "1.0.0" }), "apps/web/package.json": "{}\n" };
  const installed = { "node_modules/right/index.js": "1", "apps/web/node_modules/right/index.js": "1" };
  const { notes } = await linked(files, installed);
  expect(notes).toHaveLength(1);
});

test.each([".venv", "venv", "env"])("a Python environment in %s is there as it is", async (name) => {
  const { repository, worktree } = await linked(project, { [`${name}/pyvenv.cfg`]: "home = /usr\n" });
  expect(await readlink(join(worktree, name))).toBe(join(repository.root, name));
});

test("a Python environment of a nested project is there", async () => {
  const files = { "apps/api/pyproject.toml": "" };
  const { worktree } = await linked(files, { "apps/api/.venv/pyvenv.cfg": "" });
  expect(await readdir(join(worktree, "apps/api"))).toContain(".venv");
});

test("a directory that only has the name of a Python environment is not linked", async () => {
  const { worktree } = await linked(project, { "env/production.txt": "secret" });
  expect(await readdir(worktree)).not.toContain("env");
});

test("what the commit itself holds is left alone", async () => {
  const files = { "package.json": "{}\n", "node_modules/left/index.js": "committed", "env/pyvenv.cfg": "committed" };
  const { worktree } = await linked(files, {
    "node_modules/left/index.js": "changed",
    "node_modules/right/index.js": "2",
  });
  expect(await readFile(join(worktree, "node_modules/left/index.js"), "utf8")).toBe("committed");
  expect(await readdir(join(worktree, "node_modules"))).toEqual(["left"]);
});
