/** The entry that a hook manager's configuration needs. */
export interface ManagerEntry {
  /** The edited configuration; null where it cannot be edited safely. */
  readonly text: string | null;
  /** The lines of the entry, for people. */
  readonly entry: readonly string[];
  /** What keeps the entry from running at every push, a sentence each. */
  readonly warnings: readonly string[];
  /** A script that the entry refers to, with its path from the root. */
  readonly script?: { readonly path: string; readonly text: string };
}

/** Whether a command line runs our hook. */
export function runsOurHook(command: unknown): boolean {
  return typeof command === "string" && /^[^#]*\bpushproof\/hooks\/pre-push\b/m.test(command);
}
