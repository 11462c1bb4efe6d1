import type { Writable } from "node:stream";
import { type Colors, colorsFor } from "../../shared/colors.ts";
import { withoutCommands } from "../../shared/workflow-commands.ts";
import type { Environment } from "../../shared/world.ts";
import type { LiveArea } from "./live-area.ts";
import { plainScreen, type Screen } from "./screen.ts";

/** Where a run is displayed: a terminal with redrawn lines, or a plain stream. */
export interface Output {
  readonly colors: Colors;
  /** The space for text. */
  readonly screen: Screen;
  /** The redrawn area; null on a plain stream. */
  readonly area: LiveArea | null;
  /** The lines that a sentence takes: one, but on a terminal, where what goes on is set in further. */
  wrap(sentence: string): readonly string[];
  /** Writes sentences, one per line; wraps them on a terminal. */
  say(text: string): void;
  /** Writes lines without wrapping them: they are laid out already. */
  print(text: string): void;
  /** Writes lines that a CI service is to obey; it obeys none of the others. */
  command(text: string): void;
}

/** A pipe or a file, or the log of a CI service. */
export class PlainOutput implements Output {
  readonly colors: Colors;
  readonly area = null;
  readonly screen = plainScreen;
  readonly #stream: Writable;
  readonly #environment: Environment;

  constructor(stream: Writable, environment: Environment) {
    this.#stream = stream;
    this.#environment = environment;
    this.colors = colorsFor(stream, environment);
  }

  wrap(sentence: string): readonly string[] {
    return [sentence];
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
