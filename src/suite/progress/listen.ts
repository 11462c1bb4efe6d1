import { createInterface, type Interface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { type Measuring, nothingReported } from "../../coverage/files/measuring.ts";
import { type SchemaUse, sumOfUses } from "../../model/schema-use.ts";
import { listenOn } from "../../shared/socket.ts";
import { canonicalPath } from "../../shared/within.ts";
import { noThresholds, type OwnThresholds, strictest } from "../hints/own-thresholds.ts";
import type { Narrowing } from "../plan/narrowing.ts";

/** How long to wait for remaining messages after a process has ended, in milliseconds. */
const patience = 2_000;

/** The longest plausible delay of a message, in milliseconds. */
const longestWay = 10_000;

/** A message from an adapter, one JSON object per line. */
type Message =
  /** `root`: the directory that file names are relative to; `directory`: the one for names in the coverage data. */
  | { type: "hello"; root: string; directory?: string; runtime: string }
  | { type: "foreign"; files: string[] }
  /**
   * What the runner's coverage configuration includes and excludes, of the files it was asked about; see `Measuring`.
   */
  | { type: "measures"; named: string[] | null; left: string[] }
  /**
   * Files that contain tests without being test files, and the test files where the runner reports them; see
   * `Measuring`.
   */
  | { type: "tested"; files: string[]; testFiles?: string[] }
  /** The runner's own exit code, which a shell may hide. */
  | { type: "end"; status: number }
  /** The tests are over but the process keeps running, because of `by`; `isEnded` where the adapter killed it. */
  | { type: "alive"; by: string[]; isEnded: boolean }
  /** The project's own thresholds, which do not apply to a share. */
  | ({ type: "threshold" } & Partial<OwnThresholds>)
  /** How a process kept the schema of its database. */
  | ({ type: "schema" } & SchemaUse)
  | { type: "missing"; package: string }
  /** Why the suite cannot be run as the configuration asks, a phrase. */
  | { type: "refused"; why: string }
  | ({ type: "narrowed" } & Narrowing)
  /** The runner stopped early because of failures; `word` is the option that makes it do so. */
  | { type: "stopped"; word: string }
  /** How many of the requested test files did not run. */
  | { type: "left out"; files: number }
  /** `all` where these are all tests of the suite; otherwise more may follow. */
  | { type: "collected"; tests: number; all?: boolean }
  /** A worker begins a file; `at` is when, in milliseconds since the epoch. */
  | { type: "file"; worker: string; file: string; at?: number }
  /** A worker begins a test. */
  | { type: "begin"; worker?: string; file: string; name: string }
  /** The worker reports the end of its test; `done` comes from another process. */
  | { type: "ended"; file: string }
  | { type: "failed"; worker?: string; file: string; name: string }
  /** The runner retries a failed test, because of a plugin or an option. The failure may already have been reported. */
  | { type: "again"; worker?: string; file: string; name: string }
  | { type: "unfinished"; file: string; name: string }
  | { type: "error"; message: string }
  /** A file with focused tests (`.only`), so that others did not run. */
  | { type: "focused"; file: string }
  /**
   * `name` is set where the message may arrive after the worker's next test began; `skipped` where the test did not
   * run.
   */
  | { type: "done"; worker?: string; file: string; name?: string; skipped?: boolean };

/** A suite's progress: a live view. */
export interface Progress {
  /** The number of tests known so far; 0 before any is known. */
  readonly total: number;
  /** Whether more tests may turn up. */
  readonly isTotalFinal: boolean;
  readonly done: number;
  readonly failed: number;
  /** How many of the done tests were skipped. */
  readonly skipped: number;
  /** By worker id, in order of first appearance. */
  readonly workers: ReadonlyMap<string, WorkerProgress>;
  /** Reported failures in order; a test may appear twice. */
  readonly failures: readonly BegunTest[];
  /** Which worker began which file when, in order of report. */
  readonly visits: readonly Visit[];
  /** The directory that the runner's file names are relative to; null before the runner connects. */
  readonly root: string | null;
  /** See `ReportedFacts`. */
  readonly keptAlive: KeptAlive | null;
  /** The tests that have begun and not ended. */
  readonly running: readonly RunningTest[];
}

export interface WorkerProgress {
  /** The last file that it began, as the runner names it. */
  readonly file: string;
  /** Tests done. */
  readonly done: number;
  /** Those of them that failed. */
  readonly failed: number;
}

/** Everything that a process of a runner reported during its run. */
export interface ReportedFacts {
  /** The directory that the runner's file names are relative to; null where no runner connected. */
  readonly root: string | null;
  /** The directory that names in the coverage data are relative to; null where no runner connected. */
  readonly directory: string | null;
  /** How many runner processes connected. With more than one, coverage describes only one of them. */
  readonly connectedRunners: number;
  /** How many tests were reported as failed. */
  readonly failed: number;
  /** The exit code that the runner reported; null where it did not finish. */
  readonly status: number | null;
  /** The project's own thresholds, which were not applied to this part. */
  readonly thresholds: OwnThresholds;
  /** What kept the runner's process alive after its tests; null where it ended in time. */
  readonly keptAlive: KeptAlive | null;
  /** Absolute files of other checkouts whose code ran. */
  readonly foreign: readonly string[];
  readonly measuring: Measuring;
  /** How the schema was kept; null where it was not to be, or no test makes one. */
  readonly schema: SchemaUse | null;
  /** Such as "python 3.11.7"; null where no runner connected. */
  readonly runtime: string | null;
  /** Packages that the runner reported as missing. */
  readonly missing: readonly string[];
  /** Why the runner cannot be run as the configuration asks, a phrase each. */
  readonly refusals: readonly string[];
  /** What leaves tests out, without duplicates. */
  readonly narrowings: readonly Narrowing[];
  /** The option that made the runner stop at a failure, such as `--bail`; null where it did not. */
  readonly stoppedBy: string | null;
  /** How many of the requested test files did not run, as the runner reports. */
  readonly filesLeftOut: number;
  /** Tests that failed and then passed when the runner itself retried them; files as the runner names them. */
  readonly flaky: readonly { readonly file: string; readonly name: string }[];
  /** Tests that began and never ended; files as the runner names them. */
  readonly unfinished: readonly { readonly file: string; readonly name: string }[];
  /** Files with focused tests (`.only`), as the runner names them. */
  readonly focused: readonly string[];
  /** Errors outside of any test. */
  readonly errors: readonly string[];
  /** The last file that each worker began, as the runner names it. */
  readonly lastFiles: ReadonlyMap<string, string>;
  /**
   * The tests that began and did not end, those of dead processes first; if there are none, the last test that began.
   */
  readonly lastTests: readonly BegunTest[];
  /** The worker that ran each file; files as the runner names them. */
  readonly workerOfFile: ReadonlyMap<string, string>;
  /** How many tests the runner announced; null where it never announced a total. */
  readonly collected: number | null;
  /** Which worker began which file when, in order of report. */
  readonly visits: readonly Visit[];
}

/** A test that a worker began; the file as the runner names it. */
export interface BegunTest {
  /** Undefined where no worker was reported. */
  readonly worker: string | undefined;
  readonly file: string;
  readonly name: string;
  /** Whether it had ended by then. */
  readonly isOver?: boolean;
}

/** A runner process that did not end after its tests. */
export interface KeptAlive {
  /** What keeps it alive, a phrase each, such as "a connection to the database"; empty where unknown. */
  readonly by: readonly string[];
  /** Whether it was killed because of that. */
  readonly isEnded: boolean;
}

/** A test that has begun and not ended. */
export interface RunningTest extends BegunTest {
  /** When it was reported to begin, in milliseconds since the epoch. */
  readonly since: number;
}

/** A worker began a file; the visit lasts until it begins the next. */
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
  /** Freezes the list of running tests: a runner that is being killed may report them as done. */
  keepRunning(): void;
  /** Everything that was reported, after all adapters have disconnected. */
  facts(): Promise<ReportedFacts>;
  close(): Promise<void>;
}

