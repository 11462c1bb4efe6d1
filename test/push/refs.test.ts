import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";
import type { PushLine } from "../../src/config/request.ts";
import { openGit } from "../../src/git/client.ts";
import { parsePushLines, readPush, readRevision } from "../../src/push/refs.ts";
import { RequestError, UnavailableError } from "../../src/shared/errors.ts";
import { gitEnvironment, makeDirectory, makeRepository, type Repository } from "../support/repository.ts";
import { open } from "./support.ts";

const run = promisify(execFile);
const zeros = "0".repeat(40);
const files = { "a.txt": "one\n" };

/** A line that pushes an object under a name to the same name. */
function pushOf(localObject: string, ref = "refs/heads/main"): PushLine {
  return { localRef: ref, localObject, remoteRef: ref, remoteObject: zeros };
}

async function readLines(repository: Repository, ...lines: PushLine[]) {
  return await readPush(await open(repository), gitEnvironment(), lines);
}

test("git's lines are read one by one", () => {
  const [commit, before] = ["a".repeat(40), "b".repeat(40)];
  expect(
    parsePushLines(`refs/heads/x ${commit} refs/heads/y ${before}\nrefs/tags/v1 ${commit} refs/tags/v1 ${zeros}\n`),
  ).toEqual([
    { localRef: "refs/heads/x", localObject: commit, remoteRef: "refs/heads/y", remoteObject: before },
    { localRef: "refs/tags/v1", localObject: commit, remoteRef: "refs/tags/v1", remoteObject: zeros },
  ]);
});

test("empty input holds no line", () => {
  expect(parsePushLines("")).toEqual([]);
  expect(parsePushLines("\n")).toEqual([]);
});

test("a local ref may be any words the user pushed by, blanks included", () => {
  const commit = "a".repeat(40);
  const refs = ["HEAD~", "HEAD^{/fix 0 this}", "@{-1}"].map(
    (ref) => parsePushLines(`${ref} ${commit} refs/heads/x ${zeros}`)[0]?.localRef,
  );
  expect(refs).toEqual(["HEAD~", "HEAD^{/fix 0 this}", "@{-1}"]);
});

test.each([
  "refs/heads/main",
  `refs/heads/main ${"a".repeat(40)} refs/heads/main`,
  `refs/heads/main HEAD refs/heads/main ${zeros}`,
  `refs/heads/main ${"a".repeat(39)} refs/heads/main ${zeros}`,
  `refs/heads/main ${"a".repeat(50)} refs/heads/main ${zeros}`,
  `refs/heads/main ${"a".repeat(40)} refs/heads/main ${zeros} more`,
])("what is not a line of git's is refused: %s", (line) => {
  expect(() => parsePushLines(line)).toThrow(RequestError);
  expect(() => parsePushLines(line)).toThrow("is not a line of git's pre-push hook");
});

test("a push of a branch asks for its commit and tree", async () => {
  const repository = await makeRepository(files);
  const commit = await repository.git("rev-parse", "HEAD");
  const tree = await repository.git("rev-parse", "HEAD^{tree}");
  expect(await readLines(repository, pushOf(commit))).toEqual({
    targets: [{ commit, tree, branch: "main" }],
    skipped: [],
  });
});

test.each([40, 64])("a deletion of %i zeros asks for nothing, and says so", async (length) => {
  const repository = await makeRepository(files);
  const line = { localRef: "(delete)", localObject: "0".repeat(length), remoteRef: "refs/heads/old" };
  expect(await readLines(repository, { ...line, remoteObject: "a".repeat(length) })).toEqual({
    targets: [],
    skipped: ["old is deleted: nothing to verify."],
  });
});

test("a push of nothing asks for nothing, and says so", async () => {
  const repository = await makeRepository(files);
  expect(await readLines(repository)).toEqual({ targets: [], skipped: ["Nothing new is pushed: nothing to verify."] });
});

test("two commits of the same tree are both asked about: a gate may be about what each is compared with", async () => {
  const repository = await makeRepository(files);
  const first = await repository.git("rev-parse", "HEAD");
  const second = await repository.commit("The same files again");
  const { targets } = await readLines(repository, pushOf(first, "refs/heads/one"), pushOf(second, "refs/heads/two"));
  expect(targets.map(({ commit }) => commit)).toEqual([first, second]);
});

