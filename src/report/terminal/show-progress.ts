import type { RunningSummary } from "../../model/summary.ts";
import type { Redact } from "../../shared/redact.ts";
import { plainLine } from "../../shared/text.ts";
import type { BegunTest, Progress, Visit } from "../../suite/progress/listen.ts";
import { nameInFile, toldFile } from "../../suite/results/results.ts";
import type { SoFar } from "../../suite/results/unfinished.ts";
import type { FileDurations } from "../../suite/schedule/durations.ts";
import type { Stage } from "./display.ts";
import { type SuiteView, suiteLines, suitePhrase, type WorkerView } from "./live-suite.ts";
import { type BegunFile, type ShownTime, secondsLeft, steadyTime } from "./time-left.ts";
import { type ShownFailure, ToldFailures } from "./told-failures.ts";

/** How often the view is drawn, in milliseconds. */
const interval = 100;
/** From how many seconds on a test that runs is named: a reader asks whether it hangs. */
const longWait = 20;

/** What is known of a suite whose progress is shown. */
export interface ShownSuite {
  readonly checkoutRoot: string;
  /** How many workers run its files. */
  readonly workers: number;
  /** What its files took the last time; empty where that says nothing of this run. */
  readonly durations: FileDurations;
  readonly redact: Redact;
}

/** Shows how far the processes of a suite are, all of them together. */
export interface ProgressDisplay {
  /** Adds a process that is about to start. */
  readonly follow: (progress: Progress) => void;
  /** Forgets the processes so far: the suite begins anew, and its tests are counted again. */
  readonly startAgain: () => void;
  /** From now on what is followed runs failed tests again, and a phrase says how far that is. */
  readonly rerun: (phrase: string) => void;
  /** How far the suite is. */
  soFar(): SoFar;
  end(): void;
}

/** Begins to show what it is told to follow, until its end. */
export function showProgress(stage: Stage, suite: ShownSuite): ProgressDisplay {
  const view = new FollowedSuite(stage, suite);
  // What fails again when it runs alone is no other failure: from then on none of it is looked at.
  let isRerun = false;
  const clock = setInterval(() => {
    if (!isRerun) view.show();
  }, interval);
  return {
    follow: (progress) => void view.followed.push(progress),
    startAgain: () => {
      // Its last failures may not have been shown.
      view.show();
      view.followed.length = 0;
    },
    rerun: (phrase) => {
      if (!isRerun) view.show();
      isRerun = true;
      stage.progress(phrase);
    },
    soFar: () => view.soFar(),
    end: () => {
      clearInterval(clock);
      if (!isRerun) view.show();
    },
  };
}

class FollowedSuite {
  readonly followed: Progress[] = [];
  readonly #startedAt = Date.now();
  readonly #stage: Stage;
  readonly #suite: ShownSuite;
  readonly #failures: ToldFailures;
  /** How many failures of each process were looked at. */
  readonly #seen = new Map<Progress, number>();
  /** Names in the checkout by the runners' own: they are asked for ten times a second. */
  readonly #names = new Map<string, string>();
  /** The processes of which it was said that they do not end. */
  readonly #keptAlive = new Set<Progress>();
  #shown: ShownTime | null = null;

  constructor(stage: Stage, suite: ShownSuite) {
    this.#stage = stage;
    this.#suite = suite;
    this.#failures = new ToldFailures(stage);
  }

  show(): void {
    for (const progress of this.followed) {
      this.#tellFailures(progress);
      this.#tellKeptAlive(progress);
    }
    const view = this.#view();
    this.#stage.progress(suitePhrase(view), (room, colors) => suiteLines(view, room, colors));
  }

