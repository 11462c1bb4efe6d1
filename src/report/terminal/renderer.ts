import type { ListrRendererTask, ListrTaskState } from "listr2";
import { formatSeconds } from "../../shared/text.ts";
import type { Output } from "./output.ts";
import type { StageOptions, StageView } from "./stage.ts";
import { printEnd } from "./stage-end.ts";

/** The options of our renderers. */
export interface RendererOptions {
  readonly output: Output;
}

/** A listr2 task as a renderer gets it. */
// biome-ignore lint/suspicious/noExplicitAny: listr2 knows the options of its own renderers only.
export type RendererTask = ListrRendererTask<any>;

/** A stage that is running. */
export interface RunningStage {
  readonly title: string;
  readonly view: StageView | null;
  /** How long it has been running, in milliseconds. */
  readonly milliseconds: number;
}

/**
 * Base of our renderers: follows listr2's tasks, including nested lists, and reports beginnings and ends. Tasks without
 * a title only group others.
 */
export abstract class StageRenderer {
  // Required by listr2: whether it works without a terminal, and its options.
  static nonTTY = true;
  static rendererOptions: RendererOptions;
  static rendererTaskOptions: StageOptions;

  protected readonly output: Output;
  readonly #tasks: readonly RendererTask[];
  /** When each running task began, in order. */
  readonly #begun = new Map<RendererTask, number>();
  #clock: NodeJS.Timeout | undefined;

  constructor(tasks: readonly RendererTask[], { output }: RendererOptions) {
    this.output = output;
    this.#tasks = tasks;
  }

  /** How often `draw` is called, in milliseconds. */
  protected abstract readonly interval: number;
  /** Displays the progress of the run. */
  protected abstract draw(running: readonly RunningStage[]): void;
  /** Removes the display of running stages. */
  protected abstract clear(): void;

  /** Called by listr2 before the first task begins. */
  render(): void {
    this.#follow(this.#tasks);
    this.#clock = setInterval(() => this.#update(), this.interval);
  }

  /** Called by listr2 after the last task or the first failure; parallel tasks may still run. */
  end(): void {
    clearInterval(this.#clock);
    this.#begun.clear();
    this.clear();
  }

  #follow(tasks: readonly RendererTask[]): void {
    for (const task of tasks) {
      // Importing listr2's enums would load the whole package.
      task.on("SUBTASK" as never, (subtasks) => this.#follow(subtasks as unknown as RendererTask[]));
      if (task.hasTitle()) task.on("STATE" as never, (state) => this.#turn(task, state as unknown as ListrTaskState));
    }
  }

  #turn(task: RendererTask, state: `${ListrTaskState}`): void {
    if (state === "STARTED") {
      this.#begun.set(task, performance.now());
      this.#update();
    }
    const began = this.#begun.get(task);
    if (began === undefined || (state !== "COMPLETED" && state !== "FAILED")) return;
    // The last news may not have been printed yet.
    this.#showNews(optionsOf(task));
    this.#begun.delete(task);
    const took = formatSeconds((performance.now() - began) / 1000);
    const { outcome, hasThrown } = optionsOf(task);
    const title = task.title ?? "";
    if (hasThrown) printEnd({ title, text: null, isBad: true, took }, this.output);
    else if (outcome !== null) printEnd({ title, ...outcome, took }, this.output);
    this.#update();
  }

  #update(): void {
    const now = performance.now();
    for (const task of this.#begun.keys()) this.#showNews(optionsOf(task));
    this.draw(
      [...this.#begun].map(([task, began]) => ({
        title: task.title ?? "",
        view: optionsOf(task).view,
        milliseconds: now - began,
      })),
    );
  }

  #showNews({ view }: StageOptions): void {
    const { columns, wraps } = this.output.screen;
    // If the reader wraps lines, other names may be longer, within limits.
    for (const line of view?.news?.(wraps ? columns - 1 : 400, this.output.colors) ?? []) this.output.print(line);
  }
}

function optionsOf(task: RendererTask): StageOptions {
  return (task.rendererTaskOptions as StageOptions | undefined) ?? { view: null, outcome: null, hasThrown: false };
}
