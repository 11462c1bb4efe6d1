/** What a hook manager's configuration needs for pushproof to be asked before a push. */
export interface ManagerEntry {
  /** The configuration with the entry; null where it cannot be edited safely, so that a person has to. */
  readonly text: string | null;
  /** The entry as a person writes it, lines. */
  readonly entry: readonly string[];
  /** What there keeps the entry from running at every push, a sentence each. */
  readonly warnings: readonly string[];
  /** A script that the entry names, with its path from the root. */
  readonly script?: { readonly path: string; readonly text: string };
}

/** Whether a command line runs our hook. */
export function runsOurHook(command: unknown): boolean {
  return typeof command === "string" && /^[^#]*\bpushproof\/hooks\/pre-push\b/m.test(command);
}
