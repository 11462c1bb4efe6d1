import { mkdir, readdir, readFile, readlink, realpath, symlink, writeFile } from "node:fs/promises";
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
  const { git } = await open(repository);
  const target = await readRevision(git, "HEAD");
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

test("installed packages are there when the lock file is the same", async () => {
  const { worktree, notes } = await linked(project, {
    "node_modules/left/index.js": "1",
    "node_modules/right/index.js": "2",
  });
  expect(notes).toEqual([]);
  expect((await readdir(join(worktree, "node_modules"))).sort()).toEqual(["left", "right"]);
  expect(await readFile(join(worktree, "node_modules/left/index.js"), "utf8")).toBe("1");
});

test("what is written to the worktree's node_modules does not reach the checkout's", async () => {
  const { worktree, repository } = await linked(project, { "node_modules/left/index.js": "1" });
  await writeFile(join(worktree, "node_modules/.cache"), "");
  expect(await readdir(join(repository.root, "node_modules"))).toEqual(["left"]);
});

test.each([
  ["is another", { "package-lock.json": '{"other":1}\n' }],
  ["is gone", { "package-lock.json": null }],
])("packages are not linked when the checkout's lock file %s, and the note says so", async (_how, change) => {
  const { worktree, notes, commit } = await linked(project, { ...change, "node_modules/left/index.js": "1" });
  expect(notes).toEqual([
    `The package-lock.json of ${commit.slice(0, 10)} is not the one the checkout has: check it out, install, and push again.`,
  ]);
  expect(await readdir(worktree)).not.toContain("node_modules");
});

test("packages are not linked when only the checkout has a lock file", async () => {
  const { notes } = await linked({ "package.json": "{}\n" }, { "yarn.lock": "x", "node_modules/left/index.js": "1" });
  expect(notes).toEqual([expect.stringContaining("The yarn.lock of")]);
});

test("of two lock files, both must be the same", async () => {
  const { notes } = await linked(
    { ...project, "yarn.lock": "one\n" },
    { "yarn.lock": "two\n", "node_modules/left/index.js": "1" },
  );
  expect(notes).toEqual([expect.stringContaining("The yarn.lock of")]);
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

test("packages in a store lead into it, and caches are left out", async () => {
  const stored = { "node_modules/.pnpm/left@1/node_modules/left/index.js": "1", "node_modules/.cache/x": "" };
  const { worktree } = await linked(project, stored, ({ root }) =>
    link(join(root, "node_modules/left"), ".pnpm/left@1/node_modules/left"),
  );
  expect((await readdir(join(worktree, "node_modules"))).sort()).toEqual([".pnpm", "left"]);
  expect(await readFile(join(worktree, "node_modules/left/index.js"), "utf8")).toBe("1");
});

test("a nested project's packages are linked under the root's lock file", async () => {
  const files = { ...project, "apps/web/package.json": "{}\n" };
  const { worktree, notes } = await linked(files, { "apps/web/node_modules/left/index.js": "1" });
  expect(notes).toEqual([]);
  expect(await readFile(join(worktree, "apps/web/node_modules/left/index.js"), "utf8")).toBe("1");
});

test("a nested project's own lock file decides for it alone", async () => {
  const files = { ...project, "apps/web/package.json": "{}\n", "apps/web/pnpm-lock.yaml": "one\n" };
  const { worktree, notes } = await linked(files, {
    "apps/web/pnpm-lock.yaml": "two\n",
    "apps/web/node_modules/left/index.js": "1",
    "node_modules/right/index.js": "2",
  });
  expect(notes).toEqual([expect.stringContaining("The apps/web/pnpm-lock.yaml of")]);
  expect(await readdir(join(worktree, "node_modules"))).toEqual(["right"]);
});

test("one lock file that differs is named once, however many projects it governs", async () => {
  const files = { ...project, "apps/web/package.json": "{}\n" };
  const installed = { "node_modules/left/index.js": "1", "apps/web/node_modules/left/index.js": "1" };
  const { notes } = await linked(files, { ...installed, "package-lock.json": "[]\n" });
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
