import { join } from "node:path";
import type { LogsDirectory } from "../project/reports-directory.ts";

/** The log of one suite, check or other command. */
export interface LogFile {
  /** Absolute. */
  readonly path: string;
  /** Relative to the repo's root. */
  readonly name: string;
}

/** Creates a log named after its subject; the same name twice gives two logs. */
export type Logs = (subject: string) => LogFile;

/** Short enough for every file system, in any alphabet. */
const longestName = 50;

/** The logs of one run, in one directory. */
export function logsIn({ directory, name }: LogsDirectory): Logs {
  const taken = new Set<string>();
  return (subject) => {
    const wanted = fileName(subject);
    let file = wanted;
    // Case is ignored, as some file systems treat names that differ only in case as equal.
    for (let count = 2; taken.has(file.toLowerCase()); count++) file = `${wanted}-${count}`;
    taken.add(file.toLowerCase());
    return { path: join(directory, `${file}.log`), name: `${name}/${file}.log` };
  };
}

/** A safe file name that cannot point to another directory. */
function fileName(name: string): string {
  const plain = name.normalize("NFC").replace(/[^\p{L}\p{M}\p{N}_.-]+/gu, "-");
  return [...plain.replace(/^\.+/, "")].slice(0, longestName).join("") || "unnamed";
}
