import { writeFile } from "node:fs/promises";
import type { RunDirectory } from "./run-directory.ts";
import { type ServerSizing, serverConfiguration } from "./settings.ts";

/** Writes a server's configuration files: postgresql.conf and access rules. */
export async function writeConfiguration(directory: RunDirectory, sizing: ServerSizing, rules: string): Promise<void> {
  // Another user may have to read them; their directory is private, and they contain no password.
  const mode = 0o644;
  await Promise.all([
    writeFile(directory.configuration, serverConfiguration(directory, sizing), { mode }),
    writeFile(directory.hostRules, rules, { mode }),
  ]);
}
