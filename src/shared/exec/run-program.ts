import { execa } from "execa";
import { InterruptedError } from "../errors.ts";
import type { Environment } from "../world.ts";

/** The directory, environment and user of a program. */
export interface ProgramPlace {
  /** Absolute. */
  readonly directory: string;
  /** The complete environment; ours is not inherited. */
  readonly environment: Environment;
  /** Aborting it ends the program. */
  readonly signal?: AbortSignal | undefined;
  /** Its standard input; empty by default. */
  readonly input?: string | Uint8Array | undefined;
  /** It is ended after so many milliseconds, which counts as a failure; with its own group, so are its children. */
  readonly timeout?: number | undefined;
  /** Whether it gets its own process group: Ctrl-C reaches only us, and we end the group with its children. */
  readonly ownGroup?: boolean | undefined;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Called for each complete line on either stream. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** The end of a program. */
export interface ProgramEnd {
  /** Null where it could not be started; 1 where it was killed. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams in order, or why it could not be started. */
  readonly output: string;
  /** The system's error code where it could not be started, such as ENOENT. */
  readonly startError: string | null;
}

/**
 * Runs a program without a shell. A failure is returned, not thrown; throws InterruptedError where the signal aborts.
 */
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
    ...(onLine && { stdout: lineCallback(onLine), stderr: lineCallback(onLine) }),
    reject: false,
    stripFinalNewline: false,
    maxBuffer: Number.MAX_SAFE_INTEGER,
    detached: ownGroup,
    ...user,
    ...(signal && !ownGroup ? { cancelSignal: signal } : {}),
  });
  // execa can merge both streams as well, which takes as long as starting the program.
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer | string) => output.push(Buffer.from(chunk as string)));
  }
  const endGroup = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    } catch {
      // It ended by itself.
    }
  };
  if (ownGroup) signal?.addEventListener("abort", endGroup, { once: true });
  // Not execa's own timeout: it ends the program alone, which may then be gone before its group is ended.
  const end = (): void => {
    if (ownGroup) endGroup();
    child.kill();
  };
  const timer = timeout > 0 ? setTimeout(end, timeout) : undefined;
  // Children may keep the output open, so it is closed.
  child.once("exit", () => {
    if (signal?.aborted || child.killed) for (const stream of [child.stdout, child.stderr]) stream?.destroy();
  });
  const result = await child.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", endGroup);
  });
  if (signal?.aborted) throw new InterruptedError();
  const startError = result.exitCode === undefined && result.signal === undefined ? (result.code ?? "unknown") : null;
  return {
    exitCode: startError === null ? (result.exitCode ?? 1) : null,
    stdout: result.stdout ?? "",
    stderr: result.stderr ?? "",
    output: startError === null ? Buffer.concat(output).toString() : (result.originalMessage ?? startError),
    startError,
  };
}

/** Calls back for each line without changing the stream. */
function lineCallback(onLine: (line: string) => void) {
  return {
    preserveNewlines: true,
    *transform(line: unknown) {
      onLine(String(line).replace(/\n$/, ""));
      yield line;
    },
  };
}
