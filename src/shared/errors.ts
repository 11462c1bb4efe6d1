/**
 * An error that users may run into. Its message says in one or two sentences what is wrong, where, and what to do. Any
 * other error is a bug of ours and is shown as one.
 */
export abstract class ExpectedError extends Error {
  /** The exit code for this error. */
  abstract readonly exitCode: ExitCode;
}

/** The exit codes; every one but `verified` blocks a push. */
export const exitCodes = { verified: 0, notVerified: 1, badRequest: 2, unavailable: 3, interrupted: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The request or the configuration is wrong (exit code 2). */
export class RequestError extends ExpectedError {
  override readonly name = "RequestError";
  readonly exitCode = exitCodes.badRequest;
}

/** A revision that does not exist. */
export class UnknownRevisionError extends RequestError {}

/** The verification could not be done: no Postgres, no runner, disk full (exit code 3). */
export class UnavailableError extends ExpectedError {
  override readonly name = "UnavailableError";
  readonly exitCode = exitCodes.unavailable;
}

/** A receipt that cannot be believed, and why: it proves nothing (exit code 1). */
export class UntrustedReceiptError extends ExpectedError {
  override readonly name = "UntrustedReceiptError";
  readonly exitCode = exitCodes.notVerified;
}

/** Ctrl-C was pressed, or the program was told to end (exit code 130). */
export class InterruptedError extends ExpectedError {
  override readonly name = "InterruptedError";
  readonly exitCode = exitCodes.interrupted;
  constructor() {
    super("Interrupted.");
  }
}

/** The message of a thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Whether the operating system reported the error, such as a full disk or a missing permission; otherwise it is a bug.
 */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
