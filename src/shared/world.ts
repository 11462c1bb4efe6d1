import type { Readable, Writable } from "node:stream";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Everything that a command may touch besides its arguments. It is passed in and never taken from globals, so that
 * tests can run commands with their own directory and environment in one process.
 */
export interface World {
  /** The absolute directory the program was called in. */
  readonly directory: string;
  readonly environment: Environment;
  readonly input: Readable;
  readonly output: Writable;
  readonly errors: Writable;
  /**
   * Aborted by Ctrl-C and SIGTERM, with the signal's name as reason: whoever started something ends it and throws
   * InterruptedError.
   */
  readonly signal: AbortSignal;
  /** The time, for what expires; the system's where it is left out. */
  readonly now?: () => Date;
  /** Numbers from 0 to below 1, for samples; the system's where it is left out. */
  readonly random?: () => number;
}
