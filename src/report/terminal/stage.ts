import type { ListrTask } from "listr2";
import type { Colors } from "../../shared/colors.ts";
import type { Room } from "./screen.ts";

/** The text displayed when a stage ends; `isBad` marks it as failed, although later stages run. */
export interface StageOutcome {
  readonly text: string;
  readonly isBad: boolean;
}

/** What renderers read from a running stage. */
export interface StageView {
  /** Its progress in a few words; may be empty. */
  phrase(): string;
  /** Its progress as lines, redrawn below the title instead of the phrase. */
  lines?(room: Room, colors: Colors): readonly string[];
  /** Lines to print permanently, each returned once. */
  news?(columns: number, colors: Colors): readonly string[];
}

/** Task options for our renderers, which the task updates itself. */
export interface StageOptions {
  view: StageView | null;
  outcome: StageOutcome | null;
  /** Whether its own work threw. listr2 also marks running tasks as failed when a parallel one threw. */
  hasThrown: boolean;
}

/** A listr2 task for our renderers. */
// biome-ignore lint/suspicious/noExplicitAny: listr2 has no type for the tasks of a renderer that it does not know.
export type Stage = ListrTask<any, any, any>;

/**
 * A listr2 task with a text at its end; `show` displays it while it runs. Without a text nothing stays on the screen,
 * unless it throws.
 */
export function stage(
  title: string,
  work: (show: (view: StageView) => void) => Promise<StageOutcome | string | undefined>,
): Stage {
  const rendererOptions: StageOptions = { view: null, outcome: null, hasThrown: false };
  return {
    title,
    rendererOptions,
    task: async () => {
      const show = (view: StageView): void => {
        rendererOptions.view = view;
      };
      const outcome = await work(show).catch((error: unknown) => {
        rendererOptions.hasThrown = true;
        throw error;
      });
      rendererOptions.outcome = typeof outcome === "string" ? { text: outcome, isBad: false } : (outcome ?? null);
    },
  };
}

/** Parallel stages; the first error ends the run while the others continue in the background. */
export function sideBySide(...stages: readonly (readonly Stage[])[]): Stage {
  const columns = stages.filter((column) => column.length > 0);
  return {
    enabled: columns.length > 0,
    task: (_, task) =>
      task.newListr(
        columns.map((column) => ({ task: (_, own) => own.newListr([...column], { concurrent: false }) })),
        { concurrent: true },
      ),
  };
}
