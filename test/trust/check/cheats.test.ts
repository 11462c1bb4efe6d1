import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { readEnvelope, signedBytes, writeEnvelope } from "../../../src/trust/attestation/envelope.ts";
import { makeDirectory, writeFiles } from "../../support/repository.ts";
import { signerLine } from "../../support/signing.ts";
import { configFile } from "../../support/verify.ts";
import { withPayload } from "../attestation/sample.ts";
import { type Scene, sceneMaker, sharedScene } from "./support.ts";

const makeScene = sceneMaker();

const run = promisify(execFile);

const shared = sharedScene();

describe("a receipt is refused that", () => {
  it("was signed by somebody whom the base branch does not name", async () => {
    const scene = await shared();
    await refuse(scene, [await scene.receipt({ key: scene.stranger })], /not among those in trust\/signers of main/);
  });

  it("has an edited payload", async () => {
    const scene = await shared();
    const edited = withPayload(await scene.receipt(), (text) => text.replace('"covered":446', '"covered":458'));
    await refuse(scene, [edited], /one of the two was changed/);
  });

  it("was signed in another namespace, such as a commit's", async () => {
    const scene = await shared();
    const { payload } = readEnvelope(await scene.receipt());
    const message = join(await makeDirectory(), "message");
    await writeFile(message, signedBytes(payload));
    await run("ssh-keygen", ["-q", "-Y", "sign", "-n", "git", "-f", scene.key.file, message]);
    const { stdout: signature } = await run("cat", [`${message}.sig`]);
    await refuse(scene, [writeEnvelope({ payload, signature, keyid: "" })], /made for something else/);
  });

  it("names a trusted key as its keyid and was signed by another", async () => {
    const scene = await shared();
    const envelope = readEnvelope(await scene.receipt({ key: scene.stranger }));
    await refuse(scene, [writeEnvelope({ ...envelope, keyid: scene.key.fingerprint })], /not among those in/);
  });

  it("is of another tree", async () => {
    const scene = await shared();
    const tree = await scene.git("rev-parse", "main^{tree}");
    await refuse(scene, [await scene.receipt({ tree })], /it is for the tree \w{7}, not for \w{7}/);
  });

  it("has two signatures, two payloads, or a key twice", async () => {
    const scene = await shared();
    const line = await scene.receipt();
    const { payload, signatures, payloadType } = JSON.parse(line);
    const stranger = JSON.parse(await scene.receipt({ key: scene.stranger }));
    const two = [...signatures, ...stranger.signatures];
    await refuse(scene, [JSON.stringify({ payload, payloadType, signatures: two })], /not an envelope of a receipt/);
    await refuse(scene, [line.replace('"payload":', `"payload":"e30=","payload":`)], /has the key "payload" twice/);
    await refuse(scene, [JSON.stringify({ payload: [payload, payload], payloadType, signatures })], /not an envelope/);
  });

  it("holds two statements, or a predicate's key twice, though its signature holds", async () => {
    const scene = await shared();
    const { payload } = readEnvelope(await scene.receipt());
    const text = payload.toString("utf8");
    const signed = async (changed: string): Promise<string> => await scene.signed(Buffer.from(changed));
    await refuse(scene, [await signed(`[${text},${text}]`)], /not one of a receipt/);
    await refuse(scene, [await signed(text + text)], /is not JSON/);
    await refuse(
      scene,
      [await signed(text.replace('"result":', '"result":"FAILED","result":'))],
      /"predicate.result" twice/,
    );
    await refuse(scene, [await signed(text.replace('"PASSED"', '"FAILED"'))], /not one of a receipt/);
  });

  it("is no JSON, is empty, or lies among more texts than are looked at", async () => {
    const scene = await shared();
    await refuse(scene, ["garbage", "{}", "null", ""], /is not JSON|not an envelope/);
    await refuse(scene, [], /no receipt on origin/);
    await refuse(scene, [`{"\u001b[2J${"x".repeat(500_000)}":1}`], /^✘ \P{Cc}{100,1100}\n$/u);
    await refuse(scene, ["[".repeat(900_000)], /is not JSON/);
    const many = Array.from({ length: 1000 }, (_, index) => `{"number":${index}}`);
    await refuse(scene, many, /999 others do not count either; only 100 were looked at/);
  });

  it("is larger than receipts are", async () => {
    const scene = await shared();
    await refuse(scene, [`${" ".repeat(2_000_000)}${await scene.receipt()}`], /is not JSON/);
  });
});

it("a good receipt counts beside garbage and beside others that do not", async () => {
  const scene = await shared();
  const old = await scene.receipt({ verification: { version: "0.1.0" } });
  await scene.publish(["garbage", old, await scene.receipt({ key: scene.stranger }), await scene.receipt()]);
  expect((await scene.check()).code).toBe(0);
});

