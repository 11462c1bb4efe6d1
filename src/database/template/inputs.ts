import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readlink, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { glob } from "tinyglobby";
import { messageOf, RequestError, UnavailableError } from "../../shared/errors.ts";

/** Generated files that change without their sources, such as our own reports. */
const never = ["**/.git/**", "**/node_modules/**", "**/__pycache__/**", "**/*.pyc", ".verify/**"];
/** `!(a|b)` is a glob, not an exclusion. */
const exclusion = /^!(?!\()/;

/** Which setting holds the patterns, and what depends on their files: for messages. */
export interface InputsSetting {
  readonly name: string;
  readonly dependent: string;
}

const databaseInputs: InputsSetting = { name: "database.inputs", dependent: "setup" };

/**
 * A digest of the names and contents of files that match `database.inputs`, or the patterns of another setting. A
 * directory includes everything in it; patterns with a leading `!` exclude. Throws RequestError for a pattern that
 * matches nothing, as changes would go unnoticed, or that leaves the absolute directory `root`; UnavailableError for an
 * unreadable file.
 */
export async function digestInputs(
  root: string,
  patterns: readonly string[],
  setting: InputsSetting = databaseInputs,
): Promise<string> {
  const exclusions = patterns.filter((pattern) => exclusion.test(pattern)).map((pattern) => pattern.slice(1));
  const inclusions = patterns.filter((pattern) => !exclusion.test(pattern));
  if (inclusions.length === 0) {
    throw new RequestError(
      `${setting.name} only says what to leave out: name the files that ${setting.dependent} depends on, too, or no change of them is noticed.`,
    );
  }
  const found = await Promise.all(inclusions.map((pattern) => matches(root, pattern, exclusions, setting)));
  const digest = createHash("sha256");
  for (const name of [...new Set(found.flat())].sort()) {
    digest.update(`${name}\0${await digestFile(root, name, setting)}\n`);
  }
  return digest.digest("hex");
}

async function matches(
  root: string,
  pattern: string,
  exclusions: readonly string[],
  setting: InputsSetting,
): Promise<string[]> {
  // Checked inside braces too, where such a path would silently match nothing.
  if (isAbsolute(pattern) || pattern.split(/[/{},()|]/).includes("..")) {
    throw new RequestError(
      `${setting.name} holds "${pattern}", which leads out of the repo: patterns are relative to its root.`,
    );
  }
  const options = { cwd: root, dot: true, ignore: [...never, ...exclusions] };
  const names = await glob([pattern.replace(/^\.\//, "")], options);
  if (names.length > 0) return names;
  throw new RequestError(
    `${setting.name} holds "${pattern}", which matches no file here: a change of what ${setting.dependent} depends on would go unnoticed. Correct it, or take it out.`,
  );
}

async function digestFile(root: string, name: string, setting: InputsSetting): Promise<string> {
  const path = join(root, name);
  const digest = createHash("sha256");
  try {
    if ((await lstat(path)).isSymbolicLink()) digest.update(`link to ${await readlink(path)}\n`);
    // Reading a link to a device or a pipe would never end.
    if (!(await stat(path)).isFile()) return digest.digest("hex");
    for await (const chunk of createReadStream(path)) digest.update(chunk as Buffer);
  } catch (error) {
    throw new UnavailableError(`${name}, which ${setting.name} matches, cannot be read: ${messageOf(error)}`);
  }
  return digest.digest("hex");
}
