import type { Writable } from "node:stream";
import { isTerminal } from "../../shared/colors.ts";
import type { Environment } from "../../shared/world.ts";
import { sizeOf } from "./screen.ts";

/** Breaks a line into those that a reader gets; what goes on is set in so much further. */
export type Wrap = (line: string, further?: number) => string[];

/** Breaks lines between words at a terminal's width, never within a command in backticks: it is copied. Elsewhere lines stay whole. */
export async function wrapFor(stream: Writable, environment: Environment): Promise<Wrap> {
  if (!isTerminal(stream, environment)) return (line) => [line];
  // Imported lazily: what measures text takes long to load.
  const { wrapWords } = await import("./width.ts");
  const { columns } = sizeOf(stream);
  return (line, further) => {
    const whole = line.replace(/`[^`]+`/g, (command) => command.replaceAll(" ", noBreak));
    return wrapWords(whole, columns, further).map((part) => part.replaceAll(noBreak, " "));
  };
}

const noBreak = "\u00a0";
