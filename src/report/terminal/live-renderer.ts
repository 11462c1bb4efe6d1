import { formatSeconds } from "../../shared/text.ts";
import { type RunningStage, StageRenderer } from "./renderer.ts";
import { clipToWidth, widthOf } from "./width.ts";

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** For terminals: ended stages stay on the screen, running ones are redrawn. */
export class LiveRenderer extends StageRenderer {
  protected readonly interval = 100;
  #turns = 0;

  protected override draw(running: readonly RunningStage[]): void {
    const { area } = this.output;
    if (area === null || (running.length === 0 && !area.isShown)) return;
    this.#turns += 1;
    // The cursor's row takes one; stages share the others.
    const rows = Math.floor((this.output.screen.rows - 1) / Math.max(1, running.length));
    area.draw(running.flatMap((stage) => this.#frame(stage, rows)));
  }

  protected override clear(): void {
    const { area } = this.output;
    if (area?.isShown) area.clear();
  }

  /** Slightly narrower than the terminal, as some wrap the cursor after the last column. */
  #frame({ title, view, milliseconds }: RunningStage, rows: number): string[] {
    const { colors, screen } = this.output;
    const columns = screen.columns - 1;
    const took = formatSeconds(milliseconds / 1000);
    const room = { columns, rows: Math.max(0, rows - 1) };
    const lines = (view?.lines?.(room, colors) ?? []).slice(0, room.rows);
    const phrase = view?.phrase() ?? "";
    const text = lines.length > 0 || phrase === "" ? title : `${title}: ${phrase}`;
    const mark = colors.cyan(spinner[this.#turns % spinner.length] ?? "");
    return [`${mark} ${clipToWidth(text, columns - 2 - 1 - widthOf(took))} ${colors.dim(took)}`, ...lines];
  }
}
