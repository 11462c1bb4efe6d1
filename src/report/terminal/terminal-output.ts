import type { Writable } from "node:stream";
import { type Colors, colorsFor } from "../../shared/colors.ts";
import type { Environment } from "../../shared/world.ts";
import { LiveArea } from "./live-area.ts";
import type { Output } from "./output.ts";
import { type Screen, sizeOf } from "./screen.ts";
import { wrapWords } from "./width.ts";

/** A terminal, whose last lines are redrawn. */
export class TerminalOutput implements Output {
  readonly colors: Colors;
  readonly area: LiveArea;
  readonly #stream: Writable;

  constructor(stream: Writable, environment: Environment) {
    this.#stream = stream;
    this.colors = colorsFor(stream, environment);
    this.area = new LiveArea(stream);
  }

  get screen(): Screen {
    return { ...sizeOf(this.#stream), wraps: true };
  }

  wrap(sentence: string): readonly string[] {
    return wrapWords(sentence, this.screen.columns);
  }

  say(text: string): void {
    this.print(
      text
        .split("\n")
        .flatMap((line) => this.wrap(line))
        .join("\n"),
    );
  }

  print(text: string): void {
    if (this.area.isShown) this.area.writeAbove(text);
    else this.#stream.write(`${text}\n`);
  }

  command(text: string): void {
    this.print(text);
  }
}
