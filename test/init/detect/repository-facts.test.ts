import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { baseBranch, repositoryName } from "../../../src/init/detect/repository-facts.ts";
import { open } from "../../push/support.ts";
import { makeRepository, type Repository } from "../../support/repository.ts";

const baseOf = async (repository: Repository): Promise<string> => await baseBranch(await open(repository));

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
    expect(repositoryName(await open(repository, worktree))).toBe("work");
  });
});
