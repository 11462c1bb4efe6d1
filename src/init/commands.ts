import { execa } from "execa";
import { InterruptedError, UnavailableError } from "../errors.ts";
import type { Environment, World } from "../world.ts";

/** How a command ended. */
export interface Finished {
  /** Null where the program could not be started at all. */
  readonly exitCode: number | null;
  readonly output: string;
  /** What it wrote on both streams, in order. */
  readonly everything: string;
}

/** Runs a program to its end. A failure is a value; throws InterruptedError when the world is interrupted. */
export async function runCommand(
  world: World,
  directory: string,
  [program, ...args]: readonly [string, ...string[]],
  environment: Environment = world.environment,
): Promise<Finished> {
  const result = await execa(program, args, {
    cwd: directory,
    env: environment,
    extendEnv: false,
    stdin: "ignore",
    all: true,
    reject: false,
    cancelSignal: world.signal,
  });
  if (result.isCanceled) throw new InterruptedError();
  return { exitCode: result.exitCode ?? null, output: result.stdout, everything: result.all };
}

/** The standard output of git, or null where it says no. Throws UnavailableError where there is no git. */
export async function askGit(world: World, directory: string, args: readonly string[]): Promise<string | null> {
  const result = await runCommand(world, directory, ["git", ...args]);
  if (result.exitCode === null) throw new UnavailableError("git could not be started: install it, or put it on PATH.");
  return result.exitCode === 0 ? result.output : null;
}

/** The standard output of a git command that has no reason to fail. Throws UnavailableError when it does. */
export async function git(world: World, directory: string, args: readonly string[]): Promise<string> {
  const output = await askGit(world, directory, args);
  if (output === null)
    throw new UnavailableError(`\`git ${args.join(" ")}\` failed in ${directory}: run it to see why.`);
  return output;
}
