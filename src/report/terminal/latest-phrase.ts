import type { Stage } from "./display.ts";

/** What goes on in work that may begin before its stage is shown. */
export class LatestPhrase {
  #phrase: string | null = null;
  #stage: Stage | null = null;

  /** Shows a phrase, or keeps it until there is a stage to show it on. */
  tell(phrase: string): void {
    this.#phrase = phrase;
    this.#stage?.progress(phrase);
  }

  /** Shows the last phrase, and those to come, on a stage while the work goes on; gives the work's value. */
  async showOn<Value>(stage: Stage, work: Promise<Value>): Promise<Value> {
    this.#stage = stage;
    if (this.#phrase !== null) stage.progress(this.#phrase);
    return await work;
  }
}
