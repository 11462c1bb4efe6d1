import { execFile } from "node:child_process";
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { UnavailableError } from "../../src/errors.ts";
import { openCheckout } from "../../src/push/checkout.ts";
import { makeRepository, type Repository } from "../support/repository.ts";
import { checkOut, open, withCache } from "./support.ts";

const run = promisify(execFile);
const files = { "a.txt": "one\n", "src/b.txt": "two\n" };

async function worktreesOf(repository: Repository): Promise<string[]> {
  const lines = (await repository.git("worktree", "list", "--porcelain")).split("\n");
  return lines.filter((line) => line.startsWith("worktree ")).map((line) => line.slice("worktree ".length));
}

/** A path of the kind our worktrees have, left by a process of that id. */
function leftover(repository: Repository, pid: number, host = hostname().replace(/[^\w-]/g, "-")): string {
  return join(repository.root, "..", "cache", "pushproof", "worktrees", `work-0123456789.${pid}.0.${host}`);
}

async function deadProcess(): Promise<number> {
  const { stdout } = await run("sh", ["-c", "echo $$"]);
  return Number(stdout);
}

test("a checkout whose directory has an odd name is verified in a worktree with a plain one", async () => {
  const repository = await makeRepository(files);
  const odd = join(repository.root, "..", "odd: näme\n$(x)");
  await repository.git("worktree", "add", "--quiet", "-b", "topic", odd);
  await repository.write({ [`${join("..", basename(odd), "new.txt")}`]: "untracked\n" });
  const checkout = await checkOut(repository, { directory: odd });
  expect(basename(checkout.root)).toMatch(/^[\w.-]+$/);
  await checkout.close();
  await expect(stat(checkout.root)).rejects.toThrow("ENOENT");
});

test("the user's post-checkout hook does not run", async () => {
  const repository = await makeRepository(files);
  await repository.write({ ".git/hooks/post-checkout": "#!/bin/sh\ntouch ../hook-ran\nexit 1\n", "new.txt": "x" });
  await chmod(join(repository.root, ".git/hooks/post-checkout"), 0o755);
  expect((await checkOut(repository)).kind).toBe("worktree");
  expect(await readdir(join(repository.root, ".."))).not.toContain("hook-ran");
  expect(await readdir(join(repository.root, "../cache/pushproof/worktrees"))).toHaveLength(1);
});

test("a closed worktree leaves nothing behind, and closing twice is harmless", async () => {
  const repository = await makeRepository(files);
  await repository.write({ "new.txt": "x" });
  const checkout = await checkOut(repository);
  expect(await worktreesOf(repository)).toEqual([repository.root, checkout.root]);
  await checkout.close();
  await checkout.close();
  expect(await worktreesOf(repository)).toEqual([repository.root]);
  await expect(stat(checkout.root)).rejects.toThrow("ENOENT");
  expect(await readdir(join(repository.root, ".git"))).not.toContain("worktrees");
});

test("a worktree is removed whatever the suite did to it", async () => {
  const repository = await makeRepository(files);
  await repository.write({ "new.txt": "x" });
  const checkout = await checkOut(repository);
  await run("git", ["-C", checkout.root, "worktree", "lock", checkout.root], { env: repository.environment });
  await run("rm", [join(checkout.root, ".git")]);
  await mkdir(join(checkout.root, "left/behind"), { recursive: true });
  await checkout.close();
  expect(await worktreesOf(repository)).toEqual([repository.root]);
  await expect(stat(checkout.root)).rejects.toThrow("ENOENT");
});

test("links in a worktree are removed, not what they lead to", async () => {
  const repository = await makeRepository(files);
  await repository.write({ "new.txt": "x", "../precious/letter.txt": "Dear Ada\n" });
  const checkout = await checkOut(repository);
  await symlink(join(repository.root, "../precious"), join(checkout.root, "link"));
  await checkout.close();
  expect(await readFile(join(repository.root, "../precious/letter.txt"), "utf8")).toBe("Dear Ada\n");
});

