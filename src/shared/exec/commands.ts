import { spawn } from "node:child_process";
import { InterruptedError, messageOf } from "../errors.ts";
import type { Environment, World } from "../world.ts";

/** How a command ended. */
export interface Finished {
  /** Null where the program could not be started at all; 1 for one that was killed. */
  readonly exitCode: number | null;
  /** What it wrote on both streams, in order. */
  readonly output: string;
}

/** Runs a program to its end. A failure is a value; throws InterruptedError when the world is interrupted. */
export async function runCommand(
  { environment: own, signal }: World,
  directory: string,
  [program, ...words]: readonly [string, ...string[]],
  environment: Environment = own,
): Promise<Finished> {
  if (signal.aborted) throw new InterruptedError();
  const child = spawn(program, words, { cwd: directory, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  const abort = (): void => void child.kill();
  signal.addEventListener("abort", abort, { once: true });
  const exitCode = await new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      output += messageOf(error);
      resolve(null);
    });
    child.once("close", (code) => resolve(code ?? 1));
    // Something that it started may go on holding its output, which nobody reads any more.
    child.once("exit", () => signal.aborted && resolve(1));
  });
  signal.removeEventListener("abort", abort);
  if (signal.aborted) throw new InterruptedError();
  return { exitCode, output };
}
