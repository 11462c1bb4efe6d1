import { describe, expect, test } from "vitest";
import { openGit } from "../../src/git/client.ts";
import type { Changes } from "../../src/model/summary.ts";
import { findChanges } from "../../src/report/changes.ts";
import { makeRepository, type Repository } from "../support/repository.ts";

/** The changes of HEAD against `main`. */
async function changesOf(repository: Repository, remote?: string): Promise<Changes | null> {
  const commit = await repository.git("rev-parse", "HEAD");
  return await findChanges({ git: openGit(repository.root, repository.environment), commit, base: "main", remote });
}

const lines = (count: number): string => Array.from({ length: count }, (_, index) => `line ${index}\n`).join("");

test("a branch is compared with its merge base, not with what the base became since", async () => {
  const repository = await makeRepository({ "a.txt": lines(3) });
  const mergeBase = await repository.git("rev-parse", "HEAD");
  await repository.git("switch", "--quiet", "--create", "feature");
  await repository.write({ "a.txt": lines(5), "b.txt": lines(2) });
  const first = await repository.commit("Add lines\n\nTwo of them.\nCloses #12");
  await repository.write({ "b.txt": lines(1) });
  const second = await repository.commit("Take one back");
  await repository.git("switch", "--quiet", "main");
  await repository.write({ "c.txt": lines(9) });
  await repository.commit("Go on");
  await repository.git("push", "--quiet", "origin", "main");
  await repository.git("switch", "--quiet", "feature");
  expect(await changesOf(repository)).toEqual({
    base: "origin/main",
    mergeBase,
    files: [
      { file: "a.txt", added: 2, removed: 0 },
      { file: "b.txt", created: true, added: 1, removed: 0 },
    ],
    commits: [
      { commit: first, subject: "Add lines", body: "Two of them.\nCloses #12" },
      { commit: second, subject: "Take one back", body: "" },
    ],
    lowered: [],
  });
});

describe("what it is compared with", () => {
  test("the local base branch where no remote has one", async () => {
    const repository = await makeRepository({ "a.txt": "" });
    await repository.git("switch", "--quiet", "--create", "feature");
    await repository.commit("Work");
    expect((await changesOf(repository))?.base).toBe("main");
  });

  test("the base branch of the remote that is pushed to", async () => {
    const repository = await makeRepository({ "a.txt": "" });
    await repository.git("push", "--quiet", "origin", "main");
    await repository.git("remote", "add", "fork", repository.remote);
    await repository.git("fetch", "--quiet", "fork");
    await repository.git("switch", "--quiet", "--create", "feature");
    await repository.commit("Work");
    expect((await changesOf(repository, "fork"))?.base).toBe("fork/main");
  });

  test("origin's base branch where the remote that is pushed to has none", async () => {
    const repository = await makeRepository({ "a.txt": "" });
    await repository.git("push", "--quiet", "origin", "main");
    await repository.git("switch", "--quiet", "--create", "feature");
    await repository.commit("Work");
    expect((await changesOf(repository, "https://example.com/x.git"))?.base).toBe("origin/main");
  });

  test("the remote's base branch as it is before a push of the base branch itself", async () => {
    const repository = await makeRepository({ "a.txt": "" });
    await repository.git("push", "--quiet", "origin", "main");
    await repository.commit("On main");
    const changes = await changesOf(repository);
    expect(changes?.base).toBe("origin/main");
    expect(changes?.commits.map(({ subject }) => subject)).toEqual(["On main"]);
  });

  test("the remote's base branch as it was before, once the commit is its tip", async () => {
    const repository = await makeRepository({ "a.txt": "" });
    await repository.git("push", "--quiet", "origin", "main");
    await repository.commit("On main");
    await repository.git("push", "--quiet", "origin", "main");
    const changes = await changesOf(repository);
    expect(changes?.base).toBe("origin/main@{1}");
    expect(changes?.commits.map(({ subject }) => subject)).toEqual(["On main"]);
  });

  test("nothing, where the remote's base branch has always held the commit", async () => {
    const repository = await makeRepository({ "a.txt": "" });
    await repository.git("push", "--quiet", "origin", "main");
    expect(await changesOf(repository)).toBeNull();
  });

  test("nothing, where the remote is still unborn and the commit is the base branch", async () => {
    const repository = await makeRepository({ "a.txt": "" });
    await repository.commit("On main");
    expect(await changesOf(repository)).toBeNull();
  });

  test("nothing, where the histories have nothing in common", async () => {
    const repository = await makeRepository({ "a.txt": "" });
    await repository.git("switch", "--quiet", "--orphan", "other");
    await repository.commit("Begin anew");
    expect(await changesOf(repository)).toBeNull();
  });
});

