import type { Writable } from "node:stream";

/** How much there is room for, in characters. */
export interface Room {
  readonly columns: number;
  readonly rows: number;
}

/** How much of a text is seen at once, and whether it is for us to break its lines: whatever reads a pipe does that itself. */
export interface Screen extends Room {
  readonly wraps: boolean;
}

/** What is reckoned with where there is no terminal. */
export const plainScreen: Screen = { columns: 80, rows: 24, wraps: false };

/** A stream that may be a terminal. */
type Terminal = Writable & {
  readonly columns?: number;
  readonly rows?: number;
  getWindowSize?(): [columns: number, rows: number];
};

/**
 * How large a terminal is now; 80 by 24 where it does not tell. It is asked anew each time: what Node keeps is of before
 * the last change of the window, until the signal for that has come through.
 */
export function sizeOf(stream: Writable): Room {
  const terminal = stream as Terminal;
  const [columns, rows] = terminal.getWindowSize?.() ?? [terminal.columns, terminal.rows];
  // A terminal that nobody has told its size says 0.
  return { columns: columns || plainScreen.columns, rows: rows || plainScreen.rows };
}
