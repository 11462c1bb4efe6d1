import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { RequestError, UnavailableError } from "../../src/errors.ts";
import { git } from "../../src/init/commands.ts";
import { baseBranch, findRoot, repositoryName } from "../../src/init/repository-facts.ts";
import type { World } from "../../src/world.ts";
import { gitEnvironment, makeDirectory, makeRepository, type Repository } from "../support/repository.ts";
import { captureWorld } from "../support/world.ts";

const worldIn = (directory: string, environment = gitEnvironment()): World =>
  captureWorld({ directory, environment }).world;
const baseOf = async (repository: Repository): Promise<string> =>
  await baseBranch(worldIn(repository.root), repository.root);

describe("the base branch", () => {
  it("is what origin calls its HEAD", async () => {
    const repository = await makeRepository({});
    await repository.git("push", "--quiet", "origin", "main:trunk");
    await repository.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk");
    expect(await baseOf(repository)).toBe("trunk");
  });

  it("is main where there is one, whatever is checked out", async () => {
    const repository = await makeRepository({});
    await repository.git("checkout", "--quiet", "-b", "feature");
    expect(await baseOf(repository)).toBe("main");
  });

  it("is master where there is no main", async () => {
    const repository = await makeRepository({});
    await repository.git("branch", "--move", "main", "master");
    await repository.git("checkout", "--quiet", "-b", "feature");
    expect(await baseOf(repository)).toBe("master");
  });

  it("is the one checked out where there is neither", async () => {
    const repository = await makeRepository({});
    await repository.git("branch", "--move", "main", "development");
    expect(await baseOf(repository)).toBe("development");
  });
});

describe("the repository's name", () => {
  it("is the main checkout's in a linked worktree too", async () => {
    const repository = await makeRepository({});
    const worktree = join(repository.root, "..", "feature-x");
    await repository.git("worktree", "add", "--quiet", worktree);
    expect(await repositoryName(worldIn(worktree), worktree)).toBe("work");
  });
});

describe("the root", () => {
  it("is refused where there is no repository", async () => {
    const directory = await makeDirectory();
    await expect(findRoot(worldIn(directory))).rejects.toThrow(
      new RequestError(`${directory} is not in a git repository: run \`git init\` first.`),
    );
  });

  it("is refused in a bare repository", async () => {
    const { remote } = await makeRepository({});
    await expect(findRoot(worldIn(remote))).rejects.toThrow("is a bare repository");
  });

  it.runIf(process.getuid?.() === 0)("is refused where git does not trust the owner", async () => {
    const { root } = await makeRepository({});
    await execa("chown", ["-R", "65534", root]);
    await expect(findRoot(worldIn(root))).rejects.toThrow("git does not trust");
  });

  it("cannot be found without git", async () => {
    const directory = await makeDirectory();
    await expect(findRoot(worldIn(directory, { PATH: directory }))).rejects.toThrow(UnavailableError);
  });

  it("comes with a word where git fails for no reason a user gave", async () => {
    const directory = await makeDirectory();
    await expect(git(worldIn(directory), directory, ["status"])).rejects.toThrow("`git status` failed");
  });
});
