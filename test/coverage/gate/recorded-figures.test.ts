import { readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FigureStore } from "../../../src/coverage/gate/recorded-figures.ts";
import { openGit } from "../../../src/git/client.ts";
import { makeRepository, type Repository } from "../../support/repository.ts";

const lines = { covered: 97, total: 100 };

async function prepared(): Promise<{ repository: Repository; store: FigureStore; directory: string }> {
  const repository = await makeRepository({ "a.py": "1\n" });
  const directory = join(repository.root, ".git");
  return { repository, store: new FigureStore(directory), directory: join(directory, "verify", "coverage") };
}

test("the figure of a commit is the one of its tree", async () => {
  const { repository, store } = await prepared();
  const commit = await repository.git("rev-parse", "HEAD");
  await store.record(await repository.git("rev-parse", "HEAD^{tree}"), { commit, lines });
  const git = openGit(repository.root, repository.environment);
  expect(await store.nearest(git, "HEAD")).toEqual({ commit, lines });
});

test("a commit without a figure has that of the nearest before it on its branch", async () => {
  const { repository, store } = await prepared();
  const first = await repository.git("rev-parse", "HEAD");
  await store.record(await repository.git("rev-parse", "HEAD^{tree}"), { commit: first, lines });
  for (const text of ["2\n", "3\n"]) {
    await repository.write({ "a.py": text });
    await repository.commit(text);
  }
  expect(await store.nearest(openGit(repository.root, repository.environment), "HEAD")).toEqual({
    commit: first,
    lines,
  });
});

test.each([
  "",
  "{",
  '{"lines":{"covered":0,"total":0}}',
  '{"lines":{"covered":-5,"total":3}}',
  '{"lines":{"covered":5,"total":3}}',
  '{"lines":{"covered":-1.5,"total":3}}',
])("a record that is damaged is none: %j", async (text) => {
  const { repository, store, directory } = await prepared();
  const tree = await repository.git("rev-parse", "HEAD^{tree}");
  await store.record(tree, { commit: "c", lines });
  await writeFile(join(directory, `${tree}.json`), text);
  expect(await store.nearest(openGit(repository.root, repository.environment), "HEAD")).toBeNull();
});

test("without any record, or without the commit, there is no figure", async () => {
  const { repository, store } = await prepared();
  const git = openGit(repository.root, repository.environment);
  expect(await store.nearest(git, "HEAD")).toBeNull();
  expect(await store.nearest(git, "nowhere")).toBeNull();
});

test("what is older than a year goes with the next record", async () => {
  const { store, directory } = await prepared();
  await store.record("old", { commit: "c", lines });
  const before = new Date(Date.now() - 366 * 86_400_000);
  await utimes(join(directory, "old.json"), before, before);
  await store.record("new", { commit: "c", lines });
  expect(await readdir(directory)).toEqual(["new.json"]);
});
