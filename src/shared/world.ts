import type { Readable, Writable } from "node:stream";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * All that a command may touch outside its arguments. Passed in, never reached for, so that a test can run any
 * command in its own directory, with its own environment, inside one process.
 */
export interface World {
  /** The absolute directory the program was called in. */
  readonly directory: string;
  readonly environment: Environment;
  readonly input: Readable;
  readonly output: Writable;
  readonly errors: Writable;
  /** Aborted by Ctrl-C and by SIGTERM, with the signal's name: whoever started something ends it and throws InterruptedError. */
  readonly signal: AbortSignal;
}
