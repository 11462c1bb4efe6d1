/**
 * The errors a user is expected to meet. Each message is one or two sentences: what is wrong, where, what to do.
 * Anything else that is thrown is a bug of ours and is shown as one.
 */
export abstract class ExpectedError extends Error {
  /** What the program exits with when this error ends it. */
  abstract readonly exitCode: ExitCode;
}

/** The exit codes of contract section 3; every one but `verified` blocks a push. */
export const exitCodes = { verified: 0, notVerified: 1, badRequest: 2, unavailable: 3, interrupted: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The request or the configuration is wrong (exit code 2). */
export class RequestError extends ExpectedError {
  override readonly name = "RequestError";
  readonly exitCode = exitCodes.badRequest;
}

/** A revision that names nothing. */
export class UnknownRevisionError extends RequestError {}

/** The verification could not be done: no Postgres, no runner, disk full (exit code 3). */
export class UnavailableError extends ExpectedError {
  override readonly name = "UnavailableError";
  readonly exitCode = exitCodes.unavailable;
}

/** Someone pressed Ctrl-C, or the program was told to end (exit code 130). */
export class InterruptedError extends ExpectedError {
  override readonly name = "InterruptedError";
  readonly exitCode = exitCodes.interrupted;
  constructor() {
    super("Interrupted.");
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether the operating system refused something, such as a full disk or a missing permission; else it is a bug of ours. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
