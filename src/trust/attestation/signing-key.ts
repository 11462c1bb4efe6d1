import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { gitLineOrNull } from "../../git/client.ts";
import type { Repository } from "../../git/repository.ts";
import { runProgram } from "../../shared/exec/run-program.ts";
import { plainLine } from "../../shared/text.ts";
import type { Environment } from "../../shared/world.ts";

/** The key that git signs with. */
export interface SigningKey {
  /** `ssh-keygen`, or what `gpg.ssh.program` names. */
  readonly program: string;
  /** The absolute path of a key's file, private or public; or a public key itself, whose other half an agent has. */
  readonly key: { readonly file: string } | { readonly literal: string };
  /** Such as "SHA256:AJ22…". */
  readonly fingerprint: string;
  /** Whether it lies in a security key, which is to be touched. */
  readonly needsTouch: boolean;
}

/** Why there is no key: a clause that follows "because", and what helps, a sentence. */
export interface NoSigningKey {
  readonly why: string;
  readonly remedy: string;
}

/** The public halves of keys as ssh-keygen names them, the best first. */
const usualKeys = ["id_ed25519.pub", "id_ed25519_sk.pub", "id_ecdsa.pub", "id_ecdsa_sk.pub", "id_rsa.pub"];

/** How to let git sign with an SSH key, with one that the user has. */
function setUp({ HOME = "" }: Environment): string {
  const found = usualKeys.find((name) => existsSync(join(HOME, ".ssh", name)));
  const make = found === undefined ? "`ssh-keygen -t ed25519` makes one; then " : "";
  return `To sign: ${make}\`git config --global gpg.format ssh\` and \`git config --global user.signingKey ~/.ssh/${found ?? "id_ed25519.pub"}\`.`;
}

/** A command that prints keys asks an agent at most. */
const commandTimeout = 10_000;

/**
 * The SSH key of the user's own git set-up, as git itself finds it (gpg-interface.c): `user.signingKey`, a file or a public
 * key, else the first line of what `gpg.ssh.defaultKeyCommand` prints.
 */
export async function findSigningKey(
  { git, root }: Repository,
  environment: Environment,
): Promise<SigningKey | NoSigningKey> {
  const setting = (name: string, ...options: string[]): Promise<string | null> =>
    gitLineOrNull(git, "config", ...options, "--get", name);
  const format = (await setting("gpg.format")) ?? "openpgp";
  const configured = await setting("user.signingKey");
  if (format !== "ssh") {
    if (!configured) return { why: "git has no key to sign with", remedy: setUp(environment) };
    const remedy =
      "Receipts need an SSH key: `git config gpg.format ssh`, with one in `user.signingKey`, lets git sign so here, commits too.";
    return { why: `git signs with ${format}`, remedy };
  }
  const program = (await setting("gpg.ssh.program")) || "ssh-keygen";
  const place = { directory: root, environment };
  const named = configured || (await printedKey(await setting("gpg.ssh.defaultKeyCommand"), place));
  if (!named) return { why: "git has no key to sign with", remedy: setUp(environment) };
  const literal = literalKey(named);
  if (literal !== null) return await describeKey(program, { literal }, place);
  // Git expands `~/` only with the type.
  const file = resolve(root, (await setting("user.signingKey", "--type=path")) ?? named);
  return await describeKey(program, { file }, place);
}

/** Whether a key was found. */
export function isSigningKey(found: SigningKey | NoSigningKey): found is SigningKey {
  return "fingerprint" in found;
}

interface Place {
  readonly directory: string;
  readonly environment: Environment;
}

/** The first line of what the command prints, where that is a public key; null otherwise. */
async function printedKey(command: string | null, place: Place): Promise<string | null> {
  if (!command) return null;
  const { exitCode, stdout } = await runProgram(["sh", "-c", command], { ...place, timeout: commandTimeout });
  const [line = ""] = stdout.split("\n");
  return exitCode === 0 && literalKey(line) !== null ? line.trim() : null;
}

/** The public key that a setting holds, as git tells it from a file's name; null for a file's name. */
function literalKey(text: string): string | null {
  if (text.startsWith("key::")) return text.slice("key::".length);
  return text.startsWith("ssh-") ? text : null;
}

async function describeKey(program: string, key: SigningKey["key"], place: Place): Promise<SigningKey | NoSigningKey> {
  const isLiteral = "literal" in key;
  const name = isLiteral ? "user.signingKey" : key.file;
  if (!isLiteral && !existsSync(key.file))
    return { why: `${key.file}, git's user.signingKey, does not exist`, remedy: "Name the key you sign with there." };
  // The private half may be nowhere but in an agent, and the public half beside it or in it.
  const words = isLiteral ? ["-lf", "-"] : ["-lf", key.file];
  const input = isLiteral ? `${key.literal}\n` : undefined;
  const { exitCode, stdout, output, startError } = await runProgram(["ssh-keygen", ...words], { ...place, input });
  if (startError !== null)
    return { why: "ssh-keygen cannot be started", remedy: "Install OpenSSH (Debian: openssh-client)." };
  const [, fingerprint, type] = /^\d+ (\S+) .*\(([^)]+)\)$/m.exec(stdout) ?? [];
  if (exitCode !== 0 || fingerprint === undefined || type === undefined)
    return { why: `${name} is no SSH key${reasonIn(output)}`, remedy: "Name the key you sign with there." };
  return { program, key, fingerprint, needsTouch: type.includes("-SK") };
}

/** What ssh-keygen says, in parentheses, where it says more than that. */
function reasonIn(output: string): string {
  const said = plainLine(output).replace(/\.$/, "");
  return said === "" || said.endsWith("is not a public key file") ? "" : ` (${said})`;
}
