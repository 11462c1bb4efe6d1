import { access, constants, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, RequestError, UnavailableError, UntrustedReceiptError } from "../../shared/errors.ts";
import { runProgram } from "../../shared/exec/run-program.ts";
import { withOwnedDirectory } from "../../shared/owned-directory.ts";
import { plainLine } from "../../shared/text.ts";
import type { Environment } from "../../shared/world.ts";
import { type Envelope, signedBytes } from "./envelope.ts";
import { signatureNamespace } from "./signing.ts";
import { type Claim, readStatement } from "./statement.ts";

/** Whose signatures are believed. The files must not come from the branch that is judged. */
export interface TrustedSigners {
  /** The absolute path of an allowed signers file, see ALLOWED SIGNERS in ssh-keygen(1). */
  readonly allowedSigners: string;
  /** The only identity that is believed; left out, each one in the file. */
  readonly identity?: string | undefined;
  /** The absolute path of revoked keys, a list or a KRL; left out, none is revoked. */
  readonly revoked?: string | undefined;
}

/** A receipt whose signature holds. */
export interface VerifiedReceipt extends Claim {
  /** The identity of the signer, as the allowed signers file names it. */
  readonly signer: string;
  /** The fingerprint of the key that signed. */
  readonly fingerprint: string;
}

/**
 * Verifies an envelope's signature with ssh-keygen and only then reads what it holds. The signer's key must be valid now
 * (valid-after, valid-before, revocation), not at the time that the receipt names: that time is the signer's word, and with
 * a key that expired or was stolen any time can be claimed. Throws UntrustedReceiptError with the reason where it does not
 * hold, RequestError for files that cannot be read, UnavailableError without ssh-keygen.
 */
export async function verifyEnvelope(
  { payload, signature }: Envelope,
  signers: TrustedSigners,
  environment: Environment,
): Promise<VerifiedReceipt> {
  await requireFile(signers.allowedSigners, "allowed signers");
  if (signers.revoked !== undefined) await requireFile(signers.revoked, "revoked keys");
  return await withOwnedDirectory(environment, async (directory) => {
    const file = join(directory, "receipt.sig");
    await writeFile(file, signature);
    const asked = { directory, environment: { ...environment, LC_ALL: "C" }, signature: file };
    const identities =
      signers.identity === undefined ? await findIdentities(signers, asked) : { names: [signers.identity], why: "" };
    let why = identities.why;
    for (const signer of identities.names) {
      const holds = await verify(payload, { ...signers, identity: signer }, asked);
      if (holds.fingerprint !== null) return { ...readStatement(payload), signer, fingerprint: holds.fingerprint };
      why = holds.why;
      if (signers.revoked === undefined) continue;
      // ssh-keygen does not say that a key is revoked.
      const otherwise = await verify(payload, { ...signers, identity: signer, revoked: undefined }, asked);
      if (otherwise.fingerprint !== null) throw new UntrustedReceiptError("The signer's key is revoked.");
    }
    throw new UntrustedReceiptError(explain(why, signers.allowedSigners));
  });
}

/**
 * The claim of an envelope whose signature is whole, and the fingerprint of the key that made it, whoever that is: enough to
 * show a receipt, not to believe it. Throws UntrustedReceiptError where the signature is not whole.
 */
export async function checkEnvelope(
  { payload, signature }: Envelope,
  environment: Environment,
): Promise<Omit<VerifiedReceipt, "signer">> {
  return await withOwnedDirectory(environment, async (directory) => {
    const file = join(directory, "receipt.sig");
    await writeFile(file, signature);
    const words = ["-Y", "check-novalidate", "-n", signatureNamespace, "-s", file] as const;
    const place = { directory, environment: { ...environment, LC_ALL: "C" }, input: signedBytes(payload) };
    const { exitCode, stdout, stderr, startError } = await runProgram(["ssh-keygen", ...words], place);
    if (startError !== null) throw new UnavailableError(noSshKeygen);
    const [, fingerprint] = /^Good "\S+" signature with \S+ key (\S+)$/m.exec(stdout) ?? [];
    if (exitCode !== 0 || fingerprint === undefined) throw new UntrustedReceiptError(explain(stderr || stdout, ""));
    return { ...readStatement(payload), fingerprint };
  });
}

interface Asked {
  readonly directory: string;
  readonly environment: Environment;
  /** The signature's file. */
  readonly signature: string;
}

/** The identities that have the signature's key; empty where none has, with ssh-keygen's reason. */
async function findIdentities(
  { allowedSigners }: TrustedSigners,
  { signature, ...place }: Asked,
): Promise<{ readonly names: readonly string[]; readonly why: string }> {
  const words = ["-Y", "find-principals", "-s", signature, "-f", allowedSigners] as const;
  const { exitCode, stdout, stderr, startError } = await runProgram(["ssh-keygen", ...words], place);
  if (startError !== null) throw new UnavailableError(noSshKeygen);
  const names = stdout.split(/\r?\n/).filter(Boolean);
  return { names: exitCode === 0 ? names : [], why: stderr };
}

/** The fingerprint of the key that signed, where the signature holds; otherwise null, with ssh-keygen's reason. */
async function verify(
  payload: Buffer,
  { allowedSigners, identity = "", revoked }: TrustedSigners,
  { signature, ...place }: Asked,
): Promise<{ readonly fingerprint: string | null; readonly why: string }> {
  const revocation = revoked === undefined ? [] : ["-r", revoked];
  const words = ["-f", allowedSigners, "-I", identity, "-n", signatureNamespace, ...revocation, "-s", signature];
  const input = signedBytes(payload);
  const end = await runProgram(["ssh-keygen", "-Y", "verify", ...words], { ...place, input });
  if (end.startError !== null) throw new UnavailableError(noSshKeygen);
  const good = new RegExp(`^Good "${signatureNamespace}" signature for .* with \\S+ key (\\S+)$`, "m").exec(end.stdout);
  return { fingerprint: (end.exitCode === 0 && good?.[1]) || null, why: end.stderr || end.stdout };
}

const noSshKeygen = "ssh-keygen cannot be started: install OpenSSH (Debian: openssh-client).";

async function requireFile(path: string, what: string): Promise<void> {
  await access(path, constants.R_OK).catch((error: unknown) => {
    throw new RequestError(`The file of ${what}, ${path}, cannot be read: ${messageOf(error)}.`);
  });
}

/** Why no signer was found, or why the signature of one does not hold. */
function explain(output: string, allowedSigners: string): string {
  if (/has expired/.test(output)) return "The signer's key has expired.";
  if (/not yet valid/.test(output)) return "The signer's key is not valid yet.";
  if (/not permitted for use in signature namespace/.test(output))
    return `The signer's key may not sign receipts: its namespaces in ${allowedSigners} lack ${signatureNamespace}.`;
  if (/namespace/.test(output)) return `The signature was made for something else than ${signatureNamespace}.`;
  if (/No principal matched/.test(output)) return `Its signer is not among those in ${allowedSigners}.`;
  if (/incorrect signature|Signature verification failed/.test(output))
    return "The signature does not belong to what it is beside: one of the two was changed.";
  return `The signature does not hold: ${plainLine(output).replace(/\.$/, "") || "ssh-keygen refuses it"}.`;
}
