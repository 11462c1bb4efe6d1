import { execFile } from "node:child_process";
import { cp, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../src/shared/paths.ts";
import type { Environment } from "../../src/shared/world.ts";
import { makeDirectory } from "../support/repository.ts";
import { type Ran, runShell } from "../support/run.ts";
import { outputsIn, sceneMaker } from "../trust/check/support.ts";

const makeScene = sceneMaker();

const run = promisify(execFile);

describe("verify check", () => {
  it("says in one line who proved the commit, and when, with what", async () => {
    const scene = await makeScene();
    await scene.publish([await scene.receipt()]);
    const { code, output, errors } = await scene.check();
    expect(output).toMatch(
      /^✔ \w{7} is verified\. By ada@example\.com, 1 min ago with pushproof \d+\.\d+\.\d+: 806 tests, 97\.37\d* % of lines covered\.\n$/,
    );
    expect(errors).toBe("");
    expect(code).toBe(0);
  });

  it("says in one line why a commit is not proven", async () => {
    const scene = await makeScene();
    const { code, output, errors } = await scene.check();
    expect(output).toMatch(/^✘ \w{7} is not verified\. There is no receipt on origin for its tree \w{7}\.\n$/);
    expect(errors).toBe("");
    expect(code).toBe(1);
  });

  it("proves every commit of the same tree: a merge, a squash, an amended message, a shallow clone", async () => {
    const scene = await makeScene();
    await scene.publish([await scene.receipt()]);
    await scene.git("checkout", "--quiet", "-b", "merged", "main");
    await scene.git("merge", "--quiet", "--no-ff", "--message", "Merge", "feature");
    expect((await scene.check()).code).toBe(0);
    await scene.git("checkout", "--quiet", "-B", "squashed", "main");
    await scene.git("merge", "--quiet", "--squash", "feature");
    await scene.commit("Squashed");
    expect((await scene.check(["squashed"])).code).toBe(0);
    await scene.git("commit", "--quiet", "--amend", "--no-verify", "--message", "Amended");
    expect((await scene.check()).code).toBe(0);
    expect((await scene.check([], { directory: await scene.shallowClone() })).code).toBe(0);
    await scene.write({ "other.txt": "more\n" });
    await scene.commit("More");
    expect((await scene.check()).code).toBe(1);
  });

  it("gives JSON with the bases that judged and the receipt", async () => {
    const scene = await makeScene();
    await scene.publish([await scene.receipt()]);
    const { output } = await scene.check(["--json"]);
    const [commit, tree, base] = await Promise.all(
      ["HEAD", "HEAD^{tree}", "main"].map((name) => scene.git("rev-parse", name)),
    );
    expect(JSON.parse(output)).toMatchObject({
      schema: 1,
      verified: true,
      commit,
      tree,
      remote: "origin",
      bases: [{ name: "main", commit: base }],
      receipt: { signer: "ada@example.com", fingerprint: scene.key.fingerprint, verification: { mode: "complete" } },
    });
  });

  it("sets the outputs of a step on GitHub Actions, whatever the answer, without anything that a shell would run", async () => {
    const scene = await makeScene({ policy: { freshPaths: ["ci/**"] } });
    const file = join(scene.root, "../outputs");
    const outputs = async (): Promise<Record<string, string>> => {
      await writeFile(file, "");
      await scene.check([], { environment: { GITHUB_OUTPUT: file } });
      return await outputsIn(file);
    };
    expect(await outputs()).toEqual({
      verified: "false",
      reason: expect.stringMatching(/^There is no receipt on origin for its tree \w{7}\.$/),
    });
    await scene.publish([await scene.receipt()]);
    expect(await outputs()).toEqual({ verified: "true", reason: expect.stringMatching(/^By ada@example\.com, /) });
    await scene.write({ "ci/`id`$(id)\nverified=true": "x\n" });
    await scene.commit("Names");
    const { verified, reason, ...more } = await outputs();
    expect(verified).toBe("false");
    expect(reason).toMatch(/^main \w{7} asks for a fresh run: ci\/idid verified=true differs/);
    expect(more).toEqual({});
    await scene.changePolicy("{");
    expect((await outputs()).verified).toBe("false");
  });

  it("has failed where the outputs cannot be written", async () => {
    const scene = await makeScene();
    await scene.publish([await scene.receipt()]);
    const { code, output } = await scene.check([], { environment: { GITHUB_OUTPUT: "/nowhere/at/all" } });
    expect(code).toBe(3);
    expect(output).toBe("");
  });

  it("ends with 3 where the remote does not answer, and says what git said", async () => {
    const scene = await makeScene();
    await scene.publish([await scene.receipt()]);
    await rename(scene.remote, `${scene.remote}.gone`);
    const { code, output, errors } = await scene.check();
    expect(errors).toMatch(
      /^origin could not be asked, so nothing is proven: .*remote\.git' does not appear to be a git/,
    );
    expect(output).toBe("");
    expect(code).toBe(3);
    expect(JSON.parse((await scene.check(["--json"])).output)).toMatchObject({ verified: false });
    await scene.git("remote", "set-url", "origin", "https://ada:secret@127.0.0.1:1/x.git");
    const unreachable = await scene.check();
    expect(unreachable.code).toBe(3);
    expect(unreachable.errors).not.toContain("secret");
  });

  it("ends with 2 for a commit, a remote or a base that is not there", async () => {
    const scene = await makeScene();
    const answers = await Promise.all([
      scene.check(["nothing"]),
      scene.check(["--remote", "upstream"]),
      scene.check(["--base", "nothing"]),
      scene.check(["--base", ""]),
    ]);
    expect(answers.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
    expect(answers[3]?.errors).toBe("--base is empty: name the branch, such as main.\n");
    expect(answers[1]?.errors).toBe('There is no remote "upstream". Known: origin.\n');
    expect(answers[2]?.errors).toBe('origin has no branch "nothing", whose policy is asked for.\n');
    await scene.git("remote", "rename", "origin", "one");
    await scene.git("remote", "add", "two", "elsewhere");
    expect((await scene.check()).errors).toMatch(/which remote to ask: name one by --remote. Known: one, two\.\n$/);
    await scene.git("remote", "remove", "one");
    await scene.git("remote", "remove", "two");
    expect((await scene.check()).errors).toMatch(/^This repository has no remote to ask/);
  });

  it("changes nothing of a checkout, also of a shallow one, and leaves nothing behind", async () => {
    const scene = await makeScene();
    await scene.publish([await scene.receipt()]);
    const clone = await scene.shallowClone();
    const state = async (): Promise<string> => {
      const words =
        "git for-each-ref; git rev-list --all --objects; git config --list; cat .git/shallow; find .git | sort";
      return (await run("sh", ["-c", words], { cwd: clone, env: scene.environment })).stdout;
    };
    const [before, temporary] = [await state(), await makeDirectory()];
    const environment = { TMPDIR: temporary };
    expect((await scene.check([], { directory: clone, environment })).code).toBe(0);
    expect(await state()).toBe(before);
    expect(await readdir(temporary)).toEqual([]);
  });

  it("asks a remote of git's older protocol, which gives refs alone", async () => {
    const scene = await makeScene();
    await scene.publish([await scene.receipt()]);
    const settings = join(scene.root, "../settings");
    await writeFile(settings, "[protocol]\n\tversion = 0\n");
    expect((await scene.check([], { environment: { GIT_CONFIG_GLOBAL: settings } })).code).toBe(0);
  });

  it("asks a remote that sends files one by one, and one whose address is relative", async () => {
    const scene = await makeScene();
    await scene.publish([await scene.receipt()]);
    await run("git", ["--git-dir", scene.remote, "config", "uploadpack.allowFilter", "true"]);
    expect((await scene.check()).code).toBe(0);
    await scene.git("remote", "set-url", "origin", "../remote.git");
    expect((await scene.check()).code).toBe(0);
  });

  it("is asked about a checkout elsewhere, and outside of one says so", async () => {
    const scene = await makeScene();
    await scene.publish([await scene.receipt()]);
    const elsewhere = await makeDirectory();
    expect((await scene.check(["-C", scene.root], { directory: elsewhere })).code).toBe(0);
    const { code, errors } = await scene.check([], { directory: elsewhere });
    expect(errors).toContain("is not in a git checkout");
    expect(code).toBe(2);
    const missing = await scene.check(["-C", "nowhere"]);
    expect(missing.errors).toBe(`${scene.root}/nowhere is not there: -C names the checkout.\n`);
    expect(missing.code).toBe(2);
  });

  it("warns on CI where the branch that is judged installs the program itself", async () => {
    const scene = await makeScene();
    await scene.publish([await scene.receipt()]);
    const installed = join(scene.root, "node_modules/pushproof");
    for (const part of ["package.json", "dist"]) {
      await cp(join(packageRoot, part), join(installed, part), { recursive: true });
    }
    const check = (environment: Environment): Promise<Ran> =>
      runShell(`node ${installed}/dist/main.js check`, scene.root, { ...scene.environment, ...environment });
    expect((await check({ CI: "true" })).output).toMatch(/^This pushproof was installed by the branch that it judges/);
    expect((await check({ CI: undefined })).output).toMatch(/^✔ /);
    expect((await scene.check([], { environment: { CI: "true" } })).errors).toBe("");
  });

  it("reaches the remote by the checkout's own settings for it", async () => {
    const scene = await makeScene();
    await scene.publish([await scene.receipt()]);
    await scene.git("remote", "set-url", "origin", "team:shop.git");
    expect((await scene.check()).code).toBe(3);
    await scene.git("config", `url.${scene.remote}.insteadOf`, "team:shop.git");
    expect((await scene.check()).code).toBe(0);
  });
});
