import { UnavailableError } from "../../shared/errors.ts";
import { runProgram } from "../../shared/exec/run-program.ts";
import { lastWords } from "../results/results.ts";
import type { ListingRequest } from "./runner.ts";

/**
 * What a command that runs no tests prints on its standard output. Throws UnavailableError, with its words, where it
 * fails, and InterruptedError.
 */
export async function outputOf({
  suite,
  directory,
  environment,
  signal,
  command,
  purpose = "its test files cannot be listed",
}: Pick<ListingRequest, "suite" | "directory" | "environment" | "signal"> & {
  readonly command: string;
  /** What cannot be done where it fails, for the message. */
  readonly purpose?: string;
}): Promise<string> {
  const place = { directory, environment, signal };
  const { exitCode, stdout, output } = await runProgram(["/bin/sh", "-c", command], place);
  if (exitCode === 0) return stdout;
  throw new UnavailableError(
    `${suite.name}: ${purpose}: \`${command}\` exited with ${exitCode ?? "no code"}. Last output:\n${lastWords(output, 15)}`,
  );
}
