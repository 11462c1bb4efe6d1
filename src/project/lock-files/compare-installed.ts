import { existsSync } from "node:fs";
import { join } from "node:path";
import { bun } from "./bun.ts";
import type { Comparison, LockFormat } from "./lock-file.ts";
import { npm } from "./npm.ts";
import { pnpm } from "./pnpm.ts";
import { yarn } from "./yarn.ts";

const formats: readonly LockFormat[] = [pnpm, yarn, bun, npm];

/** All names of lock files. */
export const lockFileNames: ReadonlySet<string> = new Set(formats.flatMap(({ names }) => names));

/** The lock files for a directory: text by name. */
export type LockFiles = ReadonlyMap<string, string>;

/** A comparison of installed packages with the lock file of their package manager. */
export interface InstalledAnswer {
  /** The lock file's name. */
  readonly file: string;
  /** The command that installs exactly what the lock file names. */
  readonly command: string;
  /** Null where installed packages cannot be read; the other manager's name where that one installed them. */
  readonly comparison: Comparison | string | null;
}

/** Compares an absolute directory's installed packages with its lock files; null without lock files. */
export async function compareInstalled(lockFiles: LockFiles, directory: string): Promise<InstalledAnswer | null> {
  const candidates = formats.filter(({ names }) => names.some((name) => lockFiles.has(name)));
  const installers = formats.filter(({ records }) =>
    records.some((record) => existsSync(join(directory, "node_modules", record))),
  );
  const format = candidates.find((one) => installers.includes(one)) ?? candidates[0];
  if (format === undefined) return null;
  const file = format.names.find((name) => lockFiles.has(name)) as string;
  const text = lockFiles.get(file) as string;
  const command = format.installCommand(text);
  const [other] = installers;
  if (other !== undefined && !installers.includes(format)) return { file, command, comparison: other.manager };
  // An unreadable file is ignored.
  const comparison = await format.compare(text, directory).catch(() => null);
  return { file, command, comparison };
}
