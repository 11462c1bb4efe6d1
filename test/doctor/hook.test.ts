import { existsSync } from "node:fs";
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { askHook, examineHook } from "../../src/doctor/hook.ts";
import { openRepository } from "../../src/git/repository.ts";
import { hookFile } from "../../src/init/hook/file.ts";
import { packageRoot } from "../../src/shared/paths.ts";
import type { Environment } from "../../src/shared/world.ts";
import type { Files, Repository } from "../support/repository.ts";
import { runShell } from "../support/run.ts";
import { makeTinyRepository, pusherEnvironment } from "../support/tiny-suite.ts";
import { captureWorld } from "../support/world.ts";

const ours = 'sh node_modules/pushproof/hooks/pre-push "$@"';
const block = hookFile(null, { script: "node_modules/pushproof/hooks/pre-push", install: "npm install" });
/** What another hook in the chain would do; it must not be done for a question. */
const sideEffect = "touch done";

async function ask(repository: Repository, more: Environment = {}) {
  const environment = pusherEnvironment(repository, more);
  const { world } = captureWorld({ directory: repository.root, environment });
  const answer = await askHook(await openRepository(world), world);
  expect(existsSync(join(repository.root, "done"))).toBe(false);
  expect(existsSync(join(repository.root, ".verify"))).toBe(false);
  return answer;
}

/** A repository with a hook in git's own directory. */
async function withOwnHook(script: string): Promise<Repository> {
  const repository = await makeTinyRepository();
  await writeHook(repository, ".git/hooks/pre-push", script);
  return repository;
}

async function writeHook(repository: Repository, path: string, script: string): Promise<void> {
  await mkdir(dirname(join(repository.root, path)), { recursive: true });
  await writeFile(join(repository.root, path), script);
  await chmod(join(repository.root, path), 0o755);
}

/** A repository whose husky is installed, with or without our shim. */
async function withHusky(files: Files, prepares = false): Promise<Repository> {
  const repository = await makeTinyRepository(files);
  const command = `node_modules/.bin/husky${prepares ? " && node_modules/.bin/verify prepare" : ""}`;
  await runShell(command, repository.root, pusherEnvironment(repository));
  return repository;
}

