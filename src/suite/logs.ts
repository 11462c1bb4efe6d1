import { join } from "node:path";
import type { LogsDirectory } from "../project/reports-directory.ts";

/** A log of one suite, check or other command. */
export interface LogFile {
  /** Absolute. */
  readonly path: string;
  /** Relative to the repo's root. */
  readonly name: string;
}

/** Gives each subject of a run a log of its own, called after it; asked twice for one name, it gives two logs. */
export type Logs = (subject: string) => LogFile;

/** Few enough for every file system, whatever the characters. */
const longestName = 50;

/** The logs of one run, in a directory. */
export function logsIn({ directory, name }: LogsDirectory): Logs {
  const taken = new Set<string>();
  return (subject) => {
    const wanted = fileName(subject);
    let file = wanted;
    // A file system may take two names that differ only in case for one.
    for (let count = 2; taken.has(file.toLowerCase()); count++) file = `${wanted}-${count}`;
    taken.add(file.toLowerCase());
    return { path: join(directory, `${file}.log`), name: `${name}/${file}.log` };
  };
}

/** A name as that of a file, never one that leads elsewhere. */
function fileName(name: string): string {
  const plain = name.normalize("NFC").replace(/[^\p{L}\p{M}\p{N}_.-]+/gu, "-");
  return [...plain.replace(/^\.+/, "")].slice(0, longestName).join("") || "unnamed";
}