test("a worktree of the user's that is not there at the moment is not forgotten", async () => {
  const repository = await makeRepository(files);
  const away = join(repository.root, "../away");
  await repository.git("worktree", "add", "--quiet", "--detach", away);
  await run("mv", [away, `${away}-unmounted`]);
  await repository.write({ "new.txt": "x" });
  await (await checkOut(repository)).close();
  expect(await worktreesOf(repository)).toEqual([repository.root, away]);
});

test("what a killed run left behind is swept, what belongs to a live one or another machine is kept", async () => {
  const repository = await makeRepository(files);
  const dead = leftover(repository, await deadProcess());
  const live = leftover(repository, process.ppid);
  const elsewhere = leftover(repository, await deadProcess(), "another-host");
  for (const path of [dead, live, elsewhere]) await repository.git("worktree", "add", "--quiet", "--detach", path);
  await repository.write({ "new.txt": "x" });
  await (await checkOut(repository)).close();
  expect((await worktreesOf(repository)).map((path) => basename(path)).sort()).toEqual(
    ["work", basename(live), basename(elsewhere)].sort(),
  );
  await expect(stat(dead)).rejects.toThrow("ENOENT");
});

test("a worktree of the user's with such a name elsewhere is not swept", async () => {
  const repository = await makeRepository(files);
  const theirs = join(repository.root, "..", basename(leftover(repository, await deadProcess())));
  await repository.git("worktree", "add", "--quiet", "--detach", theirs);
  await repository.write({ "new.txt": "x" });
  await (await checkOut(repository)).close();
  expect(await worktreesOf(repository)).toEqual([repository.root, theirs]);
});

test("two worktrees of one commit are open side by side", async () => {
  const repository = await makeRepository(files);
  await repository.write({ "new.txt": "x" });
  const [first, second] = await Promise.all([checkOut(repository), checkOut(repository)]);
  expect(first.root).not.toBe(second.root);
  await first.close();
  expect(await readFile(join(second.root, "a.txt"), "utf8")).toBe("one\n");
});

test("with a home that cannot be written to, the worktree lies in the temporary directory", async () => {
  const repository = await makeRepository(files);
  await repository.write({ "new.txt": "x" });
  const environment = { ...repository.environment, HOME: "/dev/null", XDG_CACHE_HOME: undefined };
  const checkout = await checkOut(repository, { environment });
  expect(await readFile(join(checkout.root, "a.txt"), "utf8")).toBe("one\n");
});

test("without a home, the worktree lies in the temporary directory", async () => {
  const repository = await makeRepository(files);
  await repository.write({ "new.txt": "x" });
  const environment = { ...repository.environment, HOME: undefined, XDG_CACHE_HOME: undefined };
  expect((await checkOut(repository, { environment })).kind).toBe("worktree");
});

test("other users cannot look into the worktrees", async () => {
  const repository = await makeRepository(files);
  await repository.write({ "new.txt": "x" });
  const { root } = await checkOut(repository);
  expect((await lstat(join(root, ".."))).mode & 0o077).toBe(0);
});

test("a commit that cannot be checked out says so, and leaves nothing behind", async () => {
  const repository = await makeRepository(files);
  const opened = await open(repository);
  const target = { commit: "d".repeat(40), tree: "e".repeat(40), branch: null };
  const opening = openCheckout(opened, target, withCache(repository));
  await expect(opening).rejects.toThrow(UnavailableError);
  await expect(opening).rejects.toThrow("No worktree of dddddddddd could be made");
  expect(await worktreesOf(repository)).toEqual([repository.root]);
});

test("a worktree whose dependencies cannot be linked is removed", async () => {
  const repository = await makeRepository({ ...files, "package.json": "{}\n" });
  await repository.write({ node_modules: "a file, of all things\n" });
  await expect(checkOut(repository)).rejects.toThrow("ENOTDIR");
  expect(await worktreesOf(repository)).toEqual([repository.root]);
});
