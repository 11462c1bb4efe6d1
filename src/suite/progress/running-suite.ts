import type { RunningSummary } from "../../model/summary.ts";
import type { Redact } from "../../shared/redact.ts";
import { plainLine } from "../../shared/text.ts";
import { nameInFile, reportedFile } from "../results/results.ts";
import type { SoFar } from "../results/unfinished.ts";
import type { FileDurations } from "../schedule/durations.ts";
import type { BegunTest, Progress, Visit, WorkerProgress } from "./facts.ts";

/**
 * A test in a form that can be displayed: path relative to the checkout, no secrets, no terminal control characters.
 */
export interface ReadableTest {
  readonly worker: string | undefined;
  readonly file: string;
  readonly name: string;
}

/** A test file that a worker has begun. */
export interface BegunFile {
  /** Seconds so far, or in total where it is over. */
  readonly seconds: number;
  readonly isOver: boolean;
}

/** Facts that do not change while a suite runs. */
export interface RunningSuiteFacts {
  readonly checkoutRoot: string;
  /** How many workers run its files. */
  readonly workers: number;
  /** The last recorded durations of its files; empty where they do not apply to this run. */
  readonly durations: FileDurations;
  readonly redact: Redact;
}

/** Called once per suite, before its first process starts. */
export type SuiteObserver = (suite: RunningSuite) => void;

/** A running suite with all its processes. The display polls it on every redraw. */
export class RunningSuite {
  readonly facts: RunningSuiteFacts;
  readonly #startedAt = Date.now();
  #followed: Progress[] = [];
  readonly #failures: ReadableTest[] = [];
  /** How many failures of each process have been collected. */
  readonly #collected = new Map<Progress, number>();
  /** Cache of display names: they are read ten times a second. */
  readonly #names = new Map<string, string>();
  #rerun: string | null = null;

  constructor(facts: RunningSuiteFacts) {
    this.facts = facts;
  }

  /** Adds a process that is about to start. */
  follow(progress: Progress): void {
    this.#followed.push(progress);
  }

  /** Drops the processes so far: the suite starts over, and its tests are counted again. */
  startAgain(): void {
    this.#collectFailures();
    this.#followed = [];
  }

  /** Called when processes begin to rerun failed tests; `phrase` describes the progress. */
  rerun(phrase: string): void {
    this.#collectFailures();
    this.#rerun = phrase;
  }

  /** The progress of reruns, a phrase; null before the first. */
  get rerunPhrase(): string | null {
    return this.#rerun;
  }

  /** All failures so far, in order of report; a test may appear twice. */
  get failures(): readonly ReadableTest[] {
    this.#collectFailures();
    return this.#failures;
  }

  get counts(): Pick<Progress, "done" | "total" | "isTotalFinal" | "failed"> {
    const sum = (value: (progress: Progress) => number): number =>
      this.#followed.reduce((total, progress) => total + value(progress), 0);
    return {
      done: sum(({ done }) => done),
      total: sum(({ total }) => total),
      isTotalFinal: this.#followed.every(({ isTotalFinal }) => isTotalFinal),
      failed: sum(({ failed }) => failed),
    };
  }

  /** The running tests, oldest first. */
  get running(): RunningSummary[] {
    const now = Date.now();
    return this.#followed
      .flatMap((progress) =>
        progress.running.map((test) => {
          const { worker, file, name } = this.#readableTest(test, progress);
          const own = worker === undefined || worker === "master" ? {} : { worker };
          return { file, name, ...own, seconds: (now - test.since) / 1000 };
        }),
      )
      .sort((left, right) => right.seconds - left.seconds);
  }

  /** What each worker is doing, by worker number. */
  get workers(): (WorkerProgress & { readonly name: string })[] {
    return this.#followed
      .flatMap((progress) =>
        [...progress.workers].map(([name, worker]) => ({
          ...worker,
          name: this.#readable(name),
          file: worker.file === "" ? "" : this.#readable(this.#nameOf(worker.file, progress)),
        })),
      )
      .sort((left, right) => left.name.localeCompare(right.name, "en", { numeric: true }));
  }

  /** The files that have begun, relative to the checkout, with their time so far. */
  get begunFiles(): ReadonlyMap<string, BegunFile> {
    const now = Date.now();
    const begun = new Map<string, BegunFile>();
    for (const progress of this.#followed) {
      for (const { file, ...part } of timesOf(progress.visits, now)) {
        const name = this.#nameOf(file, progress);
        const before = begun.get(name);
        begun.set(name, before ? { seconds: before.seconds + part.seconds, isOver: part.isOver } : part);
      }
    }
    return begun;
  }

  /** For each process that is still alive after its tests: what keeps it alive, where known. */
  get keptAlive(): ReadonlyMap<Progress, readonly string[]> {
    const kept = this.#followed.flatMap((progress) =>
      progress.keptAlive === null ? [] : [[progress, progress.keptAlive.by.map((one) => this.#readable(one))] as const],
    );
    return new Map(kept);
  }

  /** The suite's progress, for the summary of an interrupted run. */
  soFar(): SoFar {
    const failures = this.#followed.flatMap((progress) =>
      progress.failures.map((failure) => this.#readableTest(failure, progress)),
    );
    const files = this.#followed.flatMap((progress) => progress.visits.map(({ file }) => this.#nameOf(file, progress)));
    return {
      ...this.counts,
      skipped: this.#followed.reduce((total, { skipped }) => total + skipped, 0),
      files: new Set(files).size,
      seconds: (Date.now() - this.#startedAt) / 1000,
      failures,
      running: this.running,
    };
  }

  /** Failures of reruns are not new failures, so they are not collected. */
  #collectFailures(): void {
    if (this.#rerun !== null) return;
    for (const progress of this.#followed) {
      const { failures } = progress;
      for (const failure of failures.slice(this.#collected.get(progress) ?? 0))
        this.#failures.push(this.#readableTest(failure, progress));
      this.#collected.set(progress, failures.length);
    }
  }

  #readableTest({ worker, file, name }: BegunTest, progress: Progress): ReadableTest {
    return {
      worker: worker && this.#readable(worker),
      file: this.#readable(this.#nameOf(file, progress)),
      name: this.#readable(nameInFile(file, name)),
    };
  }

  /** A file relative to the checkout's root, where it is inside. */
  #nameOf(file: string, { root }: Progress): string {
    const { checkoutRoot } = this.facts;
    const key = `${root}\n${file}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const name = reportedFile(checkoutRoot, root, file);
    this.#names.set(key, name);
    return name;
  }

  #readable(name: string): string {
    return plainLine(this.facts.redact(name));
  }
}

/** The duration of each visit: until the worker's next visit, or now. */
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
