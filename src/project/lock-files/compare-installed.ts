import { existsSync } from "node:fs";
import { join } from "node:path";
import { bun } from "./bun.ts";
import type { Comparison, LockFormat } from "./lock-file.ts";
import { npm } from "./npm.ts";
import { pnpm } from "./pnpm.ts";
import { yarn } from "./yarn.ts";

const formats: readonly LockFormat[] = [pnpm, yarn, bun, npm];

/** What any package manager's lock file may be called. */
export const lockFileNames: ReadonlySet<string> = new Set(formats.flatMap(({ names }) => names));

/** The lock files that a directory is to have, by name, with their texts. */
export type LockFiles = ReadonlyMap<string, string>;

/** What is installed, held against the lock file of the package manager that installed it. */
export interface InstalledAnswer {
  /** The lock file's name. */
  readonly file: string;
  /** The command that installs exactly what the lock file names. */
  readonly command: string;
  /** Null where what was installed cannot be told; the manager's name where another one installed it. */
  readonly comparison: Comparison | string | null;
}

/** Holds what is installed in an absolute directory against the lock files that it is to have; null where it is to have none. */
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
  // A file that cannot be read says nothing.
  const comparison = await format.compare(text, directory).catch(() => null);
  return { file, command, comparison };
}
