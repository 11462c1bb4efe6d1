import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import type { World } from "../shared/world.ts";

/** Whether somebody sits at a terminal who can be asked. */
export function canAsk({ input, output }: World): boolean {
  const isTerminal = (stream: Readable | Writable): boolean => (stream as { isTTY?: boolean }).isTTY === true;
  return isTerminal(output) && isTerminal(input);
}

/** Asks a question with yes or no for an answer, at a terminal; anything but a yes is a no, the end of the input too. */
export async function askYesNo({ input, output, signal }: World, question: string): Promise<boolean> {
  // What has ended before would never say so.
  if ((input as Readable).readableEnded) return false;
  const lines = createInterface({ input, output, terminal: false });
  try {
    const closed = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal }), closed]);
    return /^\s*y(es)?\s*$/i.test(answer);
  } finally {
    lines.close();
  }
}
