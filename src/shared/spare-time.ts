/** How long this process may at most be busy with its beginning, in milliseconds: setting up a database may take minutes. */
const longestBeginning = 1000;

/** The time in which this process only waits for others. What is needed at the end is loaded and computed then. */
export class SpareTime {
  /** Resolves when it has begun. */
  readonly begun: Promise<void>;
  readonly #begin: () => void;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    let begin = (): void => {};
    this.begun = new Promise((resolve) => {
      begin = resolve;
    });
    this.#begin = begin;
    this.#timer = setTimeout(begin, longestBeginning).unref();
  }

  /** Call it once a runner works, or what waits for this is needed. May be called again. */
  begin(): void {
    clearTimeout(this.#timer);
    this.#begin();
  }
}
