import { spawn } from "node:child_process";
import { InterruptedError, messageOf } from "../../../shared/errors.ts";
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

/** Runs a program to its end; output is both streams, trimmed. Throws InterruptedError when aborted, the program ended. */
export async function runProgram(
  [command = "", ...rest]: readonly string[],
  environment: Environment,
  { signal, user, variables = programEnvironment(environment) }: ProgramOptions = {},
): Promise<{ exitCode: number | null; output: string }> {
  if (signal?.aborted) throw new InterruptedError();
  const child = spawn(command, rest, {
    env: { ...variables },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: Ctrl-C reaches us alone, and we end what initdb has started with it.
    detached: true,
    ...(user && { uid: user.uid, gid: user.gid }),
    // Another user may not be able to enter ours.
    cwd: "/",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const abort = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGTERM");
    } catch {
      // It ended by itself.
    }
  };
  signal?.addEventListener("abort", abort, { once: true });
  const exitCode = await new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      output += messageOf(error);
      resolve(null);
    });
    child.once("close", resolve);
  });
  signal?.removeEventListener("abort", abort);
  if (signal?.aborted) throw new InterruptedError();
  return { exitCode, output: output.trim() };
}