describe("what git executes before a push", () => {
  test("is nothing where there is no hook", async () => {
    expect(await ask(await makeTinyRepository())).toMatchObject({
      asked: false,
      text: "nothing runs pushproof before a push",
    });
  });

  test("is not a file that may not be executed", async () => {
    const repository = await withOwnHook(`#!/bin/sh\n${ours}\n`);
    await chmod(join(repository.root, ".git/hooks/pre-push"), 0o644);
    expect(await ask(repository)).toMatchObject({ asked: false, remedy: "chmod +x .git/hooks/pre-push" });
  });

  test.each([
    ["our block", block + sideEffect, ".git/hooks/pre-push runs pushproof"],
    [
      "our command first",
      `#!/bin/sh\n# a comment\n${ours} || exit $?\n${sideEffect}\n`,
      ".git/hooks/pre-push runs pushproof",
    ],
    ["our command alone", `#!/bin/sh\nexec ${ours}\n`, ".git/hooks/pre-push runs pushproof"],
    [
      "our command after others",
      `#!/bin/sh\n${sideEffect}\n${ours}\n`,
      ".git/hooks/pre-push runs pushproof after other commands (read, not run)",
    ],
    [
      "our block after others",
      `#!/bin/sh\n${sideEffect}\n${block}`,
      "runs pushproof after other commands (read, not run)",
    ],
  ])("gets to us by %s, and nothing else is done for the question", async (_what, script, text) => {
    const answer = await ask(await withOwnHook(script));
    expect(answer.asked).toBe(true);
    expect(answer.text).toContain(text);
  });

  test.each([
    ["never names us", `#!/bin/sh\n${sideEffect}\n`, "nothing in it runs pushproof"],
    ["only names us in a comment", `#!/bin/sh\n# ${ours}\n`, "nothing in it runs pushproof"],
    ["ends before us", `#!/bin/sh\n${sideEffect}\nexit 0\n${ours}\n`, "nothing in it runs pushproof"],
    ["goes on where we fail", `#!/bin/sh\n${ours}\n${sideEffect}\n`, "runs pushproof and goes on where it fails"],
    [
      "calls a file that is not there",
      `#!/bin/sh\nsh gone/pushproof/hooks/pre-push "$@" || exit $?\n`,
      "does not get to pushproof",
    ],
  ])("does not get to us where it %s", async (_what, script, text) => {
    const answer = await ask(await withOwnHook(script));
    expect(answer).toMatchObject({ asked: false });
    expect(answer.text).toContain(text);
  });

  test("is our own script where core.hooksPath leads to it, or a link does", async () => {
    const repository = await makeTinyRepository();
    await repository.git("config", "core.hooksPath", join(packageRoot, "hooks"));
    expect((await ask(repository)).asked).toBe(true);
    await repository.git("config", "--unset", "core.hooksPath");
    await mkdir(join(repository.root, ".git/hooks"), { recursive: true });
    await symlink("../../node_modules/pushproof/hooks/pre-push", join(repository.root, ".git/hooks/pre-push"));
    expect((await ask(repository)).asked).toBe(true);
  });

  test("is what core.hooksPath of the user's own configuration leads to", async () => {
    const repository = await withOwnHook(block);
    const global = join(repository.root, "../gitconfig");
    await writeFile(global, "[core]\n\thooksPath = /nowhere\n");
    expect(await ask(repository, { GIT_CONFIG_GLOBAL: global })).toMatchObject({
      asked: false,
      text: "core.hooksPath leads to /nowhere, where there is no pre-push hook",
    });
  });

  test("is husky's, which gets to us by the file in the repository", async () => {
    const repository = await withHusky({ ".husky/pre-push": block + sideEffect });
    expect(await ask(repository)).toEqual({ asked: true, text: ".husky/pre-push runs pushproof" });
  });

  test("is husky's, which passes where that file is not in the checkout, until our shim is there", async () => {
    const repository = await withHusky({});
    const answer = await ask(repository);
    expect(answer.text).toBe(
      ".husky/pre-push is not in this checkout, and husky lets every push pass where it is missing",
    );
    expect(answer.remedy).toContain("`npx verify prepare`");
    expect(await ask(await withHusky({}, true))).toEqual({ asked: true, text: ".husky/_/pre-push runs pushproof" });
  });

  test("is nothing where husky is switched off, or the packages are not installed", async () => {
    const repository = await withHusky({ ".husky/pre-push": block });
    expect((await ask(repository, { HUSKY: "0" })).text).toContain("HUSKY=0 is set");
    await rm(join(repository.root, "node_modules/pushproof"));
    expect((await ask(repository)).text).toContain("It says: husky - pre-push script failed (code 1)");
  });

  test("is nothing where the repository has a hook for husky, which is not installed", async () => {
    const repository = await makeTinyRepository({ ".husky/pre-push": block });
    const answer = await ask(repository);
    expect(answer.text).toContain("husky is not installed in this checkout");
    expect(answer.remedy).toBe("Run `npm install` here.");
  });

  test("is nothing where a manager is configured, which is not installed", async () => {
    const repository = await makeTinyRepository({ "lefthook.yml": "pre-push: {}\n" });
    expect((await ask(repository)).text).toBe("lefthook.yml is there, but git does not run lefthook before a push");
  });
});

describe("what git no longer executes", () => {
  const findings = async (repository: Repository): Promise<string[]> => {
    const { world } = captureWorld({ directory: repository.root, environment: pusherEnvironment(repository) });
    return (await examineHook(await openRepository(world), world)).map(({ text }) => text);
  };

  test("is named, samples and git-lfs's aside", async () => {
    const repository = await withHusky({ ".husky/pre-push": block });
    expect(await findings(repository)).toHaveLength(1);
    await writeHook(repository, ".git/hooks/commit-msg", "#!/bin/sh\n");
    await writeHook(repository, ".git/hooks/pre-push", '#!/bin/sh\ngit lfs pre-push "$@"\n');
    await writeHook(repository, ".git/hooks/pre-rebase.sample", "#!/bin/sh\n");
    expect(await findings(repository)).toEqual([
      ".husky/pre-push runs pushproof",
      "git does not run .git/hooks/commit-msg, since core.hooksPath leads to .husky/_",
    ]);
  });

  test("is git-lfs's, where the repository uses it and no hook runs it", async () => {
    const repository = await withHusky({ ".husky/pre-push": block, ".gitattributes": "*.bin filter=lfs\n" });
    expect(await findings(repository)).toContain(
      "this repository uses Git LFS, and nothing uploads its objects before a push",
    );
    await repository.write({ ".husky/pre-push": `${block}git lfs pre-push "$@"\n` });
    expect(await findings(repository)).toHaveLength(1);
  });
});
