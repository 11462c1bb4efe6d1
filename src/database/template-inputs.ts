import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { isAbsolute, join, normalize } from "node:path";
import { glob } from "tinyglobby";
import { RequestError } from "../errors.ts";

/** What is made beside sources and changes without them. */
const never = ["**/.git/**", "**/node_modules/**", "**/__pycache__/**", "**/*.pyc"];

/**
 * A digest of the files that `database.inputs` match: names and contents. A directory stands for all that is in it; `!` before
 * a pattern leaves out what it matches. Throws RequestError for a pattern that matches nothing, as a change would then
 * never be noticed, and for one that leads out of the absolute directory `root`.
 */
export async function digestInputs(root: string, patterns: readonly string[]): Promise<string> {
  const exclusions = patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1));
  const inclusions = patterns.filter((pattern) => !pattern.startsWith("!"));
  if (inclusions.length === 0) {
    throw new RequestError(
      "database.inputs only leaves files out, so that no change would be noticed: name the files that setup depends on.",
    );
  }
  const found = await Promise.all(inclusions.map((pattern) => matches(root, pattern, exclusions)));
  const digest = createHash("sha256");
  for (const name of [...new Set(found.flat())].sort()) {
    digest.update(`${name}\0${await digestFile(join(root, name))}\n`);
  }
  return digest.digest("hex");
}

async function matches(root: string, pattern: string, exclusions: readonly string[]): Promise<string[]> {
  if (isAbsolute(pattern) || normalize(pattern).startsWith("..")) {
    throw new RequestError(
      `database.inputs holds "${pattern}", which leads out of the repo: patterns are relative to its root.`,
    );
  }
  const options = { cwd: root, dot: true, ignore: [...never, ...exclusions] };
  const names = await glob([pattern.replace(/^\.\//, "")], options);
  if (names.length > 0) return names;
  throw new RequestError(
    `database.inputs holds "${pattern}", which matches no file here: a change of what setup depends on would go unnoticed. Correct it, or take it out.`,
  );
}

async function digestFile(path: string): Promise<string> {
  const digest = createHash("sha256");
  if ((await lstat(path)).isSymbolicLink()) digest.update(`link to ${await readlink(path)}\n`);
  try {
    for await (const chunk of createReadStream(path)) digest.update(chunk as Buffer);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A link that leads nowhere, or to a directory, is known by where it leads.
    if (code !== "ENOENT" && code !== "EISDIR") throw error;
  }
  return digest.digest("hex");
}
