import { type ExitCode, exitCodes } from "../shared/errors.ts";
import type { World } from "../shared/world.ts";

/** A missing program, where to get it, and the shell command that needs it. */
export interface MissingProgram {
  readonly program: string;
  readonly from: string;
  readonly command: string;
}

/** Prints the command to standard output, and what it needs to standard error. */
export function missingProgram(world: World, { program, from, command }: MissingProgram): ExitCode {
  world.errors.write(`${program} is not on PATH (${from}). With it, this does the same:\n`);
  world.output.write(`${command}\n`);
  return exitCodes.unavailable;
}
