import type { Colors } from "../../shared/colors.ts";
import type { RunningSuite } from "../../suite/progress/running-suite.ts";
import { FailureNews } from "./failure-news.ts";
import { type SuiteView, suiteLines, suitePhrase } from "./live-suite.ts";
import type { Room } from "./screen.ts";
import type { StageView } from "./stage.ts";
import { type ShownTime, secondsLeft, steadyTime } from "./time-left.ts";

/** A test that runs longer than this is listed, as it may hang; in seconds. */
const longWait = 20;

/** Displays a running suite: counts, workers, time left, and failures as they happen. */
export class RunningSuiteView implements StageView {
  readonly #suite: RunningSuite;
  readonly #failures = new FailureNews();
  /** Processes already reported as not ending. */
  readonly #keptAlive = new Set<unknown>();
  #shown: ShownTime | null = null;

  constructor(suite: RunningSuite) {
    this.#suite = suite;
  }

  phrase(): string {
    return this.#suite.rerunPhrase ?? suitePhrase(this.#facts());
  }

  lines(room: Room, colors: Colors): readonly string[] {
    return this.#suite.rerunPhrase === null ? suiteLines(this.#facts(), room, colors) : [];
  }

  news(columns: number, colors: Colors): readonly string[] {
    return [...this.#failures.of(this.#suite.failures, columns, colors), ...this.#keptAliveNews(colors)];
  }

  #facts(): SuiteView {
    const { counts, running, workers } = this.#suite;
    const hasTestsLeft = !counts.isTotalFinal || counts.done < counts.total;
    const slow = running.filter(({ seconds }) => seconds >= longWait);
    return { ...counts, secondsLeft: this.#secondsLeft(hasTestsLeft), workers, slow };
  }

  #secondsLeft(hasTestsLeft: boolean): number | null {
    const begun = this.#suite.begunFiles;
    if (begun.size === 0) return null;
    const { durations, workers } = this.#suite.facts;
    const estimate = secondsLeft({ recorded: durations, begun, workers, hasTestsLeft });
    this.#shown = estimate === null ? null : steadyTime(this.#shown, estimate, Date.now() / 1000);
    return this.#shown?.seconds ?? null;
  }

  #keptAliveNews(colors: Colors): string[] {
    return [...this.#suite.keptAlive].flatMap(([progress, by]) => {
      if (this.#keptAlive.has(progress)) return [];
      this.#keptAlive.add(progress);
      return colors.yellow(`  ${keptAliveText(by)}`);
    });
  }
}

/** "The tests are over, and the process has not ended yet: a connection to the database keeps it alive." */
function keptAliveText(by: readonly string[]): string {
  const what = by.length === 0 ? "something" : by.join(", ");
  return `The tests are over, and the process has not ended yet: ${what} ${by.length > 1 ? "keep" : "keeps"} it alive.`;
}
