import { writeFile } from "node:fs/promises";
import type { RunDirectory } from "./run-directory.ts";
import { type ServerSizing, serverConfiguration } from "./settings.ts";

/** Writes what a server reads at its start: its postgresql.conf, and who may connect. */
export async function writeConfiguration(directory: RunDirectory, sizing: ServerSizing, rules: string): Promise<void> {
  // Another user, if Postgres needs one, reads them too; the directory around them is private, and no password is in them.
  const mode = 0o644;
  await Promise.all([
    writeFile(directory.configuration, serverConfiguration(directory, sizing), { mode }),
    writeFile(directory.hostRules, rules, { mode }),
  ]);
}
