import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { configPlaces, isConfigProgram, readConfigText } from "../../config/load.ts";
import { configDigest } from "../../config/parse.ts";
import type { CommitObject, ObjectReader, TreeEntry } from "../../git/object-reader.ts";
import { RequestError } from "../../shared/errors.ts";
import { shortId } from "../../shared/text.ts";
import type { TrustedSigners } from "../attestation/verifying.ts";
import type { BaseConfiguration } from "./judge.ts";
import { parsePolicy, policyFile } from "./parse.ts";
import type { Policy } from "./schema.ts";

/** A commit whose policy judges: the tip of a base branch, or what it was before a push. */
export interface Base {
  /** What people call it, such as "main". */
  readonly name: string;
  readonly commit: CommitObject;
}

/** A base's policy with all that it refers to. Nothing of it comes from the commit that is judged. */
export interface BasePolicy extends Base {
  readonly policy: Policy;
  /** The signers' files, copied out of the base. */
  readonly signers: TrustedSigners;
  readonly configuration: BaseConfiguration;
}

/** Far more than anybody writes by hand. */
const largestFile = 1_000_000;

/**
 * Reads the policy of a base; null where it has none. `directory` is a private one, for copies of the signers' files.
 * Throws RequestError for a policy that is invalid, or that refers to what is not there.
 */
export async function readBasePolicy(reader: ObjectReader, base: Base, directory: string): Promise<BasePolicy | null> {
  const named: readonly string[] = [policyFile, ...configPlaces];
  const entries = (await reader.entries(base.commit.tree)).filter(({ name }) => named.includes(name));
  await reader.prepare(entries.filter(isFile).map(({ id }) => id));
  const text = await readFile(reader, base, policyFile);
  if (text === null) return null;
  const policy = parsePolicy(text, placeOf(base, policyFile));
  const copy = async (key: "allowedSigners" | "revokedKeys", path: string): Promise<string> => {
    const file = join(directory, `${key}-${base.commit.id}`);
    await writeFile(file, await readKeys(reader, base, key, path));
    return file;
  };
  const allowedSigners = await copy("allowedSigners", policy.allowedSigners);
  const revoked = policy.revokedKeys === undefined ? undefined : await copy("revokedKeys", policy.revokedKeys);
  return {
    ...base,
    policy,
    signers: { allowedSigners, revoked },
    configuration: await readConfiguration(
      reader,
      base,
      entries.map(({ name }) => name),
    ),
  };
}

/** A file of keys. One that names nobody would refuse everything without a word on why. */
async function readKeys(reader: ObjectReader, base: Base, key: string, path: string): Promise<string> {
  const text = await readFile(reader, base, path);
  if (text === null) {
    throw new RequestError(
      `${placeOf(base, policyFile)}: "${key}" names ${path}, which is not there: the file belongs in the same commit.`,
    );
  }
  if (key === "allowedSigners" && !/^\s*[^\s#]/m.test(text)) {
    throw new RequestError(
      `${placeOf(base, path)} names nobody: a line each, such as \`ada@example.com namespaces="verify-receipt@v1" ssh-ed25519 AAAA…\`.`,
    );
  }
  const unread = key === "revokedKeys" ? text.split("\n").findIndex((line) => !isRevokedLine(line)) : -1;
  if (unread >= 0) {
    throw new RequestError(
      `${placeOf(base, path)}: line ${unread + 1} is no whole public key, such as \`ssh-ed25519 AAAA…\`: ssh-keygen would read no list with it.`,
    );
  }
  return text;
}

/** Whether ssh-keygen reads a line of a list of public keys; empty lines and comments count as well. */
function isRevokedLine(line: string): boolean {
  if (/^\s*(?:#.*)?$/.test(line)) return true;
  const [, type = "", base64 = ""] = publicKeyLine.exec(line) ?? [];
  const bytes = Buffer.from(base64, "base64");
  if (type === "" || bytes.toString("latin1", 4, 4 + type.length) !== type) return false;
  // A key is a row of texts, each after its length (RFC 4253, section 6.6); a certificate holds numbers as well.
  let end = 0;
  while (end + 4 <= bytes.length) end += 4 + bytes.readUInt32BE(end);
  return end === bytes.length || type.includes("-cert-");
}

const publicKeyLine = /^\s*((?:sk-)?(?:ssh|ecdsa)-\S+) +([A-Za-z0-9+/]+=*)(?:\s.*)?\s*$/;

/** A file's text; null where it is missing. Throws RequestError for a link, which may lead anywhere, and what is no file. */
async function readFile(reader: ObjectReader, base: Base, path: string): Promise<string | null> {
  const entry = await reader.entry(base.commit.tree, path);
  if (entry === null) return null;
  if (!isFile(entry)) {
    const kind = entry.mode === "120000" ? "a symbolic link" : "not a file";
    throw new RequestError(`${placeOf(base, path)} is ${kind}: commit the file itself.`);
  }
  if ((await reader.size(entry.id)) > largestFile)
    throw new RequestError(`${placeOf(base, path)} is larger than ${largestFile} bytes.`);
  return await reader.text(entry.id);
}

/** The digest of the base's own configuration, which is read and never run. */
async function readConfiguration(
  reader: ObjectReader,
  base: Base,
  names: readonly string[],
): Promise<BaseConfiguration> {
  for (const file of configPlaces) {
    if (!names.includes(file)) continue;
    if (isConfigProgram(file)) return { why: `${file} is a program, which is not run for this` };
    try {
      const config = await readConfigText(file, (await readFile(reader, base, file)) ?? "");
      if (config !== null) return { digest: configDigest(config) };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return { why: `it cannot be read: ${error.message.replace(/\.$/, "")}` };
    }
  }
  return { why: `${base.name} has none` };
}

/** A policy that is missing lets nothing stand: nobody has said whom to believe. */
export function whyNoPolicy({ name, commit }: Base): string {
  return `${name} (${shortId(commit.id)}) has no ${policyFile}, so no receipt counts.`;
}

function isFile({ mode }: TreeEntry): boolean {
  return mode.startsWith("100");
}

function placeOf({ name, commit }: Base, path: string): string {
  return `${path} of ${name} (${shortId(commit.id)})`;
}
