import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import type { Environment } from "../../shared/world.ts";

/** Where version managers write which version their shims start. */
const versionFiles = [
  ".tool-versions",
  ".config/mise/config.toml",
  ".nvm/alias/default",
  ".volta/tools/user/platform.json",
];

/**
 * A digest of every program that an environment's PATH finds: where it is, how large, and when it was written. Takes some
 * ten milliseconds. What git and npm add to PATH for whatever they start is left out.
 */
export function digestPrograms({ PATH = "", HOME = homedir() }: Environment): string {
  const digest = createHash("sha256");
  const seen = new Set<string>();
  for (const directory of new Set(PATH.split(delimiter))) {
    if (directory === "" || /[\\/](?:git-core|node-gyp-bin)[\\/]?$/.test(directory)) continue;
    for (const name of namesIn(directory)) {
      if (seen.has(name)) continue;
      const found = statSync(join(directory, name), { throwIfNoEntry: false });
      if (!found?.isFile()) continue;
      seen.add(name);
      digest.update(`${directory}/${name} ${found.size} ${found.mtimeMs}\n`);
    }
    // A shim is the same file for all versions; its manager has the current one beside its directory.
    if (/[\\/]shims[\\/]?$/.test(directory)) digest.update(textOf(join(directory, "..", "version")));
  }
  for (const file of versionFiles) digest.update(textOf(join(HOME, file)));
  return digest.digest("hex");
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return `${path}\n${readFileSync(path, "utf8")}\n`;
  } catch {
    return "";
  }
}
