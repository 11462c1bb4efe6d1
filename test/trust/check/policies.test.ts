import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configDigest, parseConfig } from "../../../src/config/parse.ts";
import { signerLine } from "../../support/signing.ts";
import { configFile, type Outcome } from "../../support/verify.ts";
import { config, type Scene, sceneMaker } from "./support.ts";

const makeScene = sceneMaker();

/** Publishes a good receipt of HEAD, then checks. */
async function checkProven(scene: Scene, ...words: readonly string[]): Promise<Outcome> {
  await scene.publish([await scene.receipt()]);
  return await scene.check(words);
}

describe("the base branch's policy", () => {
  it("lets nothing stand where it is missing", async () => {
    const scene = await makeScene();
    await scene.changeMain({ ".verify-policy.json": null });
    const { code, output } = await checkProven(scene);
    expect(output).toMatch(/is not verified\. main \(\w{7}\) has no \.verify-policy\.json, so no receipt counts\.\n$/);
    expect(code).toBe(1);
  });

  it("is invalid as a symbolic link, even to a policy", async () => {
    const scene = await makeScene();
    await scene.git("checkout", "--quiet", "main");
    await scene.git("mv", ".verify-policy.json", "policy.json");
    await symlink("policy.json", join(scene.root, ".verify-policy.json"));
    await scene.commit("Linked");
    await scene.git("push", "--quiet", "origin", "main");
    const { code, errors } = await checkProven(scene, "feature");
    expect(errors).toMatch(/^\.verify-policy\.json of main \(\w{7}\) is a symbolic link: commit the file itself\.\n$/);
    expect(code).toBe(2);
  });

  it("is invalid with what is no JSON, or no key of ours", async () => {
    const scene = await makeScene();
    await scene.changePolicy("{");
    const broken = await checkProven(scene);
    expect(broken.errors).toMatch(/^\.verify-policy\.json of main \(\w{7}\) is not JSON: /);
    expect(broken.code).toBe(2);
    await scene.changePolicy({ freshPath: [] });
    const unknown = await scene.check();
    expect(unknown.errors).toContain('unknown key "freshPath": did you mean "freshPaths"?');
    expect(unknown.code).toBe(2);
  });

  it("is invalid where the signers that it names are missing, or nobody", async () => {
    const scene = await makeScene();
    await scene.changeMain({ "trust/signers": "# nobody yet\n\n" });
    const empty = await checkProven(scene);
    expect(empty.errors).toMatch(/^trust\/signers of main \(\w{7}\) names nobody: /);
    expect(empty.code).toBe(2);
    await scene.changeMain({ "trust/signers": null });
    const missing = await scene.check();
    expect(missing.errors).toContain('"allowedSigners" names trust/signers, which is not there');
    expect(missing.code).toBe(2);
  });

  it("does not believe a key that has expired, or that it revokes", async () => {
    const scene = await makeScene();
    await scene.changeMain({
      "trust/signers": `${signerLine(scene.key, "ada@example.com", 'valid-before="20260101"')}\n`,
    });
    const expired = await checkProven(scene);
    expect(expired.output).toContain("The signer's key has expired.");
    expect(expired.code).toBe(1);
    await scene.changeMain({
      "trust/signers": `${signerLine(scene.key)}\n`,
      "trust/revoked": `${scene.key.publicKey}\n`,
    });
    expect((await scene.check()).code).toBe(0);
    await scene.changePolicy({ revokedKeys: "trust/revoked" });
    const revoked = await scene.check();
    expect(revoked.output).toContain("The signer's key is revoked.");
    expect(revoked.code).toBe(1);
  });

  it("is invalid with a list of revoked keys that ssh-keygen would not read", async () => {
    const scene = await makeScene({ policy: { revokedKeys: "trust/revoked" } });
    const good = `# Left in May\n\n${scene.stranger.publicKey} eve@example.com\r\n`;
    await scene.changeMain({ "trust/revoked": `${good}${scene.key.fingerprint}\n` });
    const { code, errors } = await checkProven(scene);
    expect(errors).toMatch(/^trust\/revoked of main \(\w{7}\): line 4 is no whole public key, /);
    expect(code).toBe(2);
    await scene.changeMain({ "trust/revoked": `${scene.stranger.publicKey.slice(0, -4)}\n` });
    expect((await scene.check()).errors).toMatch(/line 1 is no whole public key, /);
    await scene.changeMain({ "trust/revoked": good });
    expect((await scene.check()).code).toBe(0);
  });

  it("lets no receipt stand for files that ask for a fresh run, deleted ones included", async () => {
    const scene = await makeScene({ policy: { freshPaths: ["src/**"] } });
    const { code, output } = await checkProven(scene);
    expect(output).toContain("asks for a fresh run: src/sums.py differs from it");
    expect(code).toBe(1);
    await scene.git("rm", "--quiet", "src/sums.py");
    await scene.commit("Gone");
    expect((await checkProven(scene)).output).toContain("src/sums.py differs from it");
    await scene.write({ "src/sums.py": "one\n", "README.md": "Other\n" });
    await scene.commit("As it was");
    expect((await checkProven(scene)).code).toBe(0);
  });
});

