import { expect, test } from "vitest";
import { type ForgeBranch, findForgeBranch } from "../../src/forge/forge-branch.ts";
import { open } from "../push/support.ts";
import { makeRepository, type Repository } from "../support/repository.ts";

async function makeTopic(): Promise<Repository> {
  const repository = await makeRepository({ "a.txt": "one\n" });
  await repository.git("remote", "set-url", "origin", "git@github.com:ada/ledger.git");
  await repository.git("checkout", "--quiet", "-b", "topic");
  return repository;
}

async function find(repository: Repository, base = "main"): Promise<ForgeBranch> {
  return await findForgeBranch(await open(repository), base, {});
}

test("a branch of a clone goes to origin, under its own name", async () => {
  expect(await find(await makeTopic())).toEqual({
    branch: "topic",
    remote: "origin",
    url: "git@github.com:ada/ledger.git",
    kind: "github",
    remoteBranch: "topic",
    owner: "ada",
  });
});

test("the branch's own push remote goes before the default one, that before its upstream's, that before origin", async () => {
  const repository = await makeTopic();
  for (const name of ["own", "default", "upstream"]) {
    await repository.git("remote", "add", name, `git@gitlab.com:${name}/ledger.git`);
  }
  await repository.git("config", "branch.topic.remote", "upstream");
  expect((await find(repository)).remote).toBe("upstream");
  await repository.git("config", "remote.pushDefault", "default");
  expect((await find(repository)).remote).toBe("default");
  await repository.git("config", "branch.topic.pushRemote", "own");
  expect(await find(repository)).toMatchObject({ remote: "own", kind: "gitlab", owner: "own" });
});

test("the only remote is taken, whatever its name", async () => {
  const repository = await makeTopic();
  await repository.git("remote", "rename", "origin", "there");
  expect((await find(repository)).remote).toBe("there");
});

test("of several remotes without an origin, none is guessed", async () => {
  const repository = await makeTopic();
  await repository.git("remote", "rename", "origin", "one");
  await repository.git("remote", "add", "two", "git@github.com:bob/ledger.git");
  await expect(find(repository)).rejects.toThrow(
    "There are several remotes (one, two), and none is called origin: `git config branch.topic.pushRemote NAME` says which one it is.",
  );
});

test("without a remote, how to add one is named", async () => {
  const repository = await makeTopic();
  await repository.git("remote", "remove", "origin");
  await expect(find(repository)).rejects.toThrow(
    "There is no remote to open a pull request at: `git remote add origin URL` adds one.",
  );
});

test("a URL in place of a remote's name is one", async () => {
  const repository = await makeTopic();
  await repository.git("config", "branch.topic.pushRemote", "https://codeberg.org/ada/ledger.git");
  expect(await find(repository)).toMatchObject({ kind: "gitea", owner: "ada" });
});

test("where pushes go elsewhere than fetches, that counts", async () => {
  const repository = await makeTopic();
  await repository.git("remote", "set-url", "--push", "origin", "git@gitlab.com:eve/ledger.git");
  expect(await find(repository)).toMatchObject({ kind: "gitlab", owner: "eve" });
});

test("a branch that is called otherwise there is asked for by that name", async () => {
  const repository = await makeTopic();
  await repository.git("config", "branch.topic.remote", "origin");
  await repository.git("config", "branch.topic.merge", "refs/heads/ada/topic");
  await repository.git("config", "push.default", "upstream");
  expect((await find(repository)).remoteBranch).toBe("ada/topic");
});

test("a branch that follows another one is pushed under its own name, as git does", async () => {
  const repository = await makeTopic();
  await repository.git("config", "branch.topic.remote", "origin");
  await repository.git("config", "branch.topic.merge", "refs/heads/develop");
  expect((await find(repository)).remoteBranch).toBe("topic");
});

test("a remote's refspecs say what a branch is called there", async () => {
  const repository = await makeTopic();
  await repository.git("config", "branch.topic.remote", "origin");
  await repository.git("config", "remote.origin.push", "refs/heads/*:refs/heads/ada/*");
  expect((await find(repository)).remoteBranch).toBe("ada/topic");
});

test("a branch that follows the base does not go into it", async () => {
  const repository = await makeTopic();
  await repository.git("config", "branch.topic.remote", "origin");
  await repository.git("config", "branch.topic.merge", "refs/heads/main");
  await repository.git("config", "push.default", "upstream");
  expect((await find(repository)).remoteBranch).toBe("topic");
});

test("a branch that follows another one here goes to origin", async () => {
  const repository = await makeTopic();
  await repository.git("branch", "--quiet", "--set-upstream-to", "main");
  expect((await find(repository)).remote).toBe("origin");
});

test("HEAD must be on a branch", async () => {
  const repository = await makeTopic();
  await repository.git("checkout", "--quiet", "--detach");
  await expect(find(repository)).rejects.toThrow(
    "HEAD is on no branch, and a pull request needs one: `git switch -c NAME` makes it.",
  );
});

test("the base has no pull request to itself", async () => {
  const repository = await makeTopic();
  await expect(find(repository, "topic")).rejects.toThrow(
    "topic is the base branch itself: commit on another branch (`git switch -c NAME`), or name another base with --base.",
  );
});

test("an unknown host is named without its credentials, with the setting that says what it is", async () => {
  const repository = await makeTopic();
  await repository.git("remote", "set-url", "origin", "https://ada:hunter22@git.example.com:8443/ada/ledger.git");
  await expect(find(repository)).rejects.toThrow(
    "The remote origin is at git.example.com, which does not say what kind of host it is: `git config pushproof.host gitlab` says so (or github, or gitea, which is for Forgejo too).",
  );
  await repository.git("config", "pushproof.host", "gitea");
  expect((await find(repository)).kind).toBe("gitea");
});

test("a directory is no host until the setting says so", async () => {
  const repository = await makeTopic();
  await repository.git("remote", "set-url", "origin", repository.remote);
  await expect(find(repository)).rejects.toThrow("The remote origin is a directory, which does not say");
  await repository.git("config", "pushproof.host", "github");
  expect(await find(repository)).toMatchObject({ kind: "github", owner: "" });
});