/**
 * Listens for messages of the adapters in one process of a suite. The socket is placed in the given absolute directory
 * where its path is short enough. Where the whole process is one worker, which reports itself as `master`, messages are
 * recorded under `worker`.
 */
export async function listenForProgress(scratch: string, worker?: string): Promise<ProgressListener> {
  const record = new ProgressRecord(worker);
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
      // Lets connections be accepted that were made just before the process ended.
      await setTimeout(1);
      for (const deadline = Date.now() + patience; readers.size > 0 && Date.now() < deadline; ) await setTimeout(5);
      return record.facts();
    },
    keepRunning: () => record.keepRunning(),
    close: () => listener.close(),
  };
}

/** A running test, and the connection that reported it. */
interface Running extends RunningTest {
  readonly speaker: object;
}

class ProgressRecord implements Progress {
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
  #connectedRunners = 0;
  #status: number | null = null;
  readonly #foreign = new Set<string>();
  #schema: SchemaUse | null = null;
  #measures: Pick<Measuring, "named" | "left"> | null = null;
  readonly #tested = new Set<string>();
  readonly #testFiles = new Set<string>();
  #runtime: string | null = null;
  readonly #missing: string[] = [];
  readonly #refusals: string[] = [];
  readonly #narrowings = new Map<string, Narrowing>();
  #stoppedBy: string | null = null;
  #filesLeftOut = 0;
  /** The last reported state of tests that failed or were retried, by file and name. */
  readonly #lastStates = new Map<string, { file: string; name: string; state: "again" | "failed" }>();
  readonly #unfinished: { file: string; name: string }[] = [];
  readonly #focused = new Set<string>();
  readonly #errors: string[] = [];
  /** By file, as the tests of a file run one after another. */
  readonly #running = new Map<string, Running>();
  #lastBegun: BegunTest | null = null;
  /** The tests that processes were running when they disconnected, in that order. */
  readonly #abandoned: RunningTest[] = [];
  #kept: readonly RunningTest[] | null = null;
  readonly #workerOfFile = new Map<string, string>();
  readonly #ownWorker: string | undefined;

