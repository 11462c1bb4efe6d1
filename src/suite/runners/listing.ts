import { UnavailableError } from "../../shared/errors.ts";
import { runProgram } from "../../shared/exec/run-program.ts";
import { lastOutput } from "../results/results.ts";
import type { ListingRequest } from "./runner.ts";

/**
 * The standard output of a command that runs no tests. Throws UnavailableError with its last output where it fails, and
 * InterruptedError.
 */
export async function listingOutput({
  suite,
  directory,
  environment,
  signal,
  command,
  purpose = "its test files cannot be listed",
}: Pick<ListingRequest, "suite" | "directory" | "environment" | "signal"> & {
  readonly command: string;
  /** What its failure prevents, for the message. */
  readonly purpose?: string;
}): Promise<string> {
  const place = { directory, environment, signal };
  const { exitCode, stdout, output } = await runProgram(["/bin/sh", "-c", command], place);
  if (exitCode === 0) return stdout;
  throw new UnavailableError(
    `${suite.name}: ${purpose}: \`${command}\` exited with ${exitCode ?? "no code"}. Last output:\n${lastOutput(output, 15)}`,
  );
}
