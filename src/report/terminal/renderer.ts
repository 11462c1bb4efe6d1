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
 * What both of our renderers do: follow listr2's tasks, those of nested lists too, and tell what begins and ends. A task
 * without a title, which only holds a list, is not shown.
 */
export abstract class StageRenderer {
  // What listr2 asks of a renderer class: whether it does without a terminal, and which options it takes.
  static nonTTY = true;
  static rendererOptions: RendererOptions;
  static rendererTaskOptions: StageOptions;

  protected readonly output: Output;
  readonly #tasks: readonly RendererTask[];
  /** When each task began that is running, in the order in which they began. */
  readonly #begun = new Map<RendererTask, number>();
  #clock: NodeJS.Timeout | undefined;

  constructor(tasks: readonly RendererTask[], { output }: RendererOptions) {
    this.output = output;
    this.#tasks = tasks;
  }

  /** How often `draw` is called, in milliseconds. */
  protected abstract readonly interval: number;
  /** Shows how far the run is. */
  protected abstract draw(running: readonly RunningStage[]): void;
  /** Takes away what is shown of stages that run. */
  protected abstract clear(): void;

  /** Called by listr2 before the first task begins. */
  render(): void {
    this.#follow(this.#tasks);
    this.#clock = setInterval(() => this.#update(), this.interval);
  }

  /** Called by listr2 after the last task, or the first that threw, while tasks beside it may go on. */
  end(): void {
    clearInterval(this.#clock);
    this.#begun.clear();
    this.clear();
  }

  #follow(tasks: readonly RendererTask[]): void {
    for (const task of tasks) {
      // listr2's enums cannot be used here: they would load all of it.
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
    // What was told last may not have been shown.
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
    // Where a reader breaks the lines there is room for somebody else's long names, within reason.
    for (const line of view?.news?.(wraps ? columns - 1 : 400, this.output.colors) ?? []) this.output.print(line);
  }
}

function optionsOf(task: RendererTask): StageOptions {
  return (task.rendererTaskOptions as StageOptions | undefined) ?? { view: null, outcome: null, hasThrown: false };
}
