import { execa } from "execa";
import { InterruptedError } from "../errors.ts";
import type { Environment } from "../world.ts";

/** Where and as whom a program runs. */
export interface ProgramPlace {
  /** Absolute. */
  readonly directory: string;
  /** All that it gets: nothing is added from ours. */
  readonly environment: Environment;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  /** What it reads; left out, nothing. */
  readonly input?: string | undefined;
  /** After so many milliseconds it is ended, which counts as a failure. */
  readonly timeout?: number | undefined;
  /** Whether it gets a process group of its own: Ctrl-C reaches us alone, and we end with it what it has started. */
  readonly ownGroup?: boolean | undefined;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Is given each whole line as it is written, on either stream. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** How a program ended. */
export interface ProgramEnd {
  /** Null where the program could not be started at all; 1 for one that was killed. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What it wrote on both streams, in order; where it could not be started, why. */
  readonly output: string;
  /** The system's code where it could not be started, such as ENOENT. */
  readonly startError: string | null;
}

/** Runs a program to its end, without a shell. A failure is a value; throws InterruptedError where the signal is aborted. */
export async function runProgram(
  [program, ...args]: readonly [string, ...string[]],
  { directory, environment, signal, input, timeout = 0, ownGroup = false, user, onLine }: ProgramPlace,
): Promise<ProgramEnd> {
  if (signal?.aborted) throw new InterruptedError();
  const child = execa(program, args, {
    cwd: directory,
    env: { ...environment },
    extendEnv: false,
    ...(input === undefined ? { stdin: "ignore" } : { input }),
    ...(onLine && { stdout: lineTeller(onLine), stderr: lineTeller(onLine) }),
    all: true,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: Number.MAX_SAFE_INTEGER,
    timeout,
    detached: ownGroup,
    ...user,
    ...(signal && !ownGroup ? { cancelSignal: signal } : {}),
  });
  const endGroup = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    } catch {
      // It ended by itself.
    }
  };
  if (ownGroup) signal?.addEventListener("abort", endGroup, { once: true });
  // What it has started may go on holding its output, which nobody reads any more.
  child.once("exit", () => {
    if (signal?.aborted) for (const stream of [child.stdout, child.stderr]) stream?.destroy();
  });
  const result = await child.finally(() => signal?.removeEventListener("abort", endGroup));
  if (signal?.aborted) throw new InterruptedError();
  const startError = result.exitCode === undefined && result.signal === undefined ? (result.code ?? "unknown") : null;
  return {
    exitCode: startError === null ? (result.exitCode ?? 1) : null,
    stdout: result.stdout ?? "",
    stderr: result.stderr ?? "",
    output: startError === null ? (result.all ?? "") : (result.originalMessage ?? startError),
    startError,
  };
}

/** Passes lines on and keeps them as they are. */
function lineTeller(tell: (line: string) => void) {
  return {
    preserveNewlines: true,
    *transform(line: unknown) {
      tell(String(line).replace(/\n$/, ""));
      yield line;
    },
  };
}
