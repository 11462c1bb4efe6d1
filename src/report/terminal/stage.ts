import type { ListrTask } from "listr2";
import type { Colors } from "../../shared/colors.ts";
import type { Room } from "./screen.ts";

/** The words shown when a stage ends; `isBad` marks it as failed, though what follows runs nevertheless. */
export interface StageOutcome {
  readonly text: string;
  readonly isBad: boolean;
}

/** What the renderers ask a stage while it runs. */
export interface StageView {
  /** How far it is, in a few words; empty where there is nothing to say. */
  phrase(): string;
  /** The same in lines that are drawn anew in their place, below the title and instead of the phrase. */
  lines?(room: Room, colors: Colors): readonly string[];
  /** Lines that stay on the screen, each given once. */
  news?(columns: number, colors: Colors): readonly string[];
}

/** The options of a listr2 task that our renderers know. The task itself sets them as it goes on. */
export interface StageOptions {
  view: StageView | null;
  outcome: StageOutcome | null;
  /** Whether its own work threw. listr2 also calls a task failed that still runs while another one beside it threw. */
  hasThrown: boolean;
}

/** A listr2 task as our renderers show it. */
// biome-ignore lint/suspicious/noExplicitAny: listr2 has no type for the tasks of a renderer that it does not know.
export type Stage = ListrTask<any, any, any>;

/**
 * A listr2 task that says in a few words how it ended; `show` takes what is to be seen of it while it runs. Without such
 * words nothing stays of it on the screen, unless it throws.
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

/** Stages that run at the same time; the first that throws ends the run, while the others go on in the background. */
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
