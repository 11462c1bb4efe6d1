import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UnavailableError } from "../../shared/errors.ts";
import { runProgram } from "../../shared/exec/run-program.ts";
import { withOwnedDirectory } from "../../shared/owned-directory.ts";
import { plainLine } from "../../shared/text.ts";
import type { Environment, World } from "../../shared/world.ts";
import { type Envelope, signedBytes } from "./envelope.ts";
import type { SigningKey } from "./signing-key.ts";

/** The namespace of the signatures: one made for a commit, or anything else, is none for a receipt. */
export const signatureNamespace = "verify-receipt@v1";

/** How long a touch, or an agent's question, is awaited, in seconds. */
const patience = 60;

/**
 * Signs a statement's bytes as git signs a commit: the key of an agent first, then the key's file. Nothing is asked for on
 * the terminal, which a hook shares with git. Throws UnavailableError, with the remedy, where there is no signature.
 */
export async function signStatement(
  payload: Buffer,
  { program, key, fingerprint }: SigningKey,
  { environment, signal }: Pick<World, "environment" | "signal">,
): Promise<Envelope> {
  return await withOwnedDirectory(environment, async (directory) => {
    const message = join(directory, "receipt");
    await writeFile(message, signedBytes(payload));
    const isLiteral = "literal" in key;
    const file = isLiteral ? join(directory, "key.pub") : key.file;
    if (isLiteral) await writeFile(file, `${key.literal}\n`);
    const words = ["-Y", "sign", "-n", signatureNamespace, "-f", file, ...(isLiteral ? ["-U"] : []), message] as const;
    const begun = Date.now();
    const { exitCode, output, startError } = await runProgram([program, ...words], {
      directory,
      environment: withoutQuestions(environment),
      signal,
      timeout: patience * 1000,
      // Without the terminal, where a passphrase would be asked for.
      ownGroup: true,
    });
    if (startError !== null) throw new UnavailableError(`${program}, git's gpg.ssh.program, cannot be started.`);
    const signature = await readFile(`${message}.sig`, "utf8").catch(() => "");
    if (exitCode !== 0 || signature === "")
      throw new UnavailableError(explain(output, { program, isLate: Date.now() - begun >= patience * 1000 }));
    return { payload, signature: signature.replaceAll("\r\n", "\n"), keyid: fingerprint };
  });
}

/** The environment for ssh-keygen: it asks for no passphrase, in no window either, and its messages are English. */
function withoutQuestions({ SSH_ASKPASS: _askpass, ...environment }: Environment): Environment {
  return { ...environment, SSH_ASKPASS_REQUIRE: "never", LC_ALL: "C" };
}

/** What went wrong, in one sentence, and what helps. */
function explain(output: string, { program, isLate }: { program: string; isLate: boolean }): string {
  // Before what ssh-keygen does next, which is to look for the key in an agent.
  if (/UNPROTECTED PRIVATE KEY/.test(output))
    return "The key is not used, as others may read its file: `chmod 600` on it.";
  if (/incorrect passphrase|passphrase supplied/.test(output))
    return "The key has a passphrase, which is not asked for in a hook: `ssh-add` gives it to an agent.";
  if (/Couldn't (get agent socket|find key in agent)|No private key found/i.test(output))
    return "No ssh-agent has the key: `ssh-add` adds it.";
  const said = plainLine(output).replace(/\.$/, "");
  if (said !== "") return `${program} made no signature: ${said}.`;
  return `${program} made no signature${isLate ? ` within ${patience} s` : ", and did not say why"}.`;
}
