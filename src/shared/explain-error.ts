import { type ExitCode, ExpectedError, exitCodes, InterruptedError, messageOf } from "./errors.ts";
import { plainText } from "./text.ts";
import { withoutCommands } from "./workflow-commands.ts";
import type { World } from "./world.ts";

/** Prints why a command failed to the world's standard error, and returns the exit code. */
export function explainError(
  thrown: unknown,
  { errors, signal, environment }: World,
  wrap: (line: string) => string[] = (line) => [line],
): ExitCode {
  // Ctrl-C also ends the git and the shells we are waiting for: what they say then is not why it ended.
  const error = signal.aborted ? new InterruptedError() : thrown;
  const write = (text: string): void => void errors.write(`${withoutCommands(text, environment)}\n`);
  if (error instanceof ExpectedError) {
    write(wrapProse(plainText(error.message), wrap));
    return error.exitCode;
  }
  if ((error as NodeJS.ErrnoException)?.code === "ENOSPC") {
    write(`The disk is full, so nothing was verified: ${messageOf(error)}`);
    return exitCodes.unavailable;
  }
  if (["EMFILE", "ENFILE"].includes((error as NodeJS.ErrnoException)?.code ?? "")) {
    write(
      `Too many files are open, so nothing could be verified: \`ulimit -n\` says how many may be. ${messageOf(error)}`,
    );
    return exitCodes.unavailable;
  }
  if (isOfGit(error)) {
    write(`Git failed, so nothing was verified: ${plainText(messageOf(error)).trim()}`);
    return exitCodes.unavailable;
  }
  write(`This is a bug in pushproof, please report it:\n${(error as Error)?.stack ?? String(error)}`);
  return exitCodes.unavailable;
}

/** Whether git itself failed, as simple-git says it, whose errors know the task; others of these are ours. */
function isOfGit(error: unknown): boolean {
  return error instanceof Error && "task" in error && /^(fatal|error): /m.test(error.message);
}

/** A message with its lines broken, but for those that are set in: these are to be copied, or another program's. */
export function wrapProse(message: string, wrap: (line: string) => string[]): string {
  return message
    .split("\n")
    .flatMap((line) => (line.startsWith(" ") ? [line] : wrap(line)))
    .join("\n");
}
