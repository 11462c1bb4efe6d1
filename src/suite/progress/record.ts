import { type Measuring, nothingReported } from "../../coverage/files/measuring.ts";
import { type SchemaUse, sumOfUses } from "../../model/schema-use.ts";
import { canonicalPath } from "../../shared/within.ts";
import { noThresholds, strictest } from "../hints/own-thresholds.ts";
import type { Narrowing } from "../plan/narrowing.ts";
import type { BegunTest, KeptAlive, Progress, ReportedFacts, RunningTest, Visit } from "./facts.ts";
import { type Message, parseMessage } from "./messages.ts";

/** The longest plausible delay of a message, in milliseconds. */
const longestWay = 10_000;

/** A running test, and the connection that reported it. */
interface Running extends RunningTest {
  readonly speaker: object;
}

/** What the processes of a suite have reported so far. */
export class ProgressRecord implements Progress {
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
  #sqlAlchemy: string | null = null;
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
    const message = this.#named(parseMessage(line));
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
      case "driver":
        this.#sqlAlchemy = message.sqlalchemy;
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
      sqlAlchemyWithoutDriver: this.#sqlAlchemy,
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
