import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/shared/paths.ts";
import { type Files, makeDirectory, type Repository, writeFiles } from "../support/repository.ts";
import { type Ran, runShell } from "../support/run.ts";
import { makeKey } from "../support/signing.ts";
import { makeTinyRepository, pusherEnvironment, red, tinyFiles } from "../support/tiny-suite.ts";
import { useHook } from "../support/verify.ts";

const hooks = `core.hooksPath=${join(packageRoot, "hooks")}`;

/** Runs shell commands in a directory as a person does, our hook in place. */
function shell(command: string, repository: Repository, directory = repository.root): Promise<Ran> {
  const environment = pusherEnvironment(repository, {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: hooks.split("=")[0],
    GIT_CONFIG_VALUE_0: hooks.split("=")[1],
  });
  return runShell(`set -e\n${command}`, directory, environment);
}

async function makeHooked(files: Files = {}): Promise<Repository> {
  const repository = await makeTinyRepository(files);
  await useHook(repository);
  return repository;
}

/** Publishes a repository's main, and gives a directory for clones of it. */
async function published(files: Files = {}): Promise<{ repository: Repository; beside: string; url: string }> {
  const repository = await makeTinyRepository(files);
  await repository.git("push", "--quiet", "--no-verify", "origin", "main");
  await repository.git("--git-dir", repository.remote, "symbolic-ref", "HEAD", "refs/heads/main");
  await repository.git("--git-dir", repository.remote, "config", "uploadpack.allowFilter", "true");
  return { repository, beside: await makeDirectory(), url: `file://${repository.remote}` };
}

/** Lets a server write what it is told with a push into a file; gives its path. */
async function listeningServer({ remote }: Repository): Promise<string> {
  const told = join(remote, "told");
  const hook = join(remote, "hooks/pre-receive");
  await writeFile(hook, `#!/bin/sh\nprintf '%s ' "\${GIT_PUSH_OPTION_0-}" "\${GIT_PUSH_CERT-}" >'${told}'\n`);
  await chmod(hook, 0o755);
  return told;
}

test("a SHA-256 repository is verified, and its tree known to the hook the next time", async () => {
  const repository = await makeTinyRepository();
  const beside = await makeDirectory();
  await writeFiles(join(beside, "work"), tinyFiles());
  const first = await shell(
    "git init --quiet --bare --object-format=sha256 ../remote.git; git init --quiet --initial-branch=main --object-format=sha256 .; git add --all; git commit --quiet -m Begin --no-verify; git remote add origin ../remote.git; git push origin main",
    repository,
    join(beside, "work"),
  );
  expect(first.output).toContain("✔ Verified: main");
  expect(first.exitCode).toBe(0);
  const second = await shell("git push origin main:other", repository, join(beside, "work"));
  expect(second.output).toContain("pushproof: already verified");
  expect(second.exitCode).toBe(0);
});

test("a push from a shallow clone is verified", async () => {
  const { repository, beside, url } = await published();
  await repository.commit("Second");
  await repository.git("push", "--quiet", "--no-verify", "origin", "main");
  const { output, exitCode } = await shell(
    `git clone --quiet --depth 1 ${url} clone; cd clone; git commit --quiet --allow-empty -m Third; git push origin HEAD:topic`,
    repository,
    beside,
  );
  expect(output).toContain("✔ Verified");
  expect(exitCode).toBe(0);
});

test("a commit whose files a partial clone has not fetched yet is verified with all of them", async () => {
  const { repository, beside, url } = await published({ "src/a.txt": "old\nold\n" });
  const old = await repository.git("rev-parse", "HEAD");
  await repository.write({ "src/a.txt": "new\nnew\n" });
  await repository.commit("Second");
  await repository.git("push", "--quiet", "--no-verify", "origin", "main");
  const { output, exitCode } = await shell(
    `git clone --quiet --filter=blob:none ${url} clone; cd clone; git push origin ${old}:refs/heads/old`,
    repository,
    beside,
  );
  expect(output).toMatch(/in a worktree of its own[\s\S]*✔ Verified/);
  expect(exitCode).toBe(0);
});

test("a worktree of a bare repository is a checkout like any other", async () => {
  const { repository, beside, url } = await published();
  const { output, exitCode } = await shell(
    `git clone --quiet --bare ${url} project.git; git -C project.git worktree add --quiet ../topic; cd topic; git push ${url} HEAD:refs/heads/topic; git push ${url} HEAD:refs/heads/again`,
    repository,
    beside,
  );
  expect(output).toMatch(/in place[\s\S]*✔ Verified[\s\S]*pushproof: already verified/);
  expect(exitCode).toBe(0);
});

test("line ends that git converts on checkout are no drift, in place and in a worktree", async () => {
  const repository = await makeHooked({ ".gitattributes": "*.sh eol=lf\n*.json eol=lf\n*.xml eol=lf\n* text=auto\n" });
  await repository.git("config", "core.autocrlf", "true");
  await shell("rm src/a.txt; git checkout --quiet src/a.txt", repository);
  expect(await readFile(join(repository.root, "src/a.txt"), "utf8")).toContain("\r\n");
  const inPlace = await shell("git push origin main", repository);
  expect(inPlace.output).toMatch(/in place[\s\S]*✔ Verified/);
  await repository.commit("Second");
  await repository.write({ "new.txt": "not committed\n", "report.xml": `${tinyFiles()["report.xml"]}\n` });
  await repository.git("commit", "--quiet", "--message", "Third", "report.xml");
  const elsewhere = await shell("git push origin main", repository);
  expect(elsewhere.output).toMatch(/in a worktree of its own[\s\S]*✔ Verified/);
  expect(elsewhere.exitCode).toBe(0);
});

