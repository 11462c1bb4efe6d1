import type { Writable } from "node:stream";
import { createColors } from "picocolors";
import type { Environment } from "./world.ts";

export type Colors = ReturnType<typeof createColors>;

/** Whether a stream is a terminal that can be steered. */
export function isTerminal(stream: Writable, { TERM }: Environment): boolean {
  return (stream as { isTTY?: boolean }).isTTY === true && TERM !== "dumb";
}

/** The colors for what is written to a stream: those of a terminal, unless NO_COLOR or FORCE_COLOR say otherwise. */
export function colorsFor(stream: Writable, environment: Environment): Colors {
  return createColors(wantsColors(isTerminal(stream, environment), environment));
}

/** Of two wishes that contradict each other, the quieter one counts. */
function wantsColors(isTerminal: boolean, { NO_COLOR, FORCE_COLOR }: Environment): boolean {
  if (NO_COLOR) return false;
  return FORCE_COLOR === undefined || FORCE_COLOR === "" ? isTerminal : isSwitchedOn(FORCE_COLOR);
}

/** Whether a variable that switches something says yes: `CI=false` is no CI. */
export function isSwitchedOn(variable: string | undefined): boolean {
  return !["", "0", "false"].includes(variable?.toLowerCase() ?? "");
}
