import { createInterface, type Interface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { type Measuring, nothingTold } from "../../coverage/files/measuring.ts";
import { listenOn } from "../../shared/socket.ts";
import { canonicalPath } from "../../shared/within.ts";
import { noThresholds, type OwnThresholds, strictest } from "../hints/own-thresholds.ts";
import type { Narrowing } from "../plan/narrowing.ts";

/** How long an adapter whose process has ended is listened to, in milliseconds. */
const patience = 2_000;

/** How long a message may be on its way, in milliseconds. */
const longestWay = 10_000;

/** What the adapters tell while a suite runs, a JSON object a line. */
type Message =
  /** `root` is what file names are relative to, `directory` what the names in the coverage data are relative to. */
  | { type: "hello"; root: string; directory?: string; runtime: string }
  | { type: "foreign"; files: string[] }
  /** What the runner's own configuration of coverage says of the files it was asked about: see `Measuring`. */
  | { type: "measures"; named: string[] | null; left: string[] }
  /** Files that hold tests and are no test files, and those that are, where the runner tells them: see `Measuring`. */
  | { type: "tested"; files: string[]; testFiles?: string[] }
  /** The runner's own exit code, which a shell may hide. */
  | { type: "end"; status: number }
  /** The tests are over, and the process goes on, because of that: `isEnded` where the adapter then ended it. */
  | { type: "alive"; by: string[]; isEnded: boolean }
  /** The project's own thresholds, which a share is not held to. */
  | ({ type: "threshold" } & Partial<OwnThresholds>)
  | { type: "missing"; package: string }
  /** Why the suite cannot be run as the configuration asks, a phrase. */
  | { type: "refused"; why: string }
  | ({ type: "narrowed" } & Narrowing)
  /** The runner ended before all was run, because of the failures that there were: the word that has it do so. */
  | { type: "stopped"; word: string }
  /** How many of the test files that were to run did not. */
  | { type: "left out"; files: number }
  /** `all` where these are all tests of the suite; else more may follow. */
  | { type: "collected"; tests: number; all?: boolean }
  /** A worker begins a file; `at` is when, in milliseconds since the epoch. */
  | { type: "file"; worker: string; file: string; at?: number }
  /** A worker begins a test. */
  | { type: "begin"; worker?: string; file: string; name: string }
  /** The worker's own word that its test is over, where `done` comes from another process. */
  | { type: "ended"; file: string }
  | { type: "failed"; worker?: string; file: string; name: string }
  /** A test failed, which may have been told, and its runner runs it again, as a plugin or an option has it. */
  | { type: "again"; worker?: string; file: string; name: string }
  | { type: "unfinished"; file: string; name: string }
  | { type: "error"; message: string }
  /** A file in which some tests are marked to be the only ones, and others were not run. */
  | { type: "focused"; file: string }
  /** `name` where it may be heard after the same worker's next test has begun; `skipped` where it was not run. */
  | { type: "done"; worker?: string; file: string; name?: string; skipped?: boolean };

/** How far a suite is. A view that changes as the suite goes on. */
export interface Progress {
  /** How many tests there are, as far as that is known; 0 before. */
  readonly total: number;
  /** Whether more tests may turn up. */
  readonly isTotalFinal: boolean;
  readonly done: number;
  readonly failed: number;
  /** Those of the done that were skipped. */
  readonly skipped: number;
  /** By worker, in the order in which they were first heard of. */
  readonly workers: ReadonlyMap<string, WorkerProgress>;
  /** The tests that were told to have failed, in that order; the same one may be told twice. */
  readonly failures: readonly BegunTest[];
  /** What was run when and by whom, in the order in which it was told. */
  readonly visits: readonly Visit[];
  /** The directory that the runner's file names are relative to; null before the runner spoke. */
  readonly root: string | null;
  /** See `ReportedFacts`. */
  readonly keptAlive: KeptAlive | null;
  /** The tests that were begun and have not ended. */
  readonly running: readonly RunningTest[];
}

export interface WorkerProgress {
  /** The file it was last heard to run, as the runner names it. */
  readonly file: string;
  /** Tests done. */
  readonly done: number;
  /** Those of them that failed. */
  readonly failed: number;
}

/** What was learned about the run on the way. */
export interface ReportedFacts {
  /** The directory that the runner's file names are relative to; null where the runner never spoke. */
  readonly root: string | null;
  /** The directory that names in the coverage data are relative to; null where the runner never spoke. */
  readonly directory: string | null;
  /** How many runners spoke: one, or what was measured is not all that ran. */
  readonly hellos: number;
  /** How many tests were told to have failed. */
  readonly failed: number;
  /** What the runner said it exits with; null where it never came to its end. */
  readonly status: number | null;
  /** The project's own thresholds, which were not applied to this part. */
  readonly thresholds: OwnThresholds;
  /** What kept the process of a runner alive after its tests; null where nothing did, or not for long. */
  readonly keptAlive: KeptAlive | null;
  /** Absolute files of other checkouts whose code ran. */
  readonly foreign: readonly string[];
  readonly measuring: Measuring;
  /** Such as "python 3.11.7"; null where the runner never spoke. */
  readonly runtime: string | null;
  /** Packages the runner said it lacks. */
  readonly missing: readonly string[];
  /** Why the runner cannot be run as the configuration asks, a phrase each. */
  readonly refusals: readonly string[];
  /** What leaves tests out, each once. */
  readonly narrowings: readonly Narrowing[];
  /** What had the runner end at a failure, before all was run, such as `--bail`; null where it did not. */
  readonly stoppedBy: string | null;
  /** How many of the test files that were to run did not, as the runner says. */
  readonly filesLeftOut: number;
  /** Tests that failed, were run again by the runner itself, and did not fail in the end; the file as the runner names it. */
  readonly flaky: readonly { readonly file: string; readonly name: string }[];
  /** Tests that were begun and never ended, by the file as the runner names it. */
  readonly unfinished: readonly { readonly file: string; readonly name: string }[];
  /** Files in which some tests are marked to be the only ones, and others were not run, as the runner names them. */
  readonly focused: readonly string[];
  /** Errors outside of any test. */
  readonly errors: readonly string[];
  /** The last file that was begun by each worker, as the runner names it. */
  readonly lastFiles: ReadonlyMap<string, string>;
  /** The tests that were begun and have not ended, those of the processes that died first at the front; else the last begun. */
  readonly lastTests: readonly BegunTest[];
  /** Which worker ran a file, by the file as the runner names it. */
  readonly workerOfFile: ReadonlyMap<string, string>;
  /** How many tests the runner said that it would run; null where it never said how many there are in all. */
  readonly collected: number | null;
  /** What was run when and by whom, in the order in which it was told. */
  readonly visits: readonly Visit[];
}

/** A test that a worker began; the file as the runner names it. */
export interface BegunTest {
  /** Undefined where that was never told. */
  readonly worker: string | undefined;
  readonly file: string;
  readonly name: string;
  /** Whether it had ended by then. */
  readonly isOver?: boolean;
}

/** A process of a runner that did not end after its tests. */
export interface KeptAlive {
  /** What kept it, a phrase each, such as "a connection to the database"; empty where that is not known. */
  readonly by: readonly string[];
  /** Whether it was ended because of that. */
  readonly isEnded: boolean;
}

/** A test that was begun and has not ended. */
export interface RunningTest extends BegunTest {
  /** When that was told, in milliseconds since the epoch. */
  readonly since: number;
}

/** A worker's turn at a file, which lasts until it begins the next. */
export interface Visit {
  readonly worker: string;
  /** As the runner names it. */
  readonly file: string;
  /** In milliseconds since the epoch. */
  readonly at: number;
}

export interface ProgressListener {
  /** The unix socket the adapters connect to. */
  readonly socketPath: string;
  readonly progress: Progress;
  /** Keeps what is running for good: a runner that is told to end may call it done. */
  keepRunning(): void;
  /** All that was told, once every adapter that connected has ended. */
  facts(): Promise<ReportedFacts>;
  close(): Promise<void>;
}

/**
 * Listens for what the adapters of one process of a suite report; the socket lies in that absolute directory where it can.
 * A process that is one of the suite's workers as a whole, and knows itself as `master`, is heard under that worker's name.
 */
export async function listenForProgress(scratch: string, worker?: string): Promise<ProgressListener> {
  const record = new Told(worker);
  const readers = new Set<Interface>();
  const listener = await listenOn(scratch, "progress", (socket) => {
    const reader = createInterface({ input: socket });
    readers.add(reader);
    reader.on("line", (line) => record.take(line, reader));
    reader.on("close", () => {
      record.leave(reader);
      readers.delete(reader);
    });
  });
  return {
    socketPath: listener.path,
    progress: record,
    facts: async () => {
      // A connection made just before its process ended may still wait to be accepted.
      await setTimeout(1);
      for (const deadline = Date.now() + patience; readers.size > 0 && Date.now() < deadline; ) await setTimeout(5);
      return record.facts();
    },
    keepRunning: () => record.keepRunning(),
    close: () => listener.close(),
  };
}

/** A test that has not ended. */
interface Running extends RunningTest {
  readonly speaker: object;
}

class Told implements Progress {
  total = 0;
  isTotalFinal = false;
  done = 0;
  failed = 0;
  skipped = 0;
  readonly workers = new Map<string, { file: string; done: number; failed: number }>();
  readonly failures: BegunTest[] = [];
  readonly visits: Visit[] = [];
  root: string | null = null;
  keptAlive: KeptAlive | null = null;
  #directory: string | null = null;
  #thresholds = noThresholds;
  #hellos = 0;
  #status: number | null = null;
  readonly #foreign = new Set<string>();
  #measures: Pick<Measuring, "named" | "left"> | null = null;
  readonly #tested = new Set<string>();
  readonly #testFiles = new Set<string>();
  #runtime: string | null = null;
  readonly #missing: string[] = [];
  readonly #refusals: string[] = [];
  readonly #narrowings = new Map<string, Narrowing>();
  #stoppedBy: string | null = null;
  #filesLeftOut = 0;
  /** Of tests that failed or were run again what was told last, by file and name. */
  readonly #lastWords = new Map<string, { file: string; name: string; word: "again" | "failed" }>();
  readonly #unfinished: { file: string; name: string }[] = [];
  readonly #focused = new Set<string>();
  readonly #errors: string[] = [];
  /** By file, as a file's tests run one after another. */
  readonly #running = new Map<string, Running>();
  #lastBegun: BegunTest | null = null;
  /** What processes were in when they fell silent, in that order. */
  readonly #abandoned: RunningTest[] = [];
  #kept: readonly RunningTest[] | null = null;
  readonly #workerOfFile = new Map<string, string>();
  readonly #ownWorker: string | undefined;

  constructor(ownWorker?: string) {
    this.#ownWorker = ownWorker;
  }

  /** @param speaker what stands for the process that told it */
  take(line: string, speaker: object): void {
    const message = this.#named(parse(line));
    if (message === null) return;
    switch (message.type) {
      case "hello":
        this.#hellos += 1;
        this.root = message.root;
        this.#directory = message.directory ?? message.root;
        this.#runtime = message.runtime;
        return;
      case "foreign":
        for (const file of message.files) this.#foreign.add(file);
        return;
      case "measures":
        this.#measures = { named: message.named ? new Set(message.named) : null, left: new Set(message.left) };
        return;
      case "tested":
        for (const file of message.files) this.#tested.add(canonicalPath(file));
        for (const file of message.testFiles ?? []) this.#testFiles.add(canonicalPath(file));
        return;
      case "end":
        this.#status = message.status;
        return;
      case "alive":
        this.keptAlive = { by: message.by, isEnded: message.isEnded || this.keptAlive?.isEnded === true };
        return;
      case "threshold":
        this.#thresholds = strictest([this.#thresholds, message]);
        return;
      case "missing":
        this.#missing.push(message.package);
        return;
      case "refused":
        this.#refusals.push(message.why);
        return;
      case "narrowed":
        this.#narrowings.set(message.word, { by: message.by, word: message.word });
        return;
      case "stopped":
        this.#stoppedBy = message.word;
        return;
      case "left out":
        this.#filesLeftOut += message.files;
        return;
      case "again":
        if (this.#tellLast(message, "again") === "failed") this.#takeBack(message);
        return;
      case "unfinished":
        this.#unfinished.push({ file: message.file, name: message.name });
        return;
      case "focused":
        this.#focused.add(message.file);
        return;
      case "error":
        this.#errors.push(message.message);
        return;
      case "collected":
        this.total += message.tests;
        this.isTotalFinal = message.all === true;
        return;
      case "file":
        this.#workerOfFile.set(message.file, message.worker);
        this.visits.push({ worker: message.worker, file: message.file, at: believable(message.at, Date.now()) });
        this.#worker(message.worker).file = message.file;
        return;
      case "begin":
        this.#lastBegun = { worker: message.worker ?? this.#ownWorker, file: message.file, name: message.name };
        this.#running.set(message.file, { ...this.#lastBegun, since: Date.now(), speaker });
        return;
      case "ended":
        this.#running.delete(message.file);
        return;
      case "failed": {
        this.#tellLast(message, "failed");
        this.failed += 1;
        const worker = message.worker ?? this.#workerOfFile.get(message.file);
        this.failures.push({ worker, file: message.file, name: message.name });
        if (worker) this.#worker(worker).failed += 1;
        return;
      }
      case "done": {
        this.done += 1;
        if (message.skipped) this.skipped += 1;
        if (message.name === undefined || message.name === this.#running.get(message.file)?.name)
          this.#running.delete(message.file);
        const left = this.#abandoned.findIndex(({ file, name }) => file === message.file && name === message.name);
        if (left >= 0) this.#abandoned.splice(left, 1);
        const worker = message.worker ?? this.#workerOfFile.get(message.file);
        if (worker) this.#worker(worker).done += 1;
      }
    }
  }

  /**
   * Somebody is silent from now on. What a process was in when it died is told before what others were in, and nobody else
   * can end it: mocha calls the file of a worker that died done.
   */
  leave(speaker: object): void {
    for (const [file, test] of this.#running) {
      if (test.speaker !== speaker) continue;
      this.#abandoned.push(test);
      this.#running.delete(file);
    }
  }

  keepRunning(): void {
    this.#kept ??= this.running;
  }

  get running(): readonly RunningTest[] {
    if (this.#kept !== null) return this.#kept;
    return [...this.#abandoned, ...this.#running.values()].map(({ worker, file, name, since }) => ({
      worker: worker ?? this.#workerOfFile.get(file),
      file,
      name,
      since,
    }));
  }

  facts(): ReportedFacts {
    const { running } = this;
    const begun: readonly BegunTest[] =
      running.length > 0 || this.#lastBegun === null ? running : [{ ...this.#lastBegun, isOver: true }];
    const lastFiles = new Map([...this.workers].map(([worker, { file }]) => [worker, file]));
    return {
      root: this.root,
      directory: this.#directory,
      hellos: this.#hellos,
      status: this.#status,
      failed: this.failed,
      thresholds: this.#thresholds,
      keptAlive: this.keptAlive,
      foreign: [...this.#foreign].sort(),
      measuring: {
        ...nothingTold,
        ...this.#measures,
        isTold: this.#measures !== null,
        tested: this.#tested,
        testFiles: this.#testFiles,
      },
      runtime: this.#runtime,
      missing: this.#missing,
      refusals: this.#refusals,
      narrowings: [...this.#narrowings.values()],
      stoppedBy: this.#stoppedBy,
      filesLeftOut: this.#filesLeftOut,
      flaky: this.#flaky(),
      unfinished: this.#unfinished,
      focused: [...this.#focused],
      errors: this.#errors,
      lastFiles,
      lastTests: begun.map(({ worker, file, name, isOver }) => ({
        worker: worker ?? this.#workerOfFile.get(file),
        file,
        name,
        ...(isOver ? { isOver } : {}),
      })),
      workerOfFile: this.#workerOfFile,
      collected: this.isTotalFinal ? this.total : null,
      visits: this.visits,
    };
  }

  #flaky(): { file: string; name: string }[] {
    const again = [...this.#lastWords.values()].filter(({ word }) => word === "again");
    return again.map(({ file, name }) => ({ file, name }));
  }

  /** Gives the word before. */
  #tellLast({ file, name }: { file: string; name: string }, word: "again" | "failed"): "again" | "failed" | undefined {
    const key = JSON.stringify([file, name]);
    const before = this.#lastWords.get(key)?.word;
    this.#lastWords.set(key, { file, name, word });
    return before;
  }

  /** A failure that was told, and was not the test's end. */
  #takeBack({ worker, file }: { worker?: string; file: string }): void {
    this.failed -= 1;
    this.done -= 1;
    const own = this.workers.get(worker ?? this.#workerOfFile.get(file) ?? "");
    if (own) own.failed -= 1;
    if (own) own.done -= 1;
  }

  #named(message: Message | null): Message | null {
    if (message === null || this.#ownWorker === undefined || !("worker" in message)) return message;
    return { ...message, worker: this.#ownWorker };
  }

  #worker(id: string): { file: string; done: number; failed: number } {
    let worker = this.workers.get(id);
    if (worker === undefined) {
      worker = { file: "", done: 0, failed: 0 };
      this.workers.set(id, worker);
    }
    return worker;
  }
}

/** The time that was told, in milliseconds; where tests turned the clock, the time at which it was heard. */
function believable(told: number | undefined, heard: number): number {
  return told !== undefined && Math.abs(heard - told) < longestWay ? told : heard;
}

/** A line that is no message (some other program found the socket) is passed over. */
function parse(line: string): Message | null {
  try {
    const value = JSON.parse(line);
    return typeof value === "object" && value !== null && typeof value.type === "string" ? value : null;
  } catch {
    return null;
  }
}
