import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readlink, stat } from "node:fs/promises";
import { join } from "node:path";

/** How many files are read at once. */
const atOnce = 32;

/** A digest of names and contents of files, relative to the absolute root; one that is missing is a difference, too. */
export async function digestFiles(root: string, names: readonly string[]): Promise<string> {
  const digest = createHash("sha256");
  for (let first = 0; first < names.length; first += atOnce) {
    const some = names.slice(first, first + atOnce);
    const states = await Promise.all(some.map((name) => stateOfFile(join(root, name))));
    for (const [index, name] of some.entries()) digest.update(`${name}\0${states[index]}\n`);
  }
  return digest.digest("hex");
}

/** A text that is the same only for the same content of a file, and of what it leads to where it is a link. */
export async function stateOfFile(path: string): Promise<string> {
  try {
    const link = (await lstat(path)).isSymbolicLink() ? `link to ${await readlink(path)} ` : "";
    const found = await stat(path);
    // Reading a pipe would never end.
    if (!found.isFile()) return `${link}${found.isDirectory() ? "directory" : "neither file nor directory"}`;
    const digest = createHash("sha256");
    for await (const chunk of createReadStream(path)) digest.update(chunk as Buffer);
    return `${link}${(found.mode & 0o111) === 0 ? "" : "executable "}${digest.digest("hex")}`;
  } catch {
    return "missing";
  }
}
