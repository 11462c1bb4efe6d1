import type { RunnerName } from "../config.ts";

/** A suite that was found, as it would be configured. */
export interface DetectedSuite {
  /** Relative to the repo's root. */
  readonly root: string;
  readonly runner: RunnerName;
  readonly command: string;
  /** Relative to `root`; empty where the runner's own configuration, or nothing, says it. */
  readonly source: readonly string[];
  /** What the project itself is called, where it says so; names a suite at the repo's root. */
  readonly projectName: string | undefined;
  /** What was read where, and what a reader should check; one line each. */
  readonly notes: readonly string[];
  /** The share of lines, in percent, that the script of the command asks for, and where it says so. */
  readonly failUnder?: { readonly share: number; readonly place: string };
}
