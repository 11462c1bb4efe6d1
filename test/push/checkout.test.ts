import { execFile } from "node:child_process";
import { chmod, readdir, readFile, readlink, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { openWorkingTree } from "../../src/push/checkout.ts";
import { makeRepository, type Repository } from "../support/repository.ts";
import { checkOut, open } from "./support.ts";

const run = promisify(execFile);
const files = { "a.txt": "one\n", "src/b.txt": "two\n" };

test("a clean checkout at the commit is verified in place", async () => {
  const repository = await makeRepository(files);
  const checkout = await checkOut(repository);
  expect(checkout).toMatchObject({ kind: "checkout", root: repository.root, notes: [], dependencyNotes: [] });
});

test("a clean checkout without a branch is verified in place", async () => {
  const repository = await makeRepository(files);
  await repository.git("checkout", "--quiet", "--detach");
  expect((await checkOut(repository)).kind).toBe("checkout");
});

test("files that git ignores do not make a checkout unclean", async () => {
  const repository = await makeRepository({ ...files, ".gitignore": "*.log\n" });
  await repository.write({ "run.log": "noise" });
  expect((await checkOut(repository)).kind).toBe("checkout");
});

test.each([
  ["a changed file", (repository: Repository) => repository.write({ "a.txt": "changed\n" })],
  ["an untracked file", (repository: Repository) => repository.write({ "new/c.txt": "three\n" })],
  ["a removed file", (repository: Repository) => repository.write({ "a.txt": null })],
  [
    "a staged file",
    async (repository: Repository) => {
      await repository.write({ "a.txt": "staged\n" });
      await repository.git("add", "a.txt");
    },
  ],
  [
    "a change that is staged and taken back on disk",
    async (repository: Repository) => {
      await repository.write({ "a.txt": "staged\n" });
      await repository.git("add", "a.txt");
      await repository.write({ "a.txt": "one\n" });
    },
  ],
  ["a file made executable", (repository: Repository) => chmod(join(repository.root, "a.txt"), 0o755)],
])("with %s, a worktree of the commit is verified, and the change is named", async (_what, change) => {
  const repository = await makeRepository(files);
  await change(repository);
  const checkout = await checkOut(repository);
  expect(checkout.kind).toBe("worktree");
  expect(checkout.notes).toEqual([
    expect.stringMatching(/^1 uncommitted change is not part of it: (a\.txt|new\/c\.txt)\.$/),
  ]);
  expect(await readFile(join(checkout.root, "a.txt"), "utf8")).toBe("one\n");
  expect((await readdir(checkout.root)).sort()).toEqual([".git", "a.txt", "src"]);
});

test.each(["--assume-unchanged", "--skip-worktree"])(
  "a file that git update-index %s hides is not trusted",
  async (flag) => {
    const repository = await makeRepository(files);
    await repository.git("update-index", flag, "a.txt");
    await repository.write({ "a.txt": "hidden change\n" });
    const checkout = await checkOut(repository);
    expect(checkout.kind).toBe("worktree");
    expect(checkout.notes).toEqual([expect.stringContaining("Git does not look at 1 file here")]);
    expect(await readFile(join(checkout.root, "a.txt"), "utf8")).toBe("one\n");
  },
);

test("a change that the monitor of files has not noticed is not verified", async () => {
  const repository = await makeRepository(files);
  const monitor = join(repository.root, ".git/monitor");
  await writeFile(monitor, "#!/bin/sh\nprintf 'token\\0'\n", { mode: 0o755 });
  await repository.git("config", "core.fsmonitor", monitor);
  await repository.git("status");
  await repository.write({ "a.txt": "changed\n" });
  expect(await repository.git("status", "--porcelain")).toBe("");
  const checkout = await checkOut(repository);
  expect(checkout.kind).toBe("worktree");
  expect(await readFile(join(checkout.root, "a.txt"), "utf8")).toBe("one\n");
});

test("a sparse checkout is verified with all files of the commit", async () => {
  const repository = await makeRepository(files);
  await repository.git("sparse-checkout", "set", "elsewhere");
  const checkout = await checkOut(repository);
  expect(checkout.kind).toBe("worktree");
  expect(await readFile(join(checkout.root, "src/b.txt"), "utf8")).toBe("two\n");
  await expect(stat(join(repository.root, "src"))).rejects.toThrow("ENOENT");
});

test("a submodule with changes of its own is not trusted", async () => {
  const inner = await makeRepository(files);
  const repository = await makeRepository(files);
  await repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.root, "inner");
  await repository.commit("Add a submodule");
  expect((await checkOut(repository)).kind).toBe("checkout");
  await repository.write({ "inner/a.txt": "changed\n" });
  const checkout = await checkOut(repository);
  expect(checkout.kind).toBe("worktree");
  expect(checkout.notes).toEqual(["1 uncommitted change is not part of it: inner."]);
  expect(await readFile(join(checkout.root, "inner/a.txt"), "utf8")).toBe("one\n");
});

