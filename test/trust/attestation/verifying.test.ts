import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { readEnvelope, signedBytes, writeEnvelope } from "../../../src/trust/attestation/envelope.ts";
import { writeStatement } from "../../../src/trust/attestation/statement.ts";
import { type TrustedSigners, type VerifiedReceipt, verifyEnvelope } from "../../../src/trust/attestation/verifying.ts";
import { makeDirectory } from "../../support/repository.ts";
import { makeKey, signerLine, writeSigners } from "../../support/signing.ts";
import { claim, sign, withPayload } from "./sample.ts";

const run = promisify(execFile);

async function verify(line: string, signers: TrustedSigners): Promise<VerifiedReceipt> {
  return await verifyEnvelope(readEnvelope(line), signers, process.env);
}

describe("a signed receipt", () => {
  it("is believed with the identity that the allowed signers file gives its key", async () => {
    const [key, other] = [await makeKey(), await makeKey()];
    const allowedSigners = await writeSigners(signerLine(other, "bob@example.com"), signerLine(key));
    const verified = await verify(await sign(key), { allowedSigners });
    expect(verified).toEqual({ ...claim, signer: "ada@example.com", fingerprint: key.fingerprint });
  });

  it("can be verified by hand with ssh-keygen, as docs/receipts.md says", async () => {
    const key = await makeKey();
    const directory = await makeDirectory();
    await writeFile(join(directory, "receipt.json"), await sign(key));
    await writeFile(join(directory, "allowed_signers"), `${signerLine(key)}\n`);
    const script = await documentedCommands();
    const shell = spawn("sh", ["-eu"], { cwd: directory });
    shell.stdin.end(script);
    const [output, errors, [code]] = await Promise.all([text(shell.stdout), text(shell.stderr), once(shell, "close")]);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(output).toBe(`Good "verify-receipt@v1" signature for ada@example.com with ED25519 key ${key.fingerprint}\n`);
  });

  it("names its key by the fingerprint that ssh-keygen shows", async () => {
    const key = await makeKey();
    expect(readEnvelope(await sign(key)).keyid).toBe(key.fingerprint);
  });

  it("is not believed once its payload was edited", async () => {
    const key = await makeKey();
    const allowedSigners = await writeSigners(signerLine(key));
    const edited = withPayload(await sign(key), (payload) => payload.replace('"covered":446', '"covered":458'));
    await expect(verify(edited, { allowedSigners })).rejects.toThrow(/one of the two was changed/);
  });

  it("is not believed with a signature of another payload", async () => {
    const key = await makeKey();
    const allowedSigners = await writeSigners(signerLine(key));
    const other = writeStatement({ ...claim, tree: "9".repeat(40) });
    const swapped = writeEnvelope({ ...readEnvelope(await sign(key, other)), payload: writeStatement(claim) });
    await expect(verify(swapped, { allowedSigners })).rejects.toThrow(/one of the two was changed/);
  });

  it("is not believed where its signature was made in another namespace, such as a commit's", async () => {
    const key = await makeKey();
    const message = join(await makeDirectory(), "message");
    await writeFile(message, signedBytes(writeStatement(claim)));
    await run("ssh-keygen", ["-q", "-Y", "sign", "-n", "git", "-f", key.file, message]);
    const signature = await readFile(`${message}.sig`, "utf8");
    const allowedSigners = await writeSigners(`ada@example.com ${key.publicKey}`);
    const line = writeEnvelope({ payload: writeStatement(claim), signature, keyid: "" });
    await expect(verify(line, { allowedSigners })).rejects.toThrow(/made for something else/);
  });

  it("is not believed of a key that is not in the file", async () => {
    const allowedSigners = await writeSigners(signerLine(await makeKey()));
    await expect(verify(await sign(await makeKey()), { allowedSigners })).rejects.toThrow(/not among those in/);
  });

  it("is not believed of a key whose namespaces lack receipts", async () => {
    const key = await makeKey();
    const allowedSigners = await writeSigners(`ada@example.com namespaces="git" ${key.publicKey}`);
    await expect(verify(await sign(key), { allowedSigners })).rejects.toThrow(/may not sign receipts/);
  });

  it("is not believed of an expired key, whatever time the receipt claims", async () => {
    const key = await makeKey();
    const allowedSigners = await writeSigners(signerLine(key, "ada@example.com", 'valid-before="20260201"'));
    expect(claim.verification.endedAt < "2026-02-01").toBe(true);
    await expect(verify(await sign(key), { allowedSigners })).rejects.toThrow("The signer's key has expired.");
  });

  it("is not believed of a key that is not valid yet", async () => {
    const key = await makeKey();
    const allowedSigners = await writeSigners(signerLine(key, "ada@example.com", 'valid-after="20990101"'));
    await expect(verify(await sign(key), { allowedSigners })).rejects.toThrow("The signer's key is not valid yet.");
  });

  it("is not believed of a revoked key, nor where the named list of revoked keys is missing", async () => {
    const key = await makeKey();
    const allowedSigners = await writeSigners(signerLine(key));
    const revoked = `${key.file}.pub`;
    await expect(verify(await sign(key), { allowedSigners, revoked })).rejects.toThrow("The signer's key is revoked.");
    const missing = { allowedSigners, revoked: `${key.file}.none` };
    await expect(verify(await sign(key), missing)).rejects.toThrow(/revoked keys, .*, cannot be read/);
  });

  it("is not believed for another identity than the one that is asked for", async () => {
    const key = await makeKey();
    const allowedSigners = await writeSigners(signerLine(key), signerLine(await makeKey(), "bob@example.com"));
    const asked = { allowedSigners, identity: "bob@example.com" };
    await expect(verify(await sign(key), asked)).rejects.toThrow();
    expect((await verify(await sign(key), { allowedSigners, identity: "ada@example.com" })).signer).toBe(
      "ada@example.com",
    );
  });

  it("is believed of a key that an allowed authority has certified, for the name in the certificate", async () => {
    const [authority, key] = [await makeKey(), await makeKey()];
    await run("ssh-keygen", ["-q", "-s", authority.file, "-I", "1", "-n", "ada@example.com", `${key.file}.pub`]);
    const allowedSigners = await writeSigners(
      `*@example.com cert-authority,namespaces="verify-receipt@v1" ${authority.publicKey}`,
    );
    const line = await sign({ ...key, file: `${key.file}-cert.pub` });
    expect(await verify(line, { allowedSigners })).toMatchObject({ signer: "ada@example.com" });
    await expect(verify(await sign(key), { allowedSigners })).rejects.toThrow(/not among those in/);
  });

  it("is read only after its bytes were verified", async () => {
    const [key, stranger] = [await makeKey(), await makeKey()];
    const allowedSigners = await writeSigners(signerLine(key));
    const noJson = Buffer.from("no JSON at all");
    await expect(verify(await sign(stranger, noJson), { allowedSigners })).rejects.toThrow(/not among those in/);
    await expect(verify(await sign(key, noJson), { allowedSigners })).rejects.toThrow(/payload is not JSON/);
  });
});

/** The commands of the page's section on verifying by hand. */
async function documentedCommands(): Promise<string> {
  const page = await readFile(join(import.meta.dirname, "../../../docs/receipts.md"), "utf8");
  const [, script] = /## By hand\n[\s\S]*?```sh\n([\s\S]*?)```/.exec(page) ?? [];
  if (script === undefined) throw new Error("docs/receipts.md has no commands under “By hand”.");
  return script;
}
