import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { WorkerId } from "../../provision.ts";

/** A run's description of its server, for `verify db list`. */
export interface RunNote {
  /** The absolute root of the checkout in which the run was started. */
  readonly directory: string;
  /** The base name of the databases. */
  readonly base: string;
  /** The worker that uses the server, where each has its own. */
  readonly worker: WorkerId | null;
}

const noteFile = "run.json";

/** Writes the note into a server's private directory; failures are ignored, as it only serves the listing. */
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
