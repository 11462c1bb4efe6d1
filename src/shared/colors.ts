import type { Writable } from "node:stream";
import { createColors } from "picocolors";
import type { Environment } from "./world.ts";

export type Colors = ReturnType<typeof createColors>;

/** Whether a stream is a terminal with cursor control. */
export function isTerminal(stream: Writable, { TERM }: Environment): boolean {
  return (stream as { isTTY?: boolean }).isTTY === true && TERM !== "dumb";
}

/** The colors for a stream, by terminal, NO_COLOR and FORCE_COLOR. */
export function colorsFor(stream: Writable, environment: Environment): Colors {
  return createColors(wantsColors(isTerminal(stream, environment), environment));
}

/** Where the variables contradict each other, colors are off. */
function wantsColors(isTerminal: boolean, { NO_COLOR, FORCE_COLOR }: Environment): boolean {
  if (NO_COLOR) return false;
  return FORCE_COLOR === undefined || FORCE_COLOR === "" ? isTerminal : isSwitchedOn(FORCE_COLOR);
}

/** Whether a variable is set to a true value; `CI=false` is not CI. */
export function isSwitchedOn(variable: string | undefined): boolean {
  return !["", "0", "false"].includes(variable?.toLowerCase() ?? "");
}