test("commits of different trees are each verified, beside a deletion", async () => {
  const repository = await makeRepository(files);
  const first = await repository.git("rev-parse", "HEAD");
  await repository.write({ "a.txt": "two\n" });
  const second = await repository.commit("Other files");
  const push = await readLines(
    repository,
    pushOf(first, "refs/heads/one"),
    pushOf(zeros, "refs/heads/gone"),
    pushOf(second, "refs/heads/two"),
  );
  expect(push.targets.map(({ commit }) => commit)).toEqual([first, second]);
  expect(push.skipped).toEqual(["gone is deleted: nothing to verify."]);
});

test("an annotated tag of an annotated tag is peeled to its commit", async () => {
  const repository = await makeRepository(files);
  await repository.git("tag", "--annotate", "--message", "inner", "inner");
  await repository.git("tag", "--annotate", "--message", "outer", "outer", "inner");
  const { targets } = await readLines(
    repository,
    pushOf(await repository.git("rev-parse", "refs/tags/outer"), "refs/tags/outer"),
  );
  expect(targets).toEqual([
    {
      commit: await repository.git("rev-parse", "HEAD"),
      tree: await repository.git("rev-parse", "HEAD^{tree}"),
      branch: null,
    },
  ]);
});

test.each(["HEAD:a.txt", "HEAD^{tree}"])("a tag of %s leads to no commit", async (object) => {
  const repository = await makeRepository(files);
  await repository.git("tag", "--annotate", "--message", "odd", "odd", object);
  const line = pushOf(await repository.git("rev-parse", "refs/tags/odd"), "refs/tags/odd");
  expect(await readLines(repository, line)).toEqual({
    targets: [],
    skipped: ["odd leads to no commit: nothing to verify."],
  });
});

test("an object that git cannot read is not taken for nothing to verify", async () => {
  const repository = await makeRepository(files);
  await expect(readLines(repository, pushOf("d".repeat(40)))).rejects.toThrow(UnavailableError);
});

test("a commit whose tree is missing is not taken for nothing to verify", async () => {
  const repository = await makeRepository(files);
  const tree = await repository.git("rev-parse", "HEAD^{tree}");
  await rm(join(repository.root, ".git", "objects", tree.slice(0, 2), tree.slice(2)));
  const line = pushOf(await repository.git("rev-parse", "HEAD"));
  await expect(readLines(repository, line)).rejects.toThrow("git fsck");
});

test("notes are not verified", async () => {
  const repository = await makeRepository(files);
  await repository.git("notes", "add", "--message", "well done");
  const ref = "refs/notes/commits";
  expect(await readLines(repository, pushOf(await repository.git("rev-parse", ref), ref))).toEqual({
    targets: [],
    skipped: ["refs/notes/commits holds notes, not files: nothing to verify."],
  });
});

test("a push from HEAD~ is of that commit, named by the branch it goes to", async () => {
  const repository = await makeRepository(files);
  const first = await repository.git("rev-parse", "HEAD");
  await repository.write({ "a.txt": "two\n" });
  await repository.commit("Not pushed");
  const lines = parsePushLines(`HEAD~ ${first} refs/heads/topic ${zeros}\n`);
  expect((await readLines(repository, ...lines)).targets).toMatchObject([{ commit: first, branch: "topic" }]);
});

test("what is pushed is the commit itself, not what git replace shows in its place", async () => {
  const repository = await makeRepository(files);
  const commit = await repository.git("rev-parse", "HEAD");
  const tree = await repository.git("rev-parse", "HEAD^{tree}");
  await repository.write({ "a.txt": "replaced\n" });
  await repository.git("replace", commit, await repository.commit("Instead"));
  expect((await readLines(repository, pushOf(commit))).targets).toMatchObject([{ commit, tree }]);
});

