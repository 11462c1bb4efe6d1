import { expect, test } from "vitest";
import { openGit } from "../../src/git/client.ts";
import { findPushDestination } from "../../src/push/push-destination.ts";
import { makeRepository, type Repository } from "../support/repository.ts";

const of = (repository: Repository, branch: string | null, pushedTo?: string) =>
  findPushDestination(openGit(repository.root, repository.environment), branch, pushedTo);

test("a branch that was never pushed goes to origin, which has nothing there", async () => {
  expect(await of(await makeRepository({}), "main")).toEqual({ remote: "origin", branch: "main", before: null });
});

test("a branch that was pushed is known by what the remote has", async () => {
  const repository = await makeRepository({});
  await repository.git("push", "--quiet", "origin", "main");
  expect(await of(repository, "main")).toEqual({
    remote: "origin",
    branch: "main",
    before: await repository.git("rev-parse", "HEAD"),
  });
});

test.each([["branch.main.pushRemote"], ["remote.pushDefault"], ["branch.main.remote"]])(
  "the remote that %s names goes before origin",
  async (key) => {
    const repository = await makeRepository({});
    await repository.git("remote", "add", "fork", repository.remote);
    await repository.git("config", key, "fork");
    expect((await of(repository, "main"))?.remote).toBe("fork");
  },
);

test("a push names its remote", async () => {
  const repository = await makeRepository({});
  await repository.git("remote", "add", "fork", repository.remote);
  expect((await of(repository, "main", "fork"))?.remote).toBe("fork");
});

test("the only remote is the one, whatever it is called", async () => {
  const repository = await makeRepository({});
  await repository.git("remote", "rename", "origin", "upstream");
  expect((await of(repository, "main"))?.remote).toBe("upstream");
});

test("without a branch or without a remote there is no destination", async () => {
  const repository = await makeRepository({});
  expect(await of(repository, null)).toBeNull();
  await repository.git("remote", "remove", "origin");
  expect(await of(repository, "main")).toBeNull();
});

test("a push to a place that is no remote has no destination unless there is a remote, too", async () => {
  const repository = await makeRepository({});
  expect((await of(repository, "main", "/somewhere/else.git"))?.remote).toBe("origin");
});
