import { runProgram } from "../../../shared/exec/run-program.ts";
import type { Environment } from "../../../shared/world.ts";

export interface ProgramOptions {
  readonly signal?: AbortSignal | undefined;
  /** Its environment, instead of PATH alone. */
  readonly variables?: Environment | undefined;
  /** The user to run it as, if not ourselves. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

/** The environment of Postgres's programs, without the user's PG variables, language and time zone. */
export function programEnvironment(environment: Environment): Record<string, string> {
  return environment.PATH === undefined ? {} : { PATH: environment.PATH };
}

/** Runs a Postgres program to its end; output is both streams, trimmed. Throws InterruptedError when aborted. */
export async function runPostgresProgram(
  [program = "", ...args]: readonly string[],
  environment: Environment,
  { signal, user, variables = programEnvironment(environment) }: ProgramOptions = {},
): Promise<{ exitCode: number | null; output: string }> {
  // Another user may not be able to enter our directory. In its own group, initdb's children end with it.
  const place = { directory: "/", environment: variables, signal, user, ownGroup: true };
  const { exitCode, output } = await runProgram([program, ...args], place);
  return { exitCode, output: output.trim() };
}
