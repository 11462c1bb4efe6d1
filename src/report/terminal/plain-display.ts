import type { Writable } from "node:stream";
import { formatSeconds } from "../../shared/text.ts";
import { type Conclusion, concluded } from "./conclusion.ts";
import type { Colors, Display, Stage } from "./display.ts";
import { plainScreen } from "./screen.ts";

/** How often a stage that goes on says how far it is where lines cannot be replaced, in milliseconds. */
const interval = 10_000;

/** How long a line may get that somebody else's names are in. */
const longestLine = 400;

/** One line as a stage begins to take long, one when it ends: nothing that needs a cursor. */
export class PlainDisplay implements Display {
  readonly #stream: Writable;
  readonly colors: Colors;
  readonly screen = plainScreen;

  constructor(stream: Writable, colors: Colors) {
    this.#stream = stream;
    this.colors = colors;
  }

  async stage<Value>(
    title: string,
    work: (stage: Stage) => Promise<Value>,
    conclude: (value: Value) => Conclusion,
  ): Promise<Value> {
    const { red } = this.colors;
    const started = performance.now();
    let said = started;
    const progress = (phrase: string): void => {
      const now = performance.now();
      if (now - said < interval) return;
      said = now;
      this.say(`  ${title}: ${phrase}, ${formatSeconds((now - started) / 1000)}`);
    };
    const took = (): string => `(${formatSeconds((performance.now() - started) / 1000)})`;
    try {
      const value = await work({ progress, say: (write) => this.say(write(longestLine, this.colors)) });
      const { mark, text } = concluded(conclude(value), this.colors);
      this.say(`${mark} ${title}: ${text} ${took()}`);
      return value;
    } catch (error) {
      this.say(`${red("✘")} ${title} ${took()}`);
      throw error;
    }
  }

  say(text: string): void {
    this.print(text);
  }

  print(text: string): void {
    this.#stream.write(`${text}\n`);
  }
}
