import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { background } from "../../shared/background.ts";
import { adapterPath } from "../../shared/paths.ts";
import type { Environment } from "../../shared/world.ts";
import type { TreeChanges } from "./tree.ts";

/** Why a test file has to run. */
export interface ReachReason {
  /**
   * `function`: one that it ran, or that may have worked for it; `module`: more of a source file than functions; `file`:
   * another file, a directory's list, or something that was not there; `name`: a new file that could be imported in place
   * of another; `unknown`: a file that no run has seen matter; `everyone`: one that all test files rest on; `always`: see `file` for why; `new`: nothing is recorded of it.
   */
  readonly kind: "function" | "module" | "file" | "name" | "unknown" | "everyone" | "always" | "new";
  /** The changed file, relative to the root. */
  readonly file: string;
  /** From the test file to the changed one, each importing the next; empty where there is no such way. */
  readonly way: readonly string[];
  /** The changed functions that it reached. */
  readonly functions: readonly string[];
}

/** What pushproof_reach.py is asked. */
export interface ReachRequest {
  /** The absolute root. */
  readonly checkout: string;
  /** The records to look at, the newest first. */
  readonly records: readonly (TreeChanges & {
    readonly trace: string;
    readonly key: string;
    readonly version: string;
    /** The seconds that each test file's tests took. */
    readonly tests: Readonly<Record<string, number>>;
    /** Whether everything ran in that run. */
    readonly isFull: boolean;
  })[];
  /** What the sample is drawn by. */
  readonly random: number;
}

/** What it answers; test files are relative to the root, and stand for the index of a record. */
export interface Reach {
  /** Set where nothing can be reused, a clause. */
  readonly why?: string;
  readonly reused: Readonly<Record<string, number>>;
  /** Files that could be reused and run, to compare them. */
  readonly compared: Readonly<Record<string, number>>;
  readonly reasons: Readonly<Record<string, ReachReason>>;
  /** Whether what the test files load may ask which worker it runs in; missing where nobody looked. */
  readonly asksForWorker?: boolean;
  /** For the plugin; see pushproof_record.py. */
  readonly plugin: object;
}

/** pushproof_reach.py, which runs before its question is known: starting Python takes a third of its time. */
export class ReachProgram {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #answer: Promise<string>;
  #isAsked = false;

  /** Starts it in a suite's absolute directory, with the environment of the suite's processes. */
  constructor(directory: string, environment: Environment) {
    const script = adapterPath("python/pushproof_reach.py");
    this.#child = spawn("python3", ["-S", script], {
      cwd: directory,
      env: { ...environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child.stdin.on("error", () => {});
    this.#answer = background(outputOf(this.#child));
  }

  /** Asks which test files the changes reach. Rejects where Python cannot tell. */
  async ask(request: ReachRequest): Promise<Reach> {
    this.#isAsked = true;
    this.#child.stdin.end(JSON.stringify(request));
    return JSON.parse(await this.#answer);
  }

  /** Ends it where it was not asked. */
  endUnlessAsked(): void {
    if (!this.#isAsked) this.#child.kill();
  }
}

async function outputOf(child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<string> {
  const chunks: Buffer[] = [];
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk) => (errors += chunk));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(errors.trim().split("\n").at(-1) || `python3 ended with ${code}`);
  return Buffer.concat(chunks).toString("utf8");
}