describe("files", () => {
  test("keep their names, whatever is in them", async () => {
    const repository = await makeRepository({ "a.txt": "" });
    await repository.git("switch", "--quiet", "--create", "feature");
    const names = ["a b.txt", 'qu"ote.txt', "new\nline.txt", "ta\tb.txt", "naïve 日本.txt", "dir/<script>.txt"];
    await repository.write(Object.fromEntries(names.map((name) => [name, lines(2)])));
    await repository.commit("Odd names");
    const files = (await changesOf(repository))?.files ?? [];
    expect(files.map(({ file }) => file)).toEqual([...names].sort());
    expect(new Set(files.map(({ added }) => added))).toEqual(new Set([2]));
  });

  test("a renamed file has the name before, and counts what changed in it", async () => {
    const repository = await makeRepository({ "old name.txt": lines(20) });
    await repository.git("switch", "--quiet", "--create", "feature");
    await repository.write({ "old name.txt": null, "sub/new name.txt": `${lines(20)}more\n`, "z.txt": "z\n" });
    await repository.commit("Rename");
    expect((await changesOf(repository))?.files).toEqual([
      { file: "sub/new name.txt", from: "old name.txt", added: 1, removed: 0 },
      { file: "z.txt", created: true, added: 1, removed: 0 },
    ]);
  });

  test("that are new or gone are told from those that changed or moved, whatever their names begin with", async () => {
    const repository = await makeRepository({
      "a.txt": lines(3),
      "gone.txt": lines(2),
      ":100 gone.bin": "\0",
      "old.txt": lines(30),
    });
    await repository.git("switch", "--quiet", "--create", "feature");
    await repository.write({ "a.txt": lines(4), "gone.txt": null, ":100 gone.bin": null, ":000 new.txt": "new\n" });
    await repository.write({ "old.txt": null, ":200 moved.txt": lines(30), ":300 new.txt": "new\n" });
    await repository.commit("Come and go");
    expect((await changesOf(repository))?.files).toEqual([
      { file: ":000 new.txt", created: true, added: 1, removed: 0 },
      { file: ":100 gone.bin", deleted: true, added: null, removed: null },
      { file: ":200 moved.txt", from: "old.txt", added: 0, removed: 0 },
      { file: ":300 new.txt", created: true, added: 1, removed: 0 },
      { file: "a.txt", added: 1, removed: 0 },
      { file: "gone.txt", deleted: true, added: 0, removed: 2 },
    ]);
  });

  test("a binary file has no lines", async () => {
    const repository = await makeRepository({ "a.txt": "" });
    await repository.git("switch", "--quiet", "--create", "feature");
    await repository.write({ "a.bin": "\0\u0001\0" });
    await repository.commit("Binary");
    expect((await changesOf(repository))?.files).toEqual([
      { file: "a.bin", created: true, added: null, removed: null },
    ]);
  });

  test("a user's own settings of diff and log change nothing", async () => {
    const repository = await makeRepository({ "old.txt": lines(20) });
    await repository.git("switch", "--quiet", "--create", "feature");
    await repository.write({ "old.txt": null, "new.txt": lines(20) });
    const commit = await repository.commit("Rename");
    const settings = {
      "diff.renames": "false",
      "color.ui": "always",
      "log.showSignature": "true",
      "diff.external": "false",
    };
    for (const [name, value] of Object.entries(settings)) await repository.git("config", name, value);
    const changes = await changesOf(repository);
    expect(changes?.files).toEqual([{ file: "new.txt", from: "old.txt", added: 0, removed: 0 }]);
    expect(changes?.commits).toEqual([{ commit, subject: "Rename", body: "" }]);
  });
});

test("bringing the base up to date by a merge is no commit of the branch's own", async () => {
  const repository = await makeRepository({ "a.txt": "" });
  await repository.git("switch", "--quiet", "--create", "feature");
  await repository.commit("Work");
  await repository.git("switch", "--quiet", "main");
  await repository.commit("Meanwhile");
  await repository.git("push", "--quiet", "origin", "main");
  await repository.git("switch", "--quiet", "feature");
  await repository.git("merge", "--quiet", "--no-edit", "main");
  expect((await changesOf(repository))?.commits.map(({ subject }) => subject)).toEqual(["Work"]);
});