describe("what the branch brings along does not count:", () => {
  it("signers and a policy of its own", async () => {
    const scene = await makeScene();
    const signers = `${signerLine(scene.stranger, "eve@example.com")}\n`;
    await scene.write({
      "trust/signers": signers,
      ".verify-policy.json": configFile({
        repository: scene.began,
        allowedSigners: "trust/signers",
        configuration: ["base"],
      }),
    });
    await scene.commit("Trust me");
    await scene.git("push", "--quiet", "origin", "feature");
    await refuse(scene, [await scene.receipt({ key: scene.stranger })], /not among those in trust\/signers of main/);
    const clone = await scene.shallowClone();
    expect((await scene.check([], { directory: clone })).code).toBe(1);
  });

  it("a target branch of its own, which has another policy", async () => {
    const scene = await makeScene();
    await scene.git("checkout", "--quiet", "-b", "target");
    await scene.write({ "trust/signers": `${signerLine(scene.stranger, "eve@example.com")}\n` });
    await scene.commit("Trust me");
    await scene.git("push", "--quiet", "origin", "target");
    await scene.git("checkout", "--quiet", "feature");
    await scene.publish([await scene.receipt({ key: scene.stranger })]);
    const { code, output } = await scene.check([], { environment: { GITHUB_BASE_REF: "target" } });
    expect(output).toContain("not among those in trust/signers of main");
    expect(code).toBe(1);
    // Whoever writes the workflow may say so.
    expect((await scene.check(["--base", "target"])).code).toBe(0);
  });

  it("a local branch or a remote-tracking one of the base's name", async () => {
    const scene = await makeScene();
    await scene.write({ "trust/signers": `${signerLine(scene.stranger, "eve@example.com")}\n` });
    await scene.commit("Trust me");
    await scene.git("update-ref", "refs/heads/main", "HEAD");
    await scene.git("update-ref", "refs/remotes/origin/main", "HEAD");
    await refuse(scene, [await scene.receipt({ key: scene.stranger })], /not among those in/);
  });

  it("programs of the names of git and ssh-keygen, where npm and npx look first", async () => {
    const scene = await makeScene();
    const evil = `#!/bin/sh\ntouch '${scene.root}/../ran'\necho 'Good "verify-receipt@v1" signature for eve with ED25519 key SHA256:x'\nexit 0\n`;
    for (const name of ["node_modules/.bin", "tools"]) {
      for (const program of ["git", "ssh-keygen", "ssh"]) {
        await writeFiles(scene.root, { [`${name}/${program}`]: evil });
        await run("chmod", ["+x", join(scene.root, name, program)]);
      }
    }
    await scene.publish([await scene.receipt({ key: scene.stranger })]);
    const PATH = `${scene.root}/node_modules/.bin:${scene.root}/tools:tools::${scene.environment.PATH}`;
    const { code } = await scene.check([], { environment: { PATH } });
    expect(code).toBe(1);
    await expect(run("ls", [`${scene.root}/../ran`])).rejects.toThrow();
  });

  it("git's settings, hooks, aliases and programs in the checkout, but for the way to the remote", async () => {
    const scene = await makeScene();
    const program = join(scene.root, "../evil");
    await writeFile(program, `#!/bin/sh\ntouch '${program}.ran'\nexit 0\n`, { mode: 0o755 });
    for (const key of [
      "gpg.ssh.program",
      "core.fsmonitor",
      "core.pager",
      "alias.ls-remote",
      "alias.fetch",
      "diff.external",
      "core.editor",
      "uploadpack.packObjectsHook",
    ]) {
      await scene.git("config", key, program);
    }
    await scene.git("config", "core.hooksPath", "hooks");
    await scene.git("config", "remote.origin.vcs", "evil");
    await scene.git("config", "gpg.ssh.allowedSignersFile", `${scene.stranger.file}.pub`);
    await mkdir(join(scene.root, "hooks"));
    await scene.publish([await scene.receipt({ key: scene.stranger })]);
    expect((await scene.check()).code).toBe(1);
    await scene.publish([await scene.receipt()]);
    expect((await scene.check()).code).toBe(0);
    await expect(run("ls", [`${program}.ran`])).rejects.toThrow();
  });

  it("a replaced commit, tree or graft", async () => {
    const scene = await makeScene();
    const [head, proven] = [await scene.git("rev-parse", "HEAD"), await scene.git("rev-parse", "main")];
    await scene.publish(
      [await scene.receipt({ tree: await scene.git("rev-parse", "main^{tree}") })],
      await scene.git("rev-parse", "main^{tree}"),
    );
    await scene.git("replace", head, proven);
    await writeFile(join(scene.root, ".git/info/grafts"), `${head} ${proven}\n`);
    const { code, output } = await scene.check();
    expect(output).toContain(`${head.slice(0, 7)} is not verified. There is no receipt`);
    expect(code).toBe(1);
  });

  it("a tag of the name of a branch that is asked about", async () => {
    const scene = await makeScene();
    await scene.publish([await scene.receipt()]);
    await scene.git("checkout", "--quiet", "-b", "next");
    await scene.write({ "src/sums.py": "three\n" });
    await scene.commit("Unproven");
    await scene.git("tag", "next", "feature");
    const { code, errors } = await scene.check(["next"]);
    expect(errors).toContain('"next" is a branch and something else here: say refs/heads/next or a commit\'s id.');
    expect(code).toBe(2);
    expect((await scene.check(["refs/heads/next"])).code).toBe(1);
    expect((await scene.check(["refs/tags/next"])).code).toBe(0);
  });

  it("variables of git that lead elsewhere", async () => {
    const scene = await makeScene();
    const other = await makeScene();
    await other.publish([await other.receipt()]);
    const environment = {
      GIT_DIR: join(other.root, ".git"),
      GIT_WORK_TREE: other.root,
      GIT_OBJECT_DIRECTORY: join(other.root, ".git/objects"),
      GIT_EXEC_PATH: "/nowhere",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "remote.origin.url",
      GIT_CONFIG_VALUE_0: other.remote,
      GIT_CONFIG_PARAMETERS: `'remote.origin.url'='${other.remote}'`,
      GIT_NAMESPACE: "x",
    };
    const { code, output } = await scene.check([], { environment });
    expect(output).toContain(`${await scene.git("rev-parse", "--short=7", "HEAD")} is not verified`);
    expect(code).toBe(1);
  });
});

/** Publishes texts as the receipts of HEAD, and expects that the program refuses with such a reason. */
async function refuse(scene: Scene, lines: readonly string[], why: RegExp): Promise<void> {
  await scene.publish(lines);
  const { code, output, errors } = await scene.check();
  expect(output + errors).toMatch(why);
  expect(code).toBe(1);
}
