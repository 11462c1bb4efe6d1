import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Files, Repository } from "../support/repository.ts";
import { runShell } from "../support/run.ts";
import { copiedByTests } from "../support/shared-run.ts";
import { linkProgram, makeTinyRepository, pusherEnvironment, pushTiny, red } from "../support/tiny-suite.ts";
import { runIn } from "../support/verify.ts";

const listed: Files = {
  "package.json": '{ "private": true, "devDependencies": { "husky": "9", "pushproof": "*" } }\n',
};

const installed = copiedByTests(async (files: Files, atEnd) => {
  const repository = await makeTinyRepository({ ...listed, ...files }, atEnd);
  const { code, errors } = await runIn(repository.root, ["init"], { environment: pusherEnvironment(repository) });
  expect(code, errors).toBe(0);
  await repository.write(red);
  await repository.commit("Fails");
  return repository;
});

/** A repository whose main fails, in which init has installed the hook through husky. */
const makeInstalled = (files: Files = {}): Promise<Repository> => installed(files);

/** Checks out a branch of before the hook and the configuration. */
async function checkOutOld(repository: Repository): Promise<void> {
  await repository.git("checkout", "--quiet", "-b", "old", "main~");
  expect(await repository.git("ls-files", ".husky")).toBe("");
}

/** What `npm install` does in a checkout whose packages are there: the prepare script. */
async function install(directory: string, repository: Repository): Promise<void> {
  const ran = await runShell("npm run prepare --silent", directory, pusherEnvironment(repository));
  expect(ran.exitCode, ran.output).toBe(0);
}

describe("where .husky/pre-push is not in the checkout", () => {
  test("a failing main is stopped, pushed from a branch older than the hook", async () => {
    const repository = await makeInstalled();
    await checkOutOld(repository);
    const { exitCode, first, output } = await pushTiny(repository);
    expect(exitCode).toBe(1);
    expect(first).toMatch(/^✔ Checkout: main at /);
    expect(output).toContain("✘ Not verified: main at ");
    expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
  });

  test("also after the packages were installed again on a newer branch", async () => {
    const repository = await makeInstalled();
    await install(repository.root, repository);
    await checkOutOld(repository);
    expect((await pushTiny(repository)).exitCode).toBe(1);
    expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
  });

  test("also where an old branch has a hook of its own there: it still runs, with git's lines", async () => {
    const theirs = 'while read -r ref rest; do echo "theirs got $ref"; done\n';
    const repository = await makeInstalled({ ".husky/pre-push": theirs });
    await repository.git("checkout", "--quiet", "-b", "old", "main~");
    const stopped = await pushTiny(repository);
    expect(stopped.exitCode).toBe(1);
    expect(stopped.output).toContain("✘ Not verified: main at ");
    expect(stopped.output).not.toContain("theirs got");
    expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
    const passed = await pushTiny(repository, "origin old");
    expect(passed.output).toMatch(/✔ Verified: old at [\s\S]*theirs got refs\/heads\/old/);
    expect(passed.exitCode).toBe(0);
    const doctor = await runIn(repository.root, ["doctor"], { environment: pusherEnvironment(repository) });
    expect(doctor.output).toContain("✔ hook: .husky/_/pre-push runs pushproof");
  });

  test("a push from a newer branch sees to it, where husky was installed without us", async () => {
    const repository = await makeInstalled();
    const huskyAlone = "rm .husky/_/pre-push && node_modules/.bin/husky";
    await runShell(huskyAlone, repository.root, pusherEnvironment(repository));
    await pushTiny(repository);
    await checkOutOld(repository);
    expect((await pushTiny(repository)).exitCode).toBe(1);
    expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
  });

  test("a branch without a configuration is refused, with the reason and the way around", async () => {
    const repository = await makeInstalled();
    await checkOutOld(repository);
    await repository.git("rm", "--quiet", "verify.config.json");
    await repository.commit("Without");
    const { exitCode, output } = await pushTiny(repository, "origin old");
    expect(exitCode).toBe(1);
    expect(output).toMatch(/has no verify\.config\.json/);
    expect(output).toContain("Push stopped; nothing was sent. Bypass with `git push --no-verify`.");
    expect(await repository.remoteCommit("refs/heads/old")).toBeNull();
  });

  test("a failing commit is stopped in a teammate's sparse checkout", async () => {
    const repository = await makeInstalled();
    await repository.git("push", "--quiet", "--no-verify", "origin", "main~:refs/heads/main");
    await repository.git("push", "--quiet", "--no-verify", "origin", "main:failing");
    const clone = join(repository.root, "../sparse");
    await repository.git("clone", "--quiet", "--sparse", "--branch", "failing", `file://${repository.remote}`, clone);
    await linkProgram(clone);
    await install(clone, repository);
    const before = await repository.remoteCommit("refs/heads/main");
    const { exitCode, output } = await pushTiny(repository, "origin failing:main", { directory: clone });
    expect(exitCode).toBe(1);
    expect(output).toContain("✘ Not verified: failing at ");
    expect(await repository.remoteCommit("refs/heads/main")).toBe(before);
  });

  test("a push that brings nothing passes at once, as git itself says so", async () => {
    const repository = await makeInstalled();
    await repository.git("push", "--quiet", "--no-verify", "origin", "main");
    for (const branch of ["main", "old"]) {
      if (branch === "old") await checkOutOld(repository);
      expect(await pushTiny(repository)).toMatchObject({
        exitCode: 0,
        first: "pushproof: nothing new is pushed, nothing to verify.",
      });
    }
  });

  test("the push is stopped where the packages are gone, with what to do", async () => {
    const repository = await makeInstalled();
    await checkOutOld(repository);
    await rm(join(repository.root, "node_modules/pushproof"));
    const { exitCode, output } = await pushTiny(repository);
    expect(exitCode).toBe(1);
    expect(output).toContain("pushproof is not installed here, so nothing was verified and nothing is pushed");
    expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
  });

  test("HUSKY=0 switches husky's hooks off, ours with them", async () => {
    const repository = await makeInstalled();
    await checkOutOld(repository);
    expect((await pushTiny(repository, "origin main", { environment: { HUSKY: "0" } })).exitCode).toBe(0);
  });
});

