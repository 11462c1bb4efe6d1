import type { Writable } from "node:stream";
import { DefaultRenderer, Listr, ListrLogger, ProcessOutput } from "listr2";
import pc from "picocolors";
import type { Environment } from "../world.ts";
import { formatSeconds } from "./text.ts";

/** What is shown while a verification goes on. */
export interface Display {
  readonly colors: Colors;
  /**
   * Shows a stage from its beginning to its end and gives its value. `conclude` says in a few words what came of it;
   * a stage that throws is shown as failed and the error passed on.
   */
  stage<Value>(
    title: string,
    work: (stage: Stage) => Promise<Value>,
    conclude: (value: Value) => string,
  ): Promise<Value>;
  /** A line, or several, below what was shown so far. */
  say(text: string): void;
}

export type Colors = ReturnType<typeof pc.createColors>;

/** A stage that is being shown. */
export interface Stage {
  /** How far it is: a phrase, and a line for each worker where there are some. */
  progress(phrase: string, lines?: readonly string[]): void;
}

/** Live on a terminal, plain lines elsewhere. */
export function openDisplay(stream: Writable, environment: Environment): Display {
  const isTerminal = (stream as { isTTY?: boolean }).isTTY === true && environment.TERM !== "dumb";
  const wantsColors = isTerminal && !environment.NO_COLOR;
  return isTerminal && !environment.CI
    ? new LiveDisplay(stream, pc.createColors(wantsColors))
    : new PlainDisplay(stream, pc.createColors(wantsColors));
}

/** One line as a stage begins to take long, one when it ends: nothing that needs a cursor. */
class PlainDisplay implements Display {
  readonly #stream: Writable;
  readonly colors: Colors;

  constructor(stream: Writable, colors: Colors) {
    this.#stream = stream;
    this.colors = colors;
  }

  async stage<Value>(
    title: string,
    work: (stage: Stage) => Promise<Value>,
    conclude: (value: Value) => string,
  ): Promise<Value> {
    const started = performance.now();
    let said = started;
    const progress = (phrase: string): void => {
      const now = performance.now();
      if (now - said < plainInterval) return;
      said = now;
      this.say(`  ${title}: ${phrase}, ${formatSeconds((now - started) / 1000)}`);
    };
    try {
      const value = await work({ progress });
      this.say(`✔ ${title}: ${conclude(value)} (${formatSeconds((performance.now() - started) / 1000)})`);
      return value;
    } catch (error) {
      this.say(`✘ ${title} (${formatSeconds((performance.now() - started) / 1000)})`);
      throw error;
    }
  }

  say(text: string): void {
    this.#stream.write(`${text}\n`);
  }
}

/** How often a stage that goes on says how far it is where lines cannot be replaced, in milliseconds. */
const plainInterval = 10_000;

/** listr2's live list, one list a stage: what has ended stays on the screen, only what goes on is drawn again. */
class LiveDisplay implements Display {
  readonly #stream: Writable;
  readonly colors: Colors;

  constructor(stream: Writable, colors: Colors) {
    this.#stream = stream;
    this.colors = colors;
  }

  async stage<Value>(
    title: string,
    work: (stage: Stage) => Promise<Value>,
    conclude: (value: Value) => string,
  ): Promise<Value> {
    const started = performance.now();
    const { dim } = this.colors;
    const took = (): string => dim(formatSeconds((performance.now() - started) / 1000));
    let result: { value: Value } | undefined;
    const list = new Listr(
      [
        {
          title,
          task: async (_context, task) => {
            let phrase = "";
            const draw = (): void => {
              task.title = `${title}${phrase && `: ${phrase}`} ${took()}`;
            };
            const clock = setInterval(draw, 100);
            try {
              const value = await work({
                progress: (next, lines = []) => {
                  phrase = next;
                  task.output = lines.join("\n");
                  draw();
                },
              });
              result = { value };
              task.title = `${title}: ${conclude(value)} ${took()}`;
            } catch (error) {
              task.title = `${title} ${took()}`;
              throw error;
            } finally {
              clearInterval(clock);
            }
          },
        },
      ],
      {
        // Ctrl-C is ours: listr2 would end the process before anything is cleaned up.
        registerSignalListeners: false,
        renderer: LiveRenderer,
        rendererOptions: {
          logger: new ListrLogger({
            processOutput: new ProcessOutput(asTerminal(this.#stream), asTerminal(this.#stream)),
          }),
          showErrorMessage: false,
          collapseErrors: false,
        },
      },
    );
    await list.run();
    return (result as { value: Value }).value;
  }

  say(text: string): void {
    this.#stream.write(`${text}\n`);
  }
}

/** Whether there is a terminal was decided for our own stream; listr2 would ask standard output, which may be a pipe. */
class LiveRenderer extends DefaultRenderer {
  static override nonTTY = true;
}

function asTerminal(stream: Writable): NodeJS.WriteStream {
  return stream as NodeJS.WriteStream;
}
