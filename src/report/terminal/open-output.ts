import type { Writable } from "node:stream";
import { isSwitchedOn, isTerminal } from "../../shared/colors.ts";
import type { Environment } from "../../shared/world.ts";
import { type Output, PlainOutput } from "./output.ts";

/** Opens the output for a stream: live on a terminal, plain in CI and elsewhere. */
export async function openOutput(stream: Writable, environment: Environment): Promise<Output> {
  if (!isTerminal(stream, environment) || isSwitchedOn(environment.CI)) return new PlainOutput(stream, environment);
  // Imported lazily: what measures and draws text takes long to load.
  const { TerminalOutput } = await import("./terminal-output.ts");
  return new TerminalOutput(stream, environment);
}
