import { formatSeconds } from "../../shared/text.ts";
import { type RunningStage, StageRenderer } from "./renderer.ts";

/** How often a running stage prints its progress, in milliseconds. */
const longSilence = 10_000;

/** Prints plain lines: one when a stage takes long, one when it ends. */
export class PlainRenderer extends StageRenderer {
  protected readonly interval = 500;
  /** When each stage last printed its progress, by title. */
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