test("a SHA-256 repository's commits are read", async () => {
  const directory = await makeDirectory();
  const environment = gitEnvironment();
  await run("git", ["init", "--quiet", "--object-format=sha256"], { cwd: directory, env: environment });
  await run("git", ["commit", "--quiet", "--allow-empty", "--message", "Begin"], { cwd: directory, env: environment });
  const target = await readRevision({ git: openGit(directory, environment), root: directory }, environment, "HEAD");
  expect(target.commit).toHaveLength(64);
  const lines = parsePushLines(`refs/heads/main ${target.commit} refs/heads/main ${"0".repeat(64)}\n`);
  const here = { git: openGit(directory, environment), root: directory };
  expect((await readPush(here, environment, lines)).targets).toMatchObject([{ tree: target.tree }]);
});

test("a revision is named by the branch it is, or by the one that is checked out there", async () => {
  const repository = await makeRepository(files);
  const opened = await open(repository);
  const read = (revision: string) => readRevision(opened, repository.environment, revision);
  await repository.git("branch", "topic");
  await repository.git("tag", "v1");
  expect((await read("topic")).branch).toBe("topic");
  expect((await read("v1")).branch).toBe("main");
  expect((await read("main^{commit}")).branch).toBe("main");
  expect((await read(await repository.git("rev-parse", "HEAD"))).branch).toBe("main");
});

test("a revision that leads away from a branch is not called that branch", async () => {
  const repository = await makeRepository({});
  await repository.commit("Second");
  expect((await readRevision(await open(repository), repository.environment, "main^")).branch).toBeNull();
});

test("HEAD's branch keeps its name where a tag has the same", async () => {
  const repository = await makeRepository(files);
  await repository.git("tag", "main");
  expect((await readRevision(await open(repository), repository.environment, "HEAD")).branch).toBe("main");
});

test("a commit that is checked out without a branch is on none", async () => {
  const repository = await makeRepository(files);
  await repository.git("checkout", "--quiet", "--detach");
  expect((await readRevision(await open(repository), repository.environment, "HEAD")).branch).toBeNull();
});

test("a tag that has the name of a branch at another commit is not called that branch", async () => {
  const repository = await makeRepository(files);
  await repository.git("tag", "topic");
  await repository.write({ "a.txt": "two\n" });
  await repository.commit("Further");
  await repository.git("branch", "topic");
  const target = await readRevision(await open(repository), repository.environment, "topic");
  expect(target).toMatchObject({ commit: await repository.git("rev-parse", "refs/tags/topic"), branch: null });
});

test("a branch whose name begins like an option is a branch", async () => {
  const repository = await makeRepository(files);
  const commit = await repository.git("rev-parse", "HEAD");
  await repository.git("update-ref", "refs/heads/-x", commit);
  const opened = await open(repository);
  const read = (revision: string) => readRevision(opened, repository.environment, revision);
  expect(await read("-x")).toMatchObject({ commit, branch: "-x" });
  expect(await read("refs/heads/-x")).toMatchObject({ commit });
});

test.each(["nowhere", "--all", "--upload-pack=true", "-c", "", "a..b", "HEAD:a.txt", "HEAD~9", "HEAD\nHEAD"])(
  'a revision "%s" that names no commit is refused',
  async (revision) => {
    const repository = await makeRepository(files);
    const reading = readRevision(await open(repository), repository.environment, revision);
    await expect(reading).rejects.toThrow(RequestError);
    await expect(reading).rejects.toThrow(`"${revision}" names no commit in this repository`);
  },
);

test("in a repository without a commit, HEAD is refused with the reason", async () => {
  const directory = await makeDirectory();
  await run("git", ["init", "--quiet", directory], { env: gitEnvironment() });
  const here = { git: openGit(directory, gitEnvironment()), root: directory };
  await expect(readRevision(here, gitEnvironment(), "HEAD")).rejects.toThrow("there is no commit yet");
});

test("thousands of tags of one commit are asked of one git", async () => {
  const repository = await makeRepository(files);
  const { git, root } = await open(repository);
  const commit = await repository.git("rev-parse", "HEAD");
  const tags = Array.from({ length: 2_000 }, (_, index) => pushOf(commit, `refs/tags/v${index}`));
  // Asked of simple-git, each would be a process of its own.
  const asked = vi.spyOn(git, "raw");
  const { targets } = await readPush({ git, root }, gitEnvironment(), tags);
  expect(targets).toMatchObject([{ commit, branch: null }]);
  expect(asked).not.toHaveBeenCalled();
});