test("files of git-lfs are there in a worktree, and arrive at the remote with the push", async () => {
  const repository = await makeTinyRepository({
    "suite.sh": `grep -q 'large content' large.bin || exit 1\n${tinyFiles()["suite.sh"]}`,
  });
  const { output, exitCode } = await shell(
    `unset GIT_CONFIG_COUNT; git lfs install --local; git lfs track '*.bin'; echo 'large content' >large.bin
    git add --all; git commit --quiet -m Large; git config ${hooks.replace("=", " ")}; echo new >new.txt; git push origin main`,
    repository,
  );
  expect(output).toMatch(/in a worktree of its own[\s\S]*✔ Verified/);
  expect(exitCode, output).toBe(0);
  expect(await repository.git("cat-file", "blob", "HEAD:large.bin")).toContain(
    "version https://git-lfs.github.com/spec",
  );
  const stored = (await readdir(join(repository.remote, "lfs/objects"), { recursive: true })).filter((path) =>
    /[0-9a-f]{64}$/.test(path),
  );
  expect(stored).toHaveLength(1);
});

test("of an atomic push of which one branch is not verified, nothing arrives", async () => {
  const repository = await makeHooked();
  await repository.git("branch", "good");
  await repository.write(red);
  await repository.commit("Bad");
  const { output, exitCode } = await shell("git push --atomic origin good main", repository);
  expect(output).toContain("✘ Not verified");
  expect(exitCode).not.toBe(0);
  expect(await repository.git("ls-remote", repository.remote)).toBe("");
});

test("an atomic push that is verified arrives as a whole", async () => {
  const repository = await makeHooked();
  await repository.git("branch", "good");
  const { exitCode } = await shell("git push --atomic origin good main", repository);
  expect(exitCode).toBe(0);
  expect((await repository.git("ls-remote", "--heads", repository.remote)).split("\n")).toHaveLength(2);
});

test("a mirror push is verified by all that it brings: a branch that is not stops it", async () => {
  const repository = await makeHooked();
  await repository.git("tag", "v1");
  await repository.git("checkout", "--quiet", "-b", "bad");
  await repository.write(red);
  await repository.commit("Bad");
  await repository.git("checkout", "--quiet", "main");
  const stopped = await shell("git push --mirror origin", repository);
  expect(stopped.output).toContain("✘ Not verified: bad");
  expect(await repository.git("ls-remote", repository.remote)).toBe("");
  await repository.git("branch", "--quiet", "-D", "bad");
  const { exitCode } = await shell("git push --mirror origin", repository);
  expect(exitCode).toBe(0);
  expect(await repository.git("ls-remote", "--refs", repository.remote)).toMatch(/refs\/heads\/main\n.*refs\/tags\/v1/);
});

test("tags that follow a branch are verified with it, once", async () => {
  const repository = await makeHooked();
  await repository.git("tag", "--annotate", "v1", "--message", "The first");
  const { output, exitCode } = await shell("git push --follow-tags origin main", repository);
  expect(output.match(/✔ Verified/g)).toHaveLength(1);
  expect(exitCode).toBe(0);
  expect(await repository.remoteCommit("refs/tags/v1")).toBe(await repository.git("rev-parse", "v1"));
});

test("options of a push reach the server", async () => {
  const repository = await makeHooked();
  await repository.git("--git-dir", repository.remote, "config", "receive.advertisePushOptions", "true");
  const told = await listeningServer(repository);
  const { output, exitCode } = await shell("git push -o ci.skip origin main", repository);
  expect(output).toContain("✔ Verified");
  expect(exitCode).toBe(0);
  expect(await readFile(told, "utf8")).toMatch(/^ci\.skip /);
});

test("a signed push is verified, and its certificate reaches the server", async () => {
  const repository = await makeHooked();
  await repository.git("--git-dir", repository.remote, "config", "receive.certNonceSeed", "a seed");
  const told = await listeningServer(repository);
  const key = await makeKey();
  await repository.git("config", "gpg.format", "ssh");
  await repository.git("config", "user.signingKey", key.file);
  const { output, exitCode } = await shell("git push --signed origin main", repository);
  expect(output).toContain("✔ Verified");
  expect(exitCode, output).toBe(0);
  expect(await readFile(told, "utf8")).toMatch(/ [0-9a-f]{40} $/);
});

test("refs that git keeps in a reftable are read, where git has it (since 2.45)", async () => {
  const repository = await makeTinyRepository();
  const [, minor = "0"] = /2\.(\d+)/.exec(await repository.git("--version")) ?? [];
  const beside = await makeDirectory();
  await writeFiles(join(beside, "work"), tinyFiles());
  const made = await shell(
    `git init --quiet --initial-branch=main --ref-format=reftable .; git add --all; git commit --quiet -m Begin; git push ${repository.remote} main`,
    repository,
    join(beside, "work"),
  );
  if (Number(minor) < 45) expect(made.output).toContain("unknown option `ref-format=reftable'");
  else expect(made.output).toContain("✔ Verified: main");
});
