import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type AtEnd, makeDirectory } from "./repository.ts";

const run = promisify(execFile);

/** A real SSH key. */
export interface TestKey {
  /** The absolute path of its private half; the public one is beside it, as `.pub`. */
  readonly file: string;
  /** "ssh-ed25519 AAAA…", without a comment. */
  readonly publicKey: string;
  readonly fingerprint: string;
}

/** Makes a key in a directory of its own, which goes when the test ends. */
export async function makeKey(passphrase = "", atEnd?: AtEnd): Promise<TestKey> {
  const file = join(await makeDirectory(atEnd), "id_ed25519");
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-C", "ada@example.com", "-f", file]);
  const [type, key] = (await readFile(`${file}.pub`, "utf8")).split(" ");
  const [, fingerprint = ""] = (await run("ssh-keygen", ["-lf", `${file}.pub`])).stdout.split(" ");
  return { file, publicKey: `${type} ${key}`, fingerprint };
}

/** Writes a file of allowed signers, a line each, and gives its path. */
export async function writeSigners(...lines: readonly string[]): Promise<string> {
  const path = join(await makeDirectory(), "allowed_signers");
  await writeFile(path, `${lines.join("\n")}\n`);
  return path;
}

/** A line of allowed signers that lets a key sign receipts. */
export function signerLine(key: TestKey, identity = "ada@example.com", options = ""): string {
  return `${identity} namespaces="verify-receipt@v1"${options && `,${options}`} ${key.publicKey}`;
}
