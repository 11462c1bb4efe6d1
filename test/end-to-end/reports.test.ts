import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeRepository } from "../support/repository.ts";
import { tinyFiles } from "../support/tiny-suite.ts";
import { endsWith, makePytestRepository, push, readSummary, runIn, useHook } from "../support/verify.ts";

test("a second run is compared with the first, from any linked worktree", async () => {
  const repository = await makePytestRepository();
  await endsWith(0, runIn(repository.root, ["--serial"]));
  const first = await readSummary(repository.root);
  expect(first.history).toEqual({ base: null, serial: null, recent: [], races: [] });

  const linked = join(repository.root, "..", "linked");
  await repository.git("worktree", "add", "--quiet", "-b", "feature", linked);
  await endsWith(0, runIn(linked, ["--fresh"]));
  const { history } = await readSummary(linked);
  expect(history?.base).toMatchObject({ branch: "main", commit: first.commit, seconds: first.seconds });
  expect(history?.serial?.workers).toBe(1);
  expect(history?.recent).toHaveLength(1);
  const { output } = await runIn(repository.root, ["status"]);
  expect(output).toContain("Last runs:");
  expect(output).toMatch(/✔ .* feature .* 1 passed\n.*✔ .* main .* 1 passed/);
});

test("what lies in .verify is told in its README, with links that lead somewhere", async () => {
  const { root } = await makeRepository(tinyFiles());
  await endsWith(0, runIn(root, []));
  const text = await readFile(join(root, ".verify/README.md"), "utf8");
  const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link ?? "");
  expect(links).toEqual(expect.arrayContaining(["summary.md", "pull-request.md", "summary.json", "coverage.lcov"]));
  for (const link of links)
    await expect(readFile(join(root, ".verify", link)).catch(({ code }) => code)).resolves.not.toBe("ENOENT");
});

test("the quick commands of a push are true: the one that takes it back does", async () => {
  const repository = await makeRepository(tinyFiles());
  await repository.git("push", "--quiet", "--no-verify", "origin", "main");
  await useHook(repository);
  await repository.git("checkout", "--quiet", "-b", "feature");
  await repository.write({ "notes.txt": "1\n" });
  await repository.commit("One");
  expect((await push(repository, ["origin", "feature"])).exitCode).toBe(0);
  const before = await repository.remoteCommit("refs/heads/feature");
  await repository.write({ "notes.txt": "2\n" });
  await repository.commit("Two");
  expect((await push(repository, ["origin", "feature"])).exitCode).toBe(0);

  const markdown = await readFile(join(repository.root, ".verify/summary.md"), "utf8");
  const [, command = ""] = /# Take the push back, once it is done\n(git push .*)/.exec(markdown) ?? [];
  await repository.git("-c", "core.hooksPath=/dev/null", ...command.split(" ").slice(1));
  expect(await repository.remoteCommit("refs/heads/feature")).toBe(before);
});
