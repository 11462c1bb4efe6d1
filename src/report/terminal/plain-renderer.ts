import { formatSeconds } from "../../shared/text.ts";
import { type RunningStage, StageRenderer } from "./renderer.ts";

/** How often a stage that goes on says how far it is where lines cannot be replaced, in milliseconds. */
const longSilence = 10_000;

/** Plain lines: one when a stage takes long, one when it ends. Nothing that needs a cursor. */
export class PlainRenderer extends StageRenderer {
  protected readonly interval = 500;
  /** What stages took when they last said how far they are, by title. */
  readonly #said = new Map<string, number>();

  protected override draw(running: readonly RunningStage[]): void {
    for (const { title, view, milliseconds } of running) {
      const phrase = view?.phrase() ?? "";
      if (phrase === "" || milliseconds - (this.#said.get(title) ?? 0) < longSilence) continue;
      this.#said.set(title, milliseconds);
      this.output.print(`  ${title}: ${phrase}, ${formatSeconds(milliseconds / 1000)}`);
    }
  }

  protected override clear(): void {}
}
