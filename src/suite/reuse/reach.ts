import { spawn } from "node:child_process";
import { once } from "node:events";
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

/** Asks which test files the changes reach. Rejects where Python cannot tell. */
export async function askReach(request: ReachRequest, directory: string, environment: Environment): Promise<Reach> {
  const script = adapterPath("python/pushproof_reach.py");
  const child = spawn("python3", ["-B", "-S", script], {
    cwd: directory,
    env: { ...environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const chunks: Buffer[] = [];
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk) => (errors += chunk));
  child.stdin.on("error", () => {});
  child.stdin.end(JSON.stringify(request));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(errors.trim().split("\n").at(-1) ?? `python3 ended with ${code}`);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
