import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { WorkerId } from "../../provision.ts";

/** What a run says about its server, for `verify db list`. */
export interface RunNote {
  /** The absolute root of the checkout that the run was called in. */
  readonly directory: string;
  /** What the databases are called after. */
  readonly base: string;
  /** Whose server it is, where each worker has one of its own. */
  readonly worker: WorkerId | null;
}

const noteFile = "run.json";

/** Leaves a note in a server's private directory. Without one the run goes on, and less is listed. */
export async function writeRunNote(directory: string, note: RunNote): Promise<void> {
  await writeFile(join(directory, noteFile), JSON.stringify(note), { mode: 0o600 }).catch(() => {});
}

/** The note in a server's private directory, or null where there is none. */
export async function readRunNote(directory: string): Promise<RunNote | null> {
  try {
    return JSON.parse(await readFile(join(directory, noteFile), "utf8")) as RunNote;
  } catch {
    return null;
  }
}
