import type { Writable } from "node:stream";
import { sizeOf } from "./screen.ts";
import { ownsTerminal } from "./terminal-owner.ts";
import { widthOf } from "./width.ts";

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";
/** A line that turns out wider than was reckoned is cut by the terminal, rather than wrapped into a row that nobody counted. */
const wrapOff = "\u001b[?7l";
const wrapOn = "\u001b[?7h";
const eraseBelow = "\u001b[J";
const eraseLine = "\u001b[K";

/** The last lines on a terminal, drawn again and again in their place; what is written above them stays. */
export class LiveArea {
  readonly #stream: Writable;
  #lines: readonly string[] = [];
  /** How many columns each of them takes on the screen. */
  #widths: readonly number[] = [];
  /** Whoever insists on ending the process must not be left without a cursor. */
  readonly #restore = (): void => void this.#stream.write(showCursor);

  /** Whether nobody else writes on the terminal meanwhile. */
  readonly #isOurs: () => boolean;

  constructor(stream: Writable, isOurs = (): boolean => !("fd" in stream) || ownsTerminal()) {
    this.#stream = stream;
    this.#isOurs = isOurs;
  }

  get isShown(): boolean {
    return this.#lines.length > 0;
  }

  /** Puts these lines in place of those that are there. */
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
    // At once, so that no half of it is ever seen.
    this.#stream.write(`${hideCursor}${wrapOff}${back}${text}${eraseBelow}${wrapOn}`);
  }

  /** Takes the area away, with nothing in its place. */
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

  /** Takes the area away, and ends with these lines in its place, which stay. */
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

  /** A terminal that has become narrower has broken the lines that were there. */
  #toItsBeginning(): string {
    const { columns } = sizeOf(this.#stream);
    const rows = this.#widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return rows === 0 ? "\r" : `\r\u001b[${rows}A`;
  }
}
