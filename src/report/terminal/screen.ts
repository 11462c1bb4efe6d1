import type { Writable } from "node:stream";

/** The available space, in characters. */
export interface Room {
  readonly columns: number;
  readonly rows: number;
}

/** The size of the screen, and whether we wrap lines; readers of a pipe do that themselves. */
export interface Screen extends Room {
  readonly wraps: boolean;
}

/** The assumed size without a terminal. */
export const plainScreen: Screen = { columns: 80, rows: 24, wraps: false };

/** A stream that may be a terminal. */
type Terminal = Writable & {
  readonly columns?: number;
  readonly rows?: number;
  getWindowSize?(): [columns: number, rows: number];
};

/**
 * The current size of a terminal; 80 by 24 where unknown. It is read each time, as Node's value is outdated until the
 * resize signal arrives.
 */
export function sizeOf(stream: Writable): Room {
  const terminal = stream as Terminal;
  const [columns, rows] = terminal.getWindowSize?.() ?? [terminal.columns, terminal.rows];
  // A terminal of unknown size reports 0.
  return { columns: columns || plainScreen.columns, rows: rows || plainScreen.rows };
}