describe("files that ask for a fresh run", () => {
  it("do so also where a link or a submodule leads to them", async () => {
    const scene = await makeScene({ policy: { freshPaths: ["db/migrations", "lib/*.sql"] } });
    await scene.write({ "other/migrations/1.txt": "1\n" });
    await symlink("other", join(scene.root, "db"));
    await scene.commit("A link");
    expect((await checkProven(scene)).output).toContain("asks for a fresh run: db differs from it");
    await scene.git("rm", "--quiet", "db");
    await scene.git("update-index", "--add", "--cacheinfo", `160000,${scene.began},lib`);
    await scene.git("commit", "--quiet", "--no-verify", "--message", "A submodule");
    expect((await checkProven(scene)).output).toContain("asks for a fresh run: lib differs from it");
  });
});

describe("the base branch's configuration", () => {
  it("is what the receipt's is compared with: a branch that weakens it does not stand", async () => {
    const scene = await makeScene();
    const weakened = { ...config, coverage: { lines: 10 } };
    await scene.write({ "verify.config.json": configFile(weakened) });
    await scene.commit("Less");
    const sha256 = configDigest(parseConfig(weakened, "verify.config.json"));
    const configuration = { file: "verify.config.json", digest: { sha256 } };
    await scene.publish([await scene.receipt({ verification: { configuration } })]);
    const { code, output } = await scene.check();
    expect(output).toContain(`digest ${sha256}) is not the base branch's`);
    expect(code).toBe(1);
    await scene.changePolicy({ configuration: ["base", sha256] });
    expect((await scene.check()).code).toBe(0);
  });

  it("may be YAML, or a part of package.json; it is the first of the places that counts", async () => {
    const scene = await makeScene();
    const { suites, database } = config;
    const file = JSON.stringify({ name: "shop", verify: { suites, database } });
    await scene.changeMain({ "verify.config.json": null, "package.json": file });
    expect((await checkProven(scene)).code).toBe(0);
    await scene.changeMain({ "verify.config.yaml": "suites:\n  - { name: a, runner: pytest, command: pytest }\n" });
    expect((await scene.check()).output).toContain("is not the base branch's");
  });

  it("is not run where it is a program, so that nothing stands unless its digest is named", async () => {
    const scene = await makeScene();
    const ran = join(scene.root, "../ran");
    const program = `require("node:fs").writeFileSync(${JSON.stringify(ran)}, "");\nmodule.exports = {};\n`;
    await scene.changeMain({ "verify.config.json": null, "verify.config.js": program });
    await scene.write({ "verify.config.js": program });
    await scene.commit("The same");
    const { code, output } = await checkProven(scene);
    expect(output).toContain("as verify.config.js is a program, which is not run for this");
    expect(code).toBe(1);
    await expect(writeFile(ran, "", { flag: "wx" })).resolves.toBeUndefined();
  });
});

describe("a commit that is on the base branch", () => {
  it("stands under the policy that was there before it, and under the one it brings", async () => {
    const scene = await makeScene();
    await scene.git("checkout", "--quiet", "main");
    await scene.git("merge", "--quiet", "--squash", "feature");
    await scene.commit("Squashed");
    await scene.git("push", "--quiet", "origin", "main");
    await scene.publish([await scene.receipt()]);
    const { code, output } = await scene.check(["--json"], { directory: await scene.shallowClone("main") });
    expect(JSON.parse(output).bases.map(({ name }: { name: string }) => name)).toEqual([
      "main",
      "main before the push",
    ]);
    expect(code).toBe(0);
  });

  it("is not proven by a signer that it brings itself", async () => {
    const scene = await makeScene();
    const both = [signerLine(scene.key), signerLine(scene.stranger, "eve@example.com")];
    await scene.changeMain({ "trust/signers": `${both.join("\n")}\n` });
    await scene.git("checkout", "--quiet", "main");
    await scene.publish([await scene.receipt({ key: scene.stranger })]);
    const { code, output } = await scene.check([], { directory: await scene.shallowClone("main") });
    expect(output).toMatch(/not among those in trust\/signers of main before the push/);
    expect(code).toBe(1);
  });

  it("is not proven by a signer that an earlier commit of the same push brings, where CI tells what was before", async () => {
    const scene = await makeScene();
    const before = await scene.git("rev-parse", "main");
    const both = [signerLine(scene.key), signerLine(scene.stranger, "eve@example.com")];
    await scene.changeMain({ "trust/signers": `${both.join("\n")}\n` });
    await scene.changeMain({ "src/sums.py": "three\n" });
    await scene.git("checkout", "--quiet", "main");
    await scene.publish([await scene.receipt({ key: scene.stranger })]);
    const event = join(scene.root, "../event.json");
    await writeFile(event, JSON.stringify({ before }));
    const github = { GITHUB_EVENT_NAME: "push", GITHUB_REF: "refs/heads/main", GITHUB_EVENT_PATH: event };
    expect((await scene.check([], { environment: github })).code).toBe(1);
    const gitlab = { CI_COMMIT_BRANCH: "main", CI_COMMIT_BEFORE_SHA: before };
    expect((await scene.check([], { environment: gitlab })).code).toBe(1);
    await scene.publish([await scene.receipt()]);
    expect((await scene.check([], { environment: github })).code).toBe(0);
    expect((await scene.check([], { environment: gitlab })).code).toBe(0);
  });

  it("is not proven where CI does not tell what was before", async () => {
    const scene = await makeScene();
    await scene.git("checkout", "--quiet", "main");
    const github = { GITHUB_EVENT_NAME: "push", GITHUB_REF: "refs/heads/main", GITHUB_EVENT_PATH: "/nowhere" };
    await scene.publish([await scene.receipt()]);
    const { code, output } = await scene.check([], { environment: github });
    expect(output).toContain(
      "It is not known what main was before this push, so there is no policy to judge by: it takes a run.",
    );
    expect(code).toBe(1);
  });
});
