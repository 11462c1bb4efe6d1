import { chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { gitLine, gitLineOrNull } from "../../src/git/client.ts";
import { openRepository } from "../../src/git/repository.ts";
import { RequestError, UnavailableError } from "../../src/shared/errors.ts";
import { open } from "../push/support.ts";
import { gitEnvironment, makeDirectory, makeRepository } from "../support/repository.ts";
import { captureWorld } from "../support/world.ts";

test("the repository is found from a subdirectory", async () => {
  const repository = await makeRepository({ "src/deep/a.txt": "one\n" });
  expect(await open(repository, join(repository.root, "src/deep"))).toMatchObject({
    root: repository.root,
    commonDirectory: join(repository.root, ".git"),
  });
});

test("outside of a repository one sentence says what to do", async () => {
  const directory = await makeDirectory();
  const { world } = captureWorld({ directory, environment: gitEnvironment() });
  await expect(openRepository(world)).rejects.toThrow(
    `${directory} is not in a git checkout: run this in a repository, or begin one with \`git init\`.`,
  );
  await expect(openRepository(world)).rejects.toThrow(RequestError);
});

test("a bare repository has no checkout", async () => {
  const { remote } = await makeRepository({ "a.txt": "one\n" });
  const { world } = captureWorld({ directory: remote, environment: gitEnvironment() });
  await expect(openRepository(world)).rejects.toThrow("is not in a git checkout");
});

test("without git on PATH it is git that is missing, not the repository", async () => {
  const directory = await makeDirectory();
  await mkdir(join(directory, "empty"));
  const environment = { ...gitEnvironment(), PATH: join(directory, "empty") };
  const { world } = captureWorld({ directory, environment });
  await expect(openRepository(world)).rejects.toThrow(UnavailableError);
  await expect(openRepository(world)).rejects.toThrow("git cannot be started: it is not on PATH.");
});

// Only root can give a directory away.
test.runIf(process.getuid?.() === 0)("a repository of another user is told from none", async () => {
  const repository = await makeRepository({ "a.txt": "one\n" });
  for (const path of [repository.root, join(repository.root, ".git")]) await chown(path, 65_534, 65_534);
  await expect(open(repository)).rejects.toThrow(UnavailableError);
  await expect(open(repository)).rejects.toThrow(`git config --global --add safe.directory ${repository.root}`);
});

test("git speaks English and asks nobody, whatever the environment says", async () => {
  const repository = await makeRepository({ "a.txt": "one\n" });
  const environment = {
    ...repository.environment,
    LC_ALL: "de_DE.UTF-8",
    LANGUAGE: "de",
    EDITOR: "false",
    PAGER: "false",
  };
  const { git } = await openRepository(captureWorld({ directory: repository.root, environment }).world);
  await expect(gitLine(git, "rev-parse", "--verify", "nowhere")).rejects.toThrow("Needed a single revision");
});

test("a question that git answers with no gives null, even without a word of git's", async () => {
  const { git } = await open(await makeRepository({ "a.txt": "one\n" }));
  expect(await gitLineOrNull(git, "rev-parse", "--quiet", "--verify", "nowhere")).toBeNull();
  expect(await gitLineOrNull(git, "rev-parse", "--abbrev-ref", "HEAD")).toBe("main");
});
