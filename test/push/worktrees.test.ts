import { execFile } from "node:child_process";
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { openCheckout } from "../../src/push/checkout.ts";
import { readRevision } from "../../src/push/refs.ts";
import { worktreePath } from "../../src/push/worktrees.ts";
import { UnavailableError } from "../../src/shared/errors.ts";
import { currentOwner, type Owner, processStart } from "../../src/shared/process-owner.ts";
import { makeRepository, type Repository } from "../support/repository.ts";
import { checkOut, open, withCache } from "./support.ts";

const run = promisify(execFile);
const files = { "a.txt": "one\n", "src/b.txt": "two\n" };

async function worktreesOf(repository: Repository): Promise<string[]> {
  const lines = (await repository.git("worktree", "list", "--porcelain")).split("\n");
  return lines.filter((line) => line.startsWith("worktree ")).map((line) => line.slice("worktree ".length));
}

/** A path of the kind our worktrees have, left by that process. */
function leftover(repository: Repository, { pid, start, world }: Owner): string {
  const name = `work-0123456789.${pid}.${start}.${world}.0`;
  return join(repository.root, "..", "cache", "pushproof", "worktrees", name);
}

/** A process that has ended. */
async function deadOwner(): Promise<Owner> {
  const { stdout } = await run("sh", ["-c", "echo $$"]);
  return { ...(await currentOwner()), pid: Number(stdout), start: "1" };
}

/** Makes a leftover worktree that is so many hours old. */
async function addLeftover(repository: Repository, path: string, hours = 0): Promise<string> {
  await repository.git("worktree", "add", "--quiet", "--detach", path);
  const then = Date.now() / 1_000 - hours * 3_600;
  await utimes(path, then, then);
  return path;
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

test("what a killed run left behind is swept, though another process has its number now", async () => {
  const repository = await makeRepository(files);
  const dead = await addLeftover(repository, leftover(repository, await deadOwner()));
  const later = await addLeftover(repository, leftover(repository, { ...(await currentOwner()), start: "1" }));
  await repository.write({ "new.txt": "x" });
  await (await checkOut(repository)).close();
  expect(await worktreesOf(repository)).toEqual([repository.root]);
  for (const path of [dead, later]) await expect(stat(path)).rejects.toThrow("ENOENT");
});

test("what a killed git left of a worktree is swept: a record without a path, and files without a record", async () => {
  const repository = await makeRepository(files);
  const path = leftover(repository, await deadOwner());
  const record = join(repository.root, ".git/worktrees", basename(path));
  await mkdir(path, { recursive: true });
  await mkdir(record, { recursive: true });
  await writeFile(join(record, "locked"), "initializing");
  const users = join(repository.root, ".git/worktrees/of-the-user");
  await mkdir(users);
  await repository.write({ "new.txt": "x" });
  await (await checkOut(repository)).close();
  for (const left of [path, record]) await expect(stat(left)).rejects.toThrow("ENOENT");
  expect((await stat(users)).isDirectory()).toBe(true);
});

test("the worktree of a run that is going on is kept", async () => {
  const repository = await makeRepository(files);
  const owner = { ...(await currentOwner()), pid: process.ppid, start: await processStart(process.ppid) };
  const live = await addLeftover(repository, leftover(repository, owner), 100);
  await repository.write({ "new.txt": "x" });
  await (await checkOut(repository)).close();
  expect(await worktreesOf(repository)).toEqual([repository.root, live]);
});

test("where the owner's number says nothing, as after a boot or from a container, a day is waited", async () => {
  const repository = await makeRepository(files);
  const elsewhere = { ...(await deadOwner()), world: "0123456789ab" };
  const young = await addLeftover(repository, leftover(repository, elsewhere), 23);
  const old = await addLeftover(repository, leftover(repository, { ...elsewhere, start: "unknown" }), 25);
  await repository.write({ "new.txt": "x" });
  await (await checkOut(repository)).close();
  expect(await worktreesOf(repository)).toEqual([repository.root, young]);
  await expect(stat(old)).rejects.toThrow("ENOENT");
});

test("a worktree of the user's with such a name elsewhere is not swept", async () => {
  const repository = await makeRepository(files);
  const theirs = join(repository.root, "..", basename(leftover(repository, await deadOwner())));
  await repository.git("worktree", "add", "--quiet", "--detach", theirs);
  await repository.write({ "new.txt": "x" });
  await (await checkOut(repository)).close();
  expect(await worktreesOf(repository)).toEqual([repository.root, theirs]);
});

test("a cache in a directory with a line end in its name is swept too", async () => {
  const repository = await makeRepository(files);
  await repository.write({ "new.txt": "x", "../odd\ncache/x": "" });
  const cache = join(repository.root, "../odd\ncache");
  const name = basename(leftover(repository, await deadOwner()));
  const dead = await addLeftover(repository, join(cache, "pushproof/worktrees", name));
  await (await checkOut(repository, { environment: withCache(repository, { XDG_CACHE_HOME: cache }) })).close();
  await expect(stat(dead)).rejects.toThrow("ENOENT");
});

test("with a git that knows no -z, what a killed run left behind is swept all the same", async () => {
  const repository = await makeRepository(files);
  const dead = await addLeftover(repository, leftover(repository, await deadOwner()));
  const bin = join(repository.root, "../bin");
  const old = `#!/bin/sh\n[ "$*" = "worktree list --porcelain -z" ] && exit 129\nPATH=\${PATH#*:} exec git "$@"\n`;
  await mkdir(bin);
  await writeFile(join(bin, "git"), old, { mode: 0o755 });
  await repository.write({ "new.txt": "x" });
  const environment = { ...repository.environment, PATH: `${bin}:${repository.environment.PATH}` };
  const opened = await open({ ...repository, environment });
  await worktreePath(opened, await readRevision(opened, environment, "HEAD"), withCache(repository));
  await expect(stat(dead)).rejects.toThrow("ENOENT");
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

test("a cache that others may write to is not used for worktrees", async () => {
  const repository = await makeRepository(files);
  await repository.write({ "new.txt": "x", "../cache/pushproof/x": "" });
  await chmod(join(repository.root, "../cache/pushproof"), 0o777);
  const { root } = await checkOut(repository);
  expect(root).not.toContain(join(repository.root, "../cache"));
  expect((await lstat(join(root, ".."))).mode & 0o022).toBe(0);
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