  constructor(ownWorker?: string) {
    this.#ownWorker = ownWorker;
  }

  /** @param speaker identifies the process that sent the line */
  take(line: string, speaker: object): void {
    const message = this.#named(parse(line));
    if (message === null) return;
    switch (message.type) {
      case "hello":
        this.#connectedRunners += 1;
        this.root = message.root;
        this.#directory = message.directory ?? message.root;
        this.#runtime = message.runtime;
        return;
      case "foreign":
        for (const file of message.files) this.#foreign.add(file);
        return;
      case "schema":
        this.#schema = sumOfUses([this.#schema, message]);
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
        if (this.#recordState(message, "again") === "failed") this.#takeBack(message);
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
        this.#recordState(message, "failed");
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
   * A process disconnected. The tests it was running count as abandoned and come first; messages of others about the
   * same file do not end them, as mocha reports the file of a dead worker as done.
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
      connectedRunners: this.#connectedRunners,
      status: this.#status,
      failed: this.failed,
      thresholds: this.#thresholds,
      keptAlive: this.keptAlive,
      foreign: [...this.#foreign].sort(),
      measuring: {
        ...nothingReported,
        ...this.#measures,
        isReported: this.#measures !== null,
        tested: this.#tested,
        testFiles: this.#testFiles,
      },
      schema: this.#schema,
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
    const again = [...this.#lastStates.values()].filter(({ state }) => state === "again");
    return again.map(({ file, name }) => ({ file, name }));
  }

  /** Returns the previous state. */
  #recordState(
    { file, name }: { file: string; name: string },
    state: "again" | "failed",
  ): "again" | "failed" | undefined {
    const key = JSON.stringify([file, name]);
    const before = this.#lastStates.get(key)?.state;
    this.#lastStates.set(key, { file, name, state });
    return before;
  }

  /** Undoes a reported failure that the runner retried. */
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

/** The reported time in milliseconds, or the time of receipt where a test changed the clock. */
function believable(sentAt: number | undefined, receivedAt: number): number {
  return sentAt !== undefined && Math.abs(receivedAt - sentAt) < longestWay ? sentAt : receivedAt;
}

/** Returns null for lines that are no messages, in case another program connects to the socket. */
function parse(line: string): Message | null {
  try {
    const value = JSON.parse(line);
    return typeof value === "object" && value !== null && typeof value.type === "string" ? value : null;
  } catch {
    return null;
  }
}
