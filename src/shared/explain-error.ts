import { type ExitCode, ExpectedError, exitCodes, InterruptedError, messageOf } from "./errors.ts";
import type { World } from "./world.ts";

/** Says on the world's standard error why a command could not be done, and gives the exit code that follows. */
export function explainError(thrown: unknown, { errors, signal }: World): ExitCode {
  // Ctrl-C also ends the git and the shells we are waiting for: what they say then is not why it ended.
  const error = signal.aborted ? new InterruptedError() : thrown;
  if (error instanceof ExpectedError) {
    errors.write(`${error.message}\n`);
    return error.exitCode;
  }
  if ((error as NodeJS.ErrnoException)?.code === "ENOSPC") {
    errors.write(`The disk is full, so nothing could be verified: ${messageOf(error)}\n`);
    return exitCodes.unavailable;
  }
  errors.write(`This is a bug in pushproof, please report it:\n${(error as Error)?.stack ?? String(error)}\n`);
  return exitCodes.unavailable;
}
