import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";

/** What programs write to steer a terminal, as far as ours do. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what a terminal reads.
const token = /\u001b\[(\??)(\d*)([A-Za-z])|[\r\n]|[^\u001b\r\n]+/gu;

/** A terminal of so many characters that can be looked at: lines that are too long are wrapped, and broken anew as the window changes. */
export class FakeTerminal extends PassThrough {
  readonly isTTY = true;
  columns: number;
  rows: number;
  #lines: string[] = [""];
  #row = 0;
  #column = 0;
  #wraps = true;
  cursorIsShown = true;
  written = "";

  constructor(columns: number, rows = 24) {
    super();
    this.columns = columns;
    this.rows = rows;
    this.on("data", (chunk) => this.#take(String(chunk)));
  }

  /** What is to be seen, and what has gone out at the top. */
  get screen(): string {
    return this.#lines
      .map((line) => line.trimEnd())
      .join("\n")
      .trimEnd();
  }

  get text(): string {
    return stripVTControlCharacters(this.written);
  }

  /** The window gets so wide: lines that are too long then are broken, the cursor stays with what it stands on. */
  resize(columns: number): void {
    this.columns = columns;
    const above = this.#lines.slice(0, this.#row);
    const pieces = (line: string): string[] =>
      Array.from({ length: Math.max(1, Math.ceil(line.trimEnd().length / columns)) }, (_, index) =>
        line.slice(index * columns, (index + 1) * columns),
      );
    this.#row = above.flatMap(pieces).length;
    this.#lines = this.#lines.flatMap(pieces);
  }

  #take(text: string): void {
    this.written += text;
    for (const [whole, mark, count = "", command] of text.matchAll(token)) {
      if (whole === "\r") this.#column = 0;
      else if (whole === "\n") this.#down();
      else if (command === undefined) for (const character of whole) this.#put(character);
      else if (mark === "?") this.#set(count, command === "h");
      else this.#steer(command, Number(count || 1));
    }
  }

  #set(mode: string, value: boolean): void {
    if (mode === "7") this.#wraps = value;
    if (mode === "25") this.cursorIsShown = value;
  }

  #steer(command: string, count: number): void {
    const line = this.#lines[this.#row] ?? "";
    if (command === "A") this.#row = Math.max(0, this.#row - count);
    if (command === "K" || command === "J") this.#lines[this.#row] = line.slice(0, this.#column);
    if (command === "J") this.#lines.length = this.#row + 1;
  }

  #put(character: string): void {
    if (this.#column >= this.columns) {
      if (this.#wraps) this.#down();
      else this.#column = this.columns - 1;
    }
    const line = (this.#lines[this.#row] ?? "").padEnd(this.#column);
    this.#lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
    this.#column += 1;
  }

  #down(): void {
    this.#row += 1;
    this.#column = 0;
    this.#lines[this.#row] ??= "";
  }
}
