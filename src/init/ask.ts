import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import type { World } from "../shared/world.ts";

/** Whether the input is a terminal. */
export function canAsk({ input, output }: World): boolean {
  const isTerminal = (stream: Readable | Writable): boolean => (stream as { isTTY?: boolean }).isTTY === true;
  return isTerminal(output) && isTerminal(input);
}

/** Asks a yes-or-no question on a terminal; anything but yes means no, including the end of the input. */
export async function askYesNo({ input, output, signal }: World, question: string): Promise<boolean> {
  // A stream that has already ended emits no event.
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