  soFar(): SoFar {
    const failures = this.followed.flatMap((progress) =>
      progress.failures.map((failure) => this.#readableTest(failure, progress)),
    );
    const files = this.followed.flatMap((progress) => progress.visits.map(({ file }) => this.#nameOf(file, progress)));
    return {
      ...this.#counts(),
      skipped: this.followed.reduce((total, { skipped }) => total + skipped, 0),
      files: new Set(files).size,
      seconds: (Date.now() - this.#startedAt) / 1000,
      failures,
      running: this.#running(),
    };
  }

  #view(): SuiteView {
    const counts = this.#counts();
    const hasTestsLeft = !counts.isTotalFinal || counts.done < counts.total;
    const slow = this.#running().filter(({ seconds }) => seconds >= longWait);
    return { ...counts, secondsLeft: this.#secondsLeft(hasTestsLeft), workers: this.#workers(), slow };
  }

  #counts(): Pick<SuiteView, "done" | "total" | "isTotalFinal" | "failed"> {
    const sum = (value: (progress: Progress) => number): number =>
      this.followed.reduce((total, progress) => total + value(progress), 0);
    return {
      done: sum(({ done }) => done),
      total: sum(({ total }) => total),
      isTotalFinal: this.followed.every(({ isTotalFinal }) => isTotalFinal),
      failed: sum(({ failed }) => failed),
    };
  }

  /** The tests that are running, the ones that were begun first in front. */
  #running(): RunningSummary[] {
    const now = Date.now();
    return this.followed
      .flatMap((progress) =>
        progress.running.map((test) => {
          const { worker, file, name } = this.#readableTest(test, progress);
          const own = worker === undefined || worker === "master" ? {} : { worker };
          return { file, name, ...own, seconds: (now - test.since) / 1000 };
        }),
      )
      .sort((left, right) => right.seconds - left.seconds);
  }

  #readableTest({ worker, file, name }: BegunTest, progress: Progress): ShownFailure {
    return {
      worker: worker && this.#readable(worker),
      file: this.#readable(this.#nameOf(file, progress)),
      name: this.#readable(nameInFile(file, name)),
    };
  }

  #workers(): WorkerView[] {
    return this.followed
      .flatMap((progress) =>
        [...progress.workers].map(([name, worker]) => ({
          ...worker,
          name: this.#readable(name),
          file: worker.file === "" ? "" : this.#readable(this.#nameOf(worker.file, progress)),
        })),
      )
      .sort((left, right) => left.name.localeCompare(right.name, "en", { numeric: true }));
  }

  #secondsLeft(hasTestsLeft: boolean): number | null {
    const now = Date.now();
    const begun = new Map<string, BegunFile>();
    for (const progress of this.followed) {
      for (const { file, ...part } of timesOf(progress.visits, now)) {
        const name = this.#nameOf(file, progress);
        const before = begun.get(name);
        begun.set(name, before ? { seconds: before.seconds + part.seconds, isOver: part.isOver } : part);
      }
    }
    if (begun.size === 0) return null;
    const { durations, workers } = this.#suite;
    const estimate = secondsLeft({ recorded: durations, begun, workers, hasTestsLeft });
    this.#shown = estimate === null ? null : steadyTime(this.#shown, estimate, now / 1000);
    return this.#shown?.seconds ?? null;
  }

  #tellFailures(progress: Progress): void {
    const { failures } = progress;
    for (const failure of failures.slice(this.#seen.get(progress) ?? 0))
      this.#failures.tell(this.#readableTest(failure, progress));
    this.#seen.set(progress, failures.length);
  }

  #tellKeptAlive(progress: Progress): void {
    if (progress.keptAlive === null || this.#keptAlive.has(progress)) return;
    this.#keptAlive.add(progress);
    const by = progress.keptAlive.by.map((one) => this.#readable(one));
    this.#stage.say((_columns, colors) => colors.yellow(`  ${keptAliveText(by)}`));
  }

  /** A file relative to the checkout's root, where it lies in it. */
  #nameOf(file: string, { root }: Progress): string {
    const { checkoutRoot } = this.#suite;
    const key = `${root}\n${file}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const name = toldFile(checkoutRoot, root, file);
    this.#names.set(key, name);
    return name;
  }

  #readable(name: string): string {
    return plainLine(this.#suite.redact(name));
  }
}

/** "The tests are over, and the process has not ended yet: a connection to the database keeps it alive." */
export function keptAliveText(by: readonly string[]): string {
  const what = by.length === 0 ? "something" : by.join(", ");
  return `The tests are over, and the process has not ended yet: ${what} ${by.length > 1 ? "keep" : "keeps"} it alive.`;
}

/** How long each visit of a worker took: until its next one, or now. */
function timesOf(visits: readonly Visit[], now: number): ({ file: string } & BegunFile)[] {
  const nextOf = new Map<string, number>();
  return visits
    .toReversed()
    .map(({ worker, file, at }) => {
      const next = nextOf.get(worker);
      nextOf.set(worker, at);
      return { file, seconds: Math.max(0, (next ?? now) - at) / 1000, isOver: next !== undefined };
    })
    .reverse();
}
