import { runProgram } from "../../../shared/exec/run-program.ts";
import type { Environment } from "../../../shared/world.ts";

export interface ProgramOptions {
  readonly signal?: AbortSignal | undefined;
  /** What it gets instead of PATH alone. */
  readonly variables?: Environment | undefined;
  /** As whom to run it, where not as ourselves. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

/** What Postgres's programs get: none of the user's PG variables, language or time zone. */
export function programEnvironment(environment: Environment): Record<string, string> {
  return environment.PATH === undefined ? {} : { PATH: environment.PATH };
}

/** Runs one of Postgres's programs to its end; output is both streams, trimmed. Throws InterruptedError when aborted. */
export async function runPostgresProgram(
  [program = "", ...args]: readonly string[],
  environment: Environment,
  { signal, user, variables = programEnvironment(environment) }: ProgramOptions = {},
): Promise<{ exitCode: number | null; output: string }> {
  // Another user may not be able to enter our directory; and what initdb has started is to end with it.
  const place = { directory: "/", environment: variables, signal, user, ownGroup: true };
  const { exitCode, output } = await runProgram([program, ...args], place);
  return { exitCode, output: output.trim() };
}
