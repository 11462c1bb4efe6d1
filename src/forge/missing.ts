import { type ExitCode, exitCodes } from "../shared/errors.ts";
import type { World } from "../shared/world.ts";

/** A program that is not there, where it comes from, and the command, as a line for a shell, that it is needed for. */
export interface MissingProgram {
  readonly program: string;
  readonly from: string;
  readonly command: string;
}

/** Prints the one command that would do it, alone on standard output, and says what it needs. */
export function missingProgram(world: World, { program, from, command }: MissingProgram): ExitCode {
  world.errors.write(`${program} is not on PATH (${from}). With it, this does the same:\n`);
  world.output.write(`${command}\n`);
  return exitCodes.unavailable;
}