describe("verify prepare", () => {
  test("leaves husky's other hooks, and hooks that are not husky's", async () => {
    const repository = await makeInstalled();
    const generated = join(repository.root, ".husky/_");
    const before = await readFile(join(generated, "pre-commit"), "utf8");
    await runIn(repository.root, ["prepare"], { environment: pusherEnvironment(repository) });
    expect(await readFile(join(generated, "pre-commit"), "utf8")).toBe(before);
    await repository.git("config", "core.hooksPath", ".githooks");
    await writeFile(join(generated, "pre-push"), "theirs");
    await runIn(repository.root, ["prepare"], { environment: pusherEnvironment(repository) });
    expect(await readFile(join(generated, "pre-push"), "utf8")).toBe("theirs");
  });

  test("ends well and without a word where there is no repository", async () => {
    const repository = await makeTinyRepository();
    const outside = join(repository.root, "../outside");
    await mkdir(outside);
    const { code, errors } = await runIn(outside, ["prepare"], { environment: pusherEnvironment(repository) });
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
  });
});

describe("git-lfs", () => {
  const lfsHook = (name: string): string =>
    `#!/bin/sh\ncommand -v git-lfs >/dev/null 2>&1 || { printf >&2 "\\n%s\\n\\n" "git-lfs was not found"; exit 2; }\ngit lfs ${name} "$@"\n`;

  /** Lets a program called git-lfs say what it was called with, before a repository installs its hooks. */
  async function withLfs(repository: Repository) {
    const bin = join(repository.root, "../bin");
    await mkdir(bin, { recursive: true });
    const program = '#!/bin/sh\necho "git-lfs $*: $(cat)" >&2\n';
    await writeFile(join(bin, "git-lfs"), program, { mode: 0o755 });
    return { PATH: `${bin}:${process.env.PATH}` };
  }

  async function installLfs(directory: string, names: readonly string[]): Promise<void> {
    await mkdir(join(directory, ".git/hooks"), { recursive: true });
    for (const name of names) {
      await writeFile(join(directory, ".git/hooks", name), lfsHook(name), { mode: 0o755 });
    }
  }

  test("still gets its hooks after init, with git's lines, and only for what is verified", async () => {
    const repository = await makeTinyRepository(listed);
    const environment = await withLfs(repository);
    await installLfs(repository.root, ["pre-push", "post-checkout"]);
    const { code, errors } = await runIn(repository.root, ["init"], {
      environment: pusherEnvironment(repository, environment),
    });
    expect(code, errors).toBe(0);
    await repository.commit("Verify pushes");
    const passed = await pushTiny(repository, "origin main", { environment });
    expect(passed.output).toMatch(/✔ Verified: main[\s\S]*git-lfs pre-push origin \S+: refs\/heads\/main /);
    expect(passed.output.match(/git-lfs pre-push/g)).toHaveLength(1);
    expect(passed.exitCode).toBe(0);
    const switched = await runShell("git checkout -b x", repository.root, pusherEnvironment(repository, environment));
    expect(switched.output).toContain("git-lfs post-checkout");
    await repository.write(red);
    await repository.commit("Fails");
    const stopped = await pushTiny(repository, "origin x", { environment });
    expect(stopped.exitCode).toBe(1);
    expect(stopped.output).not.toContain("git-lfs pre-push");
  });

  test.each([
    ["that has to be verified", false],
    ["that is proven already", true],
  ])("runs from git's own directory in a teammate's clone, for a push %s", async (_what, isProven) => {
    const repository = await makeInstalled();
    await repository.write({
      "report.xml": '<testsuite><testcase name="t" file="suite.sh" time="0.01"/></testsuite>\n',
    });
    await repository.commit("Passes");
    await repository.git("push", "--quiet", "--no-verify", "origin", "main");
    const clone = join(repository.root, "../clone");
    await repository.git("clone", "--quiet", repository.remote, clone);
    await installLfs(clone, ["pre-push"]);
    await linkProgram(clone);
    await install(clone, repository);
    const environment = await withLfs(repository);
    if (isProven) await pushTiny(repository, "origin main:first", { directory: clone, environment });
    const { exitCode, output } = await pushTiny(repository, "origin main:second", { directory: clone, environment });
    expect(exitCode).toBe(0);
    expect(output).toContain(isProven ? "pushproof: already verified" : "✔ Verified: main");
    expect(output.match(/git-lfs pre-push origin \S+: refs\/heads\/main \w+ refs\/heads\/second/g)).toHaveLength(1);
  });

  test("stops the push where it fails", async () => {
    const repository = await makeInstalled({});
    await repository.git("reset", "--quiet", "--hard", "HEAD~");
    await runIn(repository.root, ["init"], { environment: pusherEnvironment(repository) });
    await repository.commit("Verify pushes");
    await installLfs(repository.root, ["pre-push"]);
    const { PATH } = await withLfs(repository);
    await writeFile(join(repository.root, "../bin/git-lfs"), "#!/bin/sh\nexit 5\n", { mode: 0o755 });
    const { exitCode, output } = await pushTiny(repository, "origin main", { environment: { PATH } });
    expect(output).toContain("✔ Verified: main");
    expect(exitCode).toBe(1);
    expect(await repository.remoteCommit("refs/heads/main")).toBeNull();
  });
});
