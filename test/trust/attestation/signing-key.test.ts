import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { quote } from "../../../src/shared/shell.ts";
import { readEnvelope } from "../../../src/trust/attestation/envelope.ts";
import { verifyEnvelope } from "../../../src/trust/attestation/verifying.ts";
import { runShell } from "../../support/run.ts";
import { makeKey, signerLine, type TestKey, writeSigners } from "../../support/signing.ts";
import { makeSigningScene, type SigningScene } from "../signing-scene.ts";

/** What must hold after signing: there is an envelope, and it is of that key. */
async function expectSignedBy(scene: SigningScene, key: TestKey): Promise<void> {
  const envelope = readEnvelope((await scene.store.envelopeOf(scene.tree)) ?? "");
  const allowedSigners = await writeSigners(signerLine(key));
  expect(await verifyEnvelope(envelope, { allowedSigners }, process.env)).toMatchObject({ signer: "ada@example.com" });
}

/** An ssh-agent of the test's own that has the key, whose private file is gone. */
async function startAgent(key: TestKey): Promise<{ SSH_AUTH_SOCK: string }> {
  const socket = `${key.file}.agent`;
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void agent.kill());
  await once(agent.stdout, "data");
  const added = await runShell(`ssh-add -q ${quote(key.file)}`, "/", { ...process.env, SSH_AUTH_SOCK: socket });
  expect(added).toEqual({ exitCode: 0, output: "" });
  await rm(key.file);
  return { SSH_AUTH_SOCK: socket };
}

test("user.signingKey may name the public half, with the private one beside it", async () => {
  const scene = await makeSigningScene();
  await scene.git("config", "user.signingKey", `${scene.key.file}.pub`);
  expect(await scene.sign()).toMatchObject({ fingerprint: scene.key.fingerprint });
  await expectSignedBy(scene, scene.key);
});

test("user.signingKey may begin with ~/", async () => {
  const scene = await makeSigningScene();
  await copyFile(scene.key.file, join(scene.root, "../key"));
  await chmod(join(scene.root, "../key"), 0o600);
  await scene.git("config", "user.signingKey", "~/key");
  expect(await scene.sign({ environment: { HOME: join(scene.root, "..") } })).toMatchObject({
    fingerprint: scene.key.fingerprint,
  });
});

test.each([
  ["the public half in a file", (key: TestKey) => `${key.file}.pub`],
  ["the key itself", (key: TestKey) => key.publicKey],
  ["the key itself behind key::", (key: TestKey) => `key::${key.publicKey}`],
])("a key that only an agent has signs, where user.signingKey is %s", async (_what, setting) => {
  const scene = await makeSigningScene();
  const environment = await startAgent(scene.key);
  await scene.git("config", "user.signingKey", setting(scene.key));
  expect(await scene.sign({ environment })).toMatchObject({ fingerprint: scene.key.fingerprint });
  await expectSignedBy(scene, scene.key);
});

test("without user.signingKey, the first key that gpg.ssh.defaultKeyCommand prints signs", async () => {
  const scene = await makeSigningScene();
  const environment = await startAgent(scene.key);
  await scene.git("config", "--unset", "user.signingKey");
  await scene.git("config", "gpg.ssh.defaultKeyCommand", "ssh-add -L");
  expect(await scene.sign({ environment })).toMatchObject({ fingerprint: scene.key.fingerprint });
  await expectSignedBy(scene, scene.key);
});

test("an agent that lacks the key is named, with what adds it", async () => {
  const scene = await makeSigningScene();
  const environment = await startAgent(await makeKey());
  await scene.git("config", "user.signingKey", `key::${scene.key.publicKey}`);
  expect(await scene.sign({ environment })).toMatchObject({
    note: "The receipt is not signed, so it stays here: no ssh-agent has the key: `ssh-add` adds it.",
  });
});

test.each([
  [
    "a file that is not there",
    ["user.signingKey", "/nowhere/key"],
    /\/nowhere\/key, git's user\.signingKey, does not exist/,
  ],
  ["what is no key", ["user.signingKey", "key::nonsense"], /user\.signingKey is no SSH key\. /],
  [
    "a program that does nothing",
    ["gpg.ssh.program", "/bin/true"],
    /\/bin\/true made no signature, and did not say why/,
  ],
  ["OpenPGP", ["gpg.format", "openpgp"], /git signs with openpgp\. Receipts need an SSH key/],
  [
    "a program that is not there",
    ["gpg.ssh.program", "/nowhere/sign"],
    /\/nowhere\/sign, git's gpg\.ssh\.program, cannot be started/,
  ],
])("a set-up with %s is told, and the receipt stays here", async (_what, setting, why) => {
  const scene = await makeSigningScene();
  await scene.git("config", ...setting);
  expect(await scene.sign()).toMatchObject({ note: expect.stringMatching(why) });
  expect(await scene.store.envelopeOf(scene.tree)).toBeNull();
});

test("a key's file that others may read is told as that, not as one that an agent lacks", async () => {
  const scene = await makeSigningScene();
  await chmod(scene.key.file, 0o644);
  expect(await scene.sign({ environment: { SSH_AUTH_SOCK: undefined } })).toMatchObject({
    note: expect.stringContaining("the key is not used, as others may read its file: `chmod 600`"),
  });
});

test("a security key is said to be touched, once, and gpg.ssh.program makes the signature", async () => {
  const scene = await makeSigningScene();
  // What `ssh-keygen -t ed25519-sk` writes as the public half; only a security key could sign with it.
  const part = (text: string | Buffer): Buffer =>
    Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)]);
  const type = "sk-ssh-ed25519@openssh.com";
  const blob = Buffer.concat([part(type), part(Buffer.alloc(32, 7)), part("ssh:")]).toString("base64");
  // In the place of the security key, a program that signs with another one.
  const program = join(scene.root, "../sign");
  const call = `#!/bin/sh\nfor last; do :; done\nexec ssh-keygen -Y sign -n verify-receipt@v1 -f ${quote(scene.key.file)} "$last"\n`;
  await writeFile(program, call, { mode: 0o755 });
  await scene.git("config", "gpg.ssh.program", program);
  await scene.git("config", "user.signingKey", `key::${type} ${blob}`);
  expect(await scene.sign()).toMatchObject({ touches: 1, fingerprint: expect.stringMatching(/^SHA256:/) });
  await expectSignedBy(scene, scene.key);
});