async function addSubmodule(repository: Repository, inner: Repository, path: string): Promise<void> {
  await repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.root, path);
  await repository.commit(`Add ${path}`);
}

test("a worktree has the files of its submodules, of theirs as well, and the user's own stay as they are", async () => {
  const [innermost, inner, repository] = [
    await makeRepository(files),
    await makeRepository({ "i.txt": "inner\n" }),
    await makeRepository(files),
  ];
  await addSubmodule(inner, innermost, "deep");
  await addSubmodule(repository, inner, "the inner");
  const update = ["submodule", "--quiet", "update", "--init", "--recursive"];
  await repository.git("-c", "protocol.file.allow=always", ...update);
  await repository.write({ "the inner/i.txt": "changed\n" });
  const before = await repository.git("-C", "the inner", "status", "--porcelain");
  const checkout = await checkOut(repository);
  expect(checkout.kind).toBe("worktree");
  expect(await readFile(join(checkout.root, "the inner/i.txt"), "utf8")).toBe("inner\n");
  expect(await readFile(join(checkout.root, "the inner/deep/a.txt"), "utf8")).toBe("one\n");
  expect(await checkout.drift()).toEqual({ changed: [], added: [] });
  expect(await repository.git("-C", "the inner", "status", "--porcelain")).toBe(before);
});

test("a submodule that is not in the checkout's own commit is filled as well", async () => {
  const repository = await makeRepository(files);
  await addSubmodule(repository, await makeRepository(files), "inner");
  const commit = (await repository.git("rev-parse", "HEAD")).trim();
  await repository.git("checkout", "--quiet", "--detach", "HEAD~1");
  const checkout = await checkOut(repository, { revision: commit });
  expect(await readFile(join(checkout.root, "inner/a.txt"), "utf8")).toBe("one\n");
});

test("a submodule whose commit is not here lets nothing be verified", async () => {
  const repository = await makeRepository(files);
  await addSubmodule(repository, await makeRepository(files), "inner");
  await repository.git("update-index", "--cacheinfo", `160000,${"1".repeat(40)},inner`);
  await repository.git("commit", "--quiet", "--message", "Another commit of it");
  await expect(checkOut(repository)).rejects.toThrow("The submodule inner has not got its commit 1111111111 here");
});

test("a submodule that was never initialized is empty, and that is said", async () => {
  const repository = await makeRepository(files);
  await addSubmodule(repository, await makeRepository(files), "inner");
  await repository.git("submodule", "--quiet", "deinit", "--force", "inner");
  await repository.write({ "a.txt": "changed\n", ".git/modules": null });
  expect((await checkOut(repository)).notes).toContain("The submodule inner is not initialized, so it is empty here.");
});

test("another commit is verified in a worktree, without a word about the checkout's changes", async () => {
  const repository = await makeRepository(files);
  await repository.write({ "a.txt": "second\n" });
  await repository.commit("Second");
  await repository.write({ "a.txt": "third, not committed\n" });
  const checkout = await checkOut(repository, { revision: "HEAD~" });
  expect(checkout).toMatchObject({ kind: "worktree", notes: [] });
  expect(await readFile(join(checkout.root, "a.txt"), "utf8")).toBe("one\n");
});

test("a worktree holds exactly the commit's files, whatever their names and kinds", async () => {
  const names = ["with space.txt", "new\nline.txt", "ünïcode/日本.txt", "-option.txt", 'quote".txt'];
  const repository = await makeRepository(Object.fromEntries(names.map((name) => [name, `${name}\n`])));
  await writeFile(join(repository.root, "run.sh"), "#!/bin/sh\n", { mode: 0o755 });
  await symlink("run.sh", join(repository.root, "link"));
  await symlink("/nowhere/at/all", join(repository.root, "dangling"));
  await repository.commit("Everything");
  await repository.write({ "untracked.txt": "here\n" });
  const { root } = await checkOut(repository);
  for (const name of names) expect(await readFile(join(root, name), "utf8")).toBe(`${name}\n`);
  expect((await stat(join(root, "run.sh"))).mode & 0o111).toBe(0o111);
  expect(await readlink(join(root, "link"))).toBe("run.sh");
  expect(await readlink(join(root, "dangling"))).toBe("/nowhere/at/all");
  const listed = await run("git", ["-C", root, "status", "--porcelain", "--ignored"], { env: repository.environment });
  expect(listed.stdout).toBe("");
});

