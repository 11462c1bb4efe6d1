import type { Writable } from "node:stream";
import { sizeOf } from "./screen.ts";
import { ownsTerminal } from "./terminal-owner.ts";
import { widthOf } from "./width.ts";

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";
/** Makes the terminal cut lines that are wider than computed, instead of wrapping them into uncounted rows. */
const wrapOff = "\u001b[?7l";
const wrapOn = "\u001b[?7h";
const eraseBelow = "\u001b[J";
const eraseLine = "\u001b[K";

/** The last lines of a terminal, redrawn in place; lines written above stay. */
export class LiveArea {
  readonly #stream: Writable;
  #lines: readonly string[] = [];
  /** The width of each line in columns. */
  #widths: readonly number[] = [];
  /** Shows the cursor again even if the process is ended abruptly. */
  readonly #restore = (): void => void this.#stream.write(showCursor);

  /** Whether nobody else writes to the terminal. */
  readonly #isOurs: () => boolean;

  constructor(stream: Writable, isOurs = (): boolean => !("fd" in stream) || ownsTerminal()) {
    this.#stream = stream;
    this.#isOurs = isOurs;
  }

  get isShown(): boolean {
    return this.#lines.length > 0;
  }

  /** Replaces the displayed lines. */
  draw(lines: readonly string[]): void {
    if (!this.#isOurs()) return;
    if (lines.length === 0) {
      this.clear();
      return;
    }
    if (!this.isShown) process.once("exit", this.#restore);
    const back = this.#toItsBeginning();
    const text = lines.map((line) => `${eraseLine}${line}\n`).join("");
    const { columns } = sizeOf(this.#stream);
    this.#lines = lines;
    this.#widths = lines.map((line) => Math.min(columns, widthOf(line)));
    // In one write, so that no partial frame is visible.
    this.#stream.write(`${hideCursor}${wrapOff}${back}${text}${eraseBelow}${wrapOn}`);
  }

  /** Removes the area. */
  clear(): void {
    const begin = this.#isOurs() ? `${this.#toItsBeginning()}${eraseBelow}` : "\r\n";
    this.#stream.write(`${begin}${showCursor}`);
    this.#forget();
  }

  /** Writes lines that stay above the area. */
  writeAbove(text: string): void {
    const lines = this.#lines;
    this.end(text);
    this.draw(lines);
  }

  /** Replaces the area by final lines that stay. */
  end(text: string): void {
    const begin = this.#isOurs() ? `${this.#toItsBeginning()}${eraseBelow}` : "\r\n";
    this.#stream.write(`${begin}${text}\n${showCursor}`);
    this.#forget();
  }

  #forget(): void {
    this.#lines = [];
    this.#widths = [];
    process.off("exit", this.#restore);
  }

  /** If the terminal has become narrower, it has wrapped the displayed lines. */
  #toItsBeginning(): string {
    const { columns } = sizeOf(this.#stream);
    const rows = this.#widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return rows === 0 ? "\r" : `\r\u001b[${rows}A`;
  }
}
