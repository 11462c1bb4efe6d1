import type { Writable } from "node:stream";
import { formatSeconds } from "../../shared/text.ts";
import { type Conclusion, concluded } from "./conclusion.ts";
import type { Colors, Display, Stage, StageLines } from "./display.ts";
import { LiveArea } from "./live-area.ts";
import { type Screen, sizeOf } from "./screen.ts";
import { clipToWidth, widthOf, wrapWords } from "./width.ts";

/** How often what goes on is drawn, in milliseconds. */
const interval = 100;

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** On a terminal: what has ended stays on the screen, only what goes on is drawn again. */
export class LiveDisplay implements Display {
  readonly #stream: Writable;
  readonly #area: LiveArea;
  readonly colors: Colors;

  constructor(stream: Writable, colors: Colors) {
    this.#stream = stream;
    this.#area = new LiveArea(stream);
    this.colors = colors;
  }

  get screen(): Screen {
    return { ...sizeOf(this.#stream), wraps: true };
  }

  async stage<Value>(
    title: string,
    work: (stage: Stage) => Promise<Value>,
    conclude: (value: Value) => Conclusion,
  ): Promise<Value> {
    const { red } = this.colors;
    const started = performance.now();
    const took = (): string => formatSeconds((performance.now() - started) / 1000);
    let phrase = "";
    let write: StageLines = () => [];
    let turns = 0;
    const draw = (): void => {
      turns += 1;
      this.#area.draw(this.#frame(title, { phrase, write, took: took(), turns }));
    };
    const clock = setInterval(draw, interval);
    draw();
    try {
      const value = await work({
        progress: (next, lines = () => []) => {
          phrase = next;
          write = lines;
        },
        say: (line) => this.print(line(this.screen.columns - 1, this.colors)),
      });
      const { mark, text } = concluded(conclude(value), this.colors);
      this.#end(mark, `${title}: ${text}`, took());
      return value;
    } catch (error) {
      this.#end(red("✘"), title, took());
      throw error;
    } finally {
      clearInterval(clock);
    }
  }

  say(text: string): void {
    const { columns } = this.screen;
    this.print(
      text
        .split("\n")
        .flatMap((line) => wrapWords(line, columns))
        .join("\n"),
    );
  }

  print(text: string): void {
    if (this.#area.isShown) this.#area.writeAbove(text);
    else this.#stream.write(`${text}\n`);
  }

  /** Not quite as wide as the terminal: some put the cursor on the next row when the last column is filled. */
  #frame(
    title: string,
    { phrase, write, took, turns }: { phrase: string; write: StageLines; took: string; turns: number },
  ): string[] {
    const { cyan, dim } = this.colors;
    const columns = this.screen.columns - 1;
    // The row of the title, and the one that the cursor is on.
    const rows = this.screen.rows - 2;
    const lines = write({ columns, rows }, this.colors).slice(0, Math.max(0, rows));
    const text = lines.length > 0 || phrase === "" ? title : `${title}: ${phrase}`;
    const room = columns - 2 - 1 - widthOf(took);
    return [`${cyan(spinner[turns % spinner.length] ?? "")} ${clipToWidth(text, room)} ${dim(took)}`, ...lines];
  }

  #end(mark: string, text: string, took: string): void {
    const lines = wrapWords(`  ${text} (${took})`, this.screen.columns);
    // The time is dim where it has not been broken, the mark takes the place of the first two columns.
    const [first = "", ...others] = lines.map((line) =>
      line.endsWith(`(${took})`) ? line.slice(0, -took.length - 2) + this.colors.dim(`(${took})`) : line,
    );
    this.#area.end([`${mark} ${first.slice(2)}`, ...others].join("\n"));
  }
}
