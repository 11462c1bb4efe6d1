import { spawn } from "node:child_process";
import { InterruptedError, UnavailableError } from "../../shared/errors.ts";
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
  const child = spawn("/bin/sh", ["-c", command], {
    cwd: directory,
    env: { ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      output[name] += chunk;
    });
  }
  const exitCode = await new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", resolve);
  });
  if (signal.aborted) throw new InterruptedError();
  if (exitCode === 0) return output.stdout;
  throw new UnavailableError(
    `${suite.name}: ${purpose}: \`${command}\` ${exitCode === null ? "was killed" : `exited with ${exitCode}`}. Its last words:\n${lastWords(`${output.stdout}\n${output.stderr}`, 15)}`,
  );
}
