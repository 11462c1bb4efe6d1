import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";

/** How long an adapter whose process has ended is listened to, in milliseconds. */
const patience = 2_000;

/** What the adapters tell while a suite runs, a JSON object a line. */
type Message =
  /** `root` is what file names are relative to, `directory` what the names in the coverage data are relative to. */
  | { type: "hello"; root: string; directory?: string; runtime: string }
  | { type: "foreign"; files: string[] }
  /** The runner's own exit code, which a shell may hide. */
  | { type: "end"; status: number }
  | { type: "missing"; package: string }
  /** `all` where these are all tests of the suite; else more may follow. */
  | { type: "collected"; tests: number; all?: boolean }
  | { type: "file"; worker: string; file: string }
  | { type: "failed"; worker?: string; file: string; name: string }
  | { type: "unfinished"; file: string; name: string }
  | { type: "error"; message: string }
  | { type: "done"; worker?: string; file: string };

/** How far a suite is. A view that changes as the suite goes on. */
export interface Progress {
  /** How many tests there are, as far as that is known; 0 before. */
  readonly total: number;
  /** Whether more tests may turn up. */
  readonly isTotalFinal: boolean;
  readonly done: number;
  readonly failed: number;
  /** By worker, in the order in which they were first heard of. */
  readonly workers: ReadonlyMap<string, WorkerProgress>;
}

export interface WorkerProgress {
  /** The file it was last heard to run, as the runner names it. */
  readonly file: string;
  /** Tests done. */
  readonly done: number;
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
  /** Absolute files of other checkouts whose code ran. */
  readonly foreign: readonly string[];
  /** Such as "python 3.11.7"; null where the runner never spoke. */
  readonly runtime: string | null;
  /** Packages the runner said it lacks. */
  readonly missing: readonly string[];
  /** Tests that were begun and never ended, by the file as the runner names it. */
  readonly unfinished: readonly { readonly file: string; readonly name: string }[];
  /** Errors outside of any test. */
  readonly errors: readonly string[];
  /** The last file that was begun by each worker, as the runner names it. */
  readonly lastFiles: ReadonlyMap<string, string>;
  /** Which worker ran a file, by the file as the runner names it. */
  readonly workerOfFile: ReadonlyMap<string, string>;
}

export interface ProgressListener {
  /** The unix socket the adapters connect to. */
  readonly socketPath: string;
  readonly progress: Progress;
  /** All that was told, once every adapter that connected has ended. */
  facts(): Promise<ReportedFacts>;
  close(): Promise<void>;
}

/** Listens for what the adapters of one suite report; the socket lies in that absolute directory where it can. */
export async function listenForProgress(scratch: string): Promise<ProgressListener> {
  const directory = await socketDirectory(scratch);
  const socketPath = join(directory, socketName);
  const record = new Told();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    createInterface({ input: socket })
      .on("line", (line) => record.take(line))
      .on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  return {
    socketPath,
    progress: record,
    facts: async () => {
      // A connection made just before its process ended may still wait to be accepted.
      await setTimeout(1);
      for (const deadline = Date.now() + patience; sockets.size > 0 && Date.now() < deadline; ) await setTimeout(5);
      return record.facts();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      if (directory !== scratch) await rm(directory, { recursive: true, force: true });
    },
  };
}

const socketName = "progress";
/** What every system allows for the path of a unix socket, in bytes. */
const longestSocketPath = 100;

/** The scratch directory, or, where its name is too long for a socket's path, one of its own in a place with a short name. */
async function socketDirectory(scratch: string): Promise<string> {
  if (Buffer.byteLength(join(scratch, socketName)) <= longestSocketPath) return scratch;
  return await mkdtemp(join("/tmp", "pushproof-"));
}

class Told implements Progress {
  total = 0;
  isTotalFinal = false;
  done = 0;
  failed = 0;
  readonly workers = new Map<string, { file: string; done: number }>();
  #root: string | null = null;
  #directory: string | null = null;
  #hellos = 0;
  #status: number | null = null;
  readonly #foreign = new Set<string>();
  #runtime: string | null = null;
  readonly #missing: string[] = [];
  readonly #unfinished: { file: string; name: string }[] = [];
  readonly #errors: string[] = [];
  readonly #workerOfFile = new Map<string, string>();

  take(line: string): void {
    const message = parse(line);
    if (message === null) return;
    switch (message.type) {
      case "hello":
        this.#hellos += 1;
        this.#root = message.root;
        this.#directory = message.directory ?? message.root;
        this.#runtime = message.runtime;
        return;
      case "foreign":
        for (const file of message.files) this.#foreign.add(file);
        return;
      case "end":
        this.#status = message.status;
        return;
      case "missing":
        this.#missing.push(message.package);
        return;
      case "unfinished":
        this.#unfinished.push({ file: message.file, name: message.name });
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
        this.#worker(message.worker).file = message.file;
        return;
      case "failed":
        this.failed += 1;
        return;
      case "done": {
        this.done += 1;
        const worker = message.worker ?? this.#workerOfFile.get(message.file);
        if (worker) this.#worker(worker).done += 1;
      }
    }
  }

  facts(): ReportedFacts {
    const lastFiles = new Map([...this.workers].map(([worker, { file }]) => [worker, file]));
    return {
      root: this.#root,
      directory: this.#directory,
      hellos: this.#hellos,
      status: this.#status,
      failed: this.failed,
      foreign: [...this.#foreign].sort(),
      runtime: this.#runtime,
      missing: this.#missing,
      unfinished: this.#unfinished,
      errors: this.#errors,
      lastFiles,
      workerOfFile: this.#workerOfFile,
    };
  }

  #worker(id: string): { file: string; done: number } {
    let worker = this.workers.get(id);
    if (worker === undefined) {
      worker = { file: "", done: 0 };
      this.workers.set(id, worker);
    }
    return worker;
  }
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
