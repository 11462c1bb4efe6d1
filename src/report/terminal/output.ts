import type { Writable } from "node:stream";
import { type Colors, colorsFor, isSwitchedOn, isTerminal } from "../../shared/colors.ts";
import { withoutCommands } from "../../shared/workflow-commands.ts";
import type { Environment } from "../../shared/world.ts";
import { LiveArea } from "./live-area.ts";
import { plainScreen, type Screen, sizeOf } from "./screen.ts";
import { wrapWords } from "./width.ts";

/** Where a run is displayed: a terminal with redrawn lines, or a plain stream. */
export interface Output {
  readonly colors: Colors;
  /** The space for text. */
  readonly screen: Screen;
  /** The redrawn area; null on a plain stream. */
  readonly area: LiveArea | null;
  /** Writes sentences, one per line; wraps them on a terminal. */
  say(text: string): void;
  /** Writes lines without wrapping them: they are laid out already. */
  print(text: string): void;
  /** Writes lines that a CI service is to obey; it obeys none of the others. */
  command(text: string): void;
}

/** Opens the output for a stream: live on a terminal, plain in CI and elsewhere. */
export function openOutput(stream: Writable, environment: Environment): Output {
  const colors = colorsFor(stream, environment);
  return isTerminal(stream, environment) && !isSwitchedOn(environment.CI)
    ? new Terminal(stream, colors)
    : new Plain(stream, colors, environment);
}

class Terminal implements Output {
  readonly colors: Colors;
  readonly area: LiveArea;
  readonly #stream: Writable;

  constructor(stream: Writable, colors: Colors) {
    this.#stream = stream;
    this.colors = colors;
    this.area = new LiveArea(stream);
  }

  get screen(): Screen {
    return { ...sizeOf(this.#stream), wraps: true };
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
    if (this.area.isShown) this.area.writeAbove(text);
    else this.#stream.write(`${text}\n`);
  }

  command(text: string): void {
    this.print(text);
  }
}

class Plain implements Output {
  readonly colors: Colors;
  readonly area = null;
  readonly screen = plainScreen;
  readonly #stream: Writable;
  readonly #environment: Environment;

  constructor(stream: Writable, colors: Colors, environment: Environment) {
    this.#stream = stream;
    this.#environment = environment;
    this.colors = colors;
  }

  say(text: string): void {
    this.print(text);
  }

  print(text: string): void {
    this.command(withoutCommands(text, this.#environment));
  }

  command(text: string): void {
    this.#stream.write(`${text}\n`);
  }
}