test("a clean checkout has not drifted", async () => {
  const repository = await makeRepository({ ...files, ".gitignore": "*.log\n" });
  const checkout = await checkOut(repository);
  await repository.write({ "run.log": "noise" });
  expect(await checkout.drift()).toEqual({ changed: [], added: [] });
});

test("a tracked file that changed, a hidden one, and a new one are drift", async () => {
  const repository = await makeRepository(files);
  const checkout = await checkOut(repository);
  await repository.write({ "a.txt": "changed\n", "left.txt": "new\n" });
  await repository.git("update-index", "--assume-unchanged", "src/b.txt");
  expect(await checkout.drift()).toEqual({ changed: ["a.txt", "src/b.txt"], added: ["left.txt"] });
});

test("a commit that was made meanwhile is drift", async () => {
  const repository = await makeRepository(files);
  const checkout = await checkOut(repository);
  const next = await repository.commit("Meanwhile");
  expect(await checkout.drift()).toEqual({ changed: [`HEAD (now ${next.slice(0, 10)})`], added: [] });
});

test("a worktree of ours does not drift with the user's checkout", async () => {
  const repository = await makeRepository(files);
  await repository.write({ "new.txt": "x" });
  const checkout = await checkOut(repository);
  await repository.commit("Meanwhile");
  expect(await checkout.drift()).toEqual({ changed: [], added: [] });
});

test("a tracked file that the suite rewrites in a worktree of ours is drift there too", async () => {
  const repository = await makeRepository(files);
  await repository.write({ "new.txt": "x" });
  const checkout = await checkOut(repository);
  await writeFile(join(checkout.root, "a.txt"), "rewritten\n");
  expect(await checkout.drift()).toEqual({ changed: ["a.txt"], added: [] });
});

test("the working tree is taken as it lies, and does not drift", async () => {
  const repository = await makeRepository(files);
  await repository.write({ "a.txt": "changed\n" });
  const checkout = await openWorkingTree(await open(repository));
  expect(checkout).toMatchObject({ kind: "working tree", root: repository.root });
  await repository.write({ "a.txt": "again\n" });
  expect(await checkout.drift()).toEqual({ changed: [], added: [] });
  await checkout.close();
  expect(await readFile(join(repository.root, "a.txt"), "utf8")).toBe("again\n");
});

test("from a linked worktree, that worktree is the checkout", async () => {
  const repository = await makeRepository(files);
  const linked = join(repository.root, "../linked");
  await repository.git("worktree", "add", "--quiet", "-b", "topic", linked);
  await repository.write({ "a.txt": "changed in the main checkout\n" });
  expect(await checkOut(repository, { directory: linked })).toMatchObject({ kind: "checkout", root: linked });
});

test("from a subdirectory, the whole checkout is looked at", async () => {
  const repository = await makeRepository(files);
  await repository.write({ "a.txt": "changed\n" });
  const checkout = await checkOut(repository, { directory: join(repository.root, "src") });
  expect(checkout.kind).toBe("worktree");
  expect(await readFile(join(checkout.root, "a.txt"), "utf8")).toBe("one\n");
});

test("the user's index, stash and changes are as they were", async () => {
  const repository = await makeRepository(files);
  await repository.write({ "a.txt": "stashed\n" });
  await repository.git("stash", "--quiet");
  await repository.write({ "a.txt": "staged\n" });
  await repository.git("add", "a.txt");
  await repository.write({ "a.txt": "on disk\n" });
  const before = await readFile(join(repository.root, ".git/index"));
  await (await checkOut(repository)).close();
  expect(await readFile(join(repository.root, ".git/index"))).toEqual(before);
  expect(await repository.git("stash", "list")).toContain("stash@{0}");
  expect(await readFile(join(repository.root, "a.txt"), "utf8")).toBe("on disk\n");
  expect(await repository.git("show", ":a.txt")).toBe("staged");
});
