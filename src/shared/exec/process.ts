import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { Writable } from "node:stream";
import { InterruptedError, messageOf, UnavailableError } from "../errors.ts";
import { redactor, type Secret } from "../redact.ts";
import type { Environment } from "../world.ts";
import { type Recording, recordOutput } from "./recording.ts";

export interface CommandRequest {
  /** For `/bin/sh`. */
  readonly command: string;
  readonly directory: string;
  readonly environment: Environment;
  /** The absolute log file for its output, without secrets and colors. */
  readonly log: string;
  readonly secrets: readonly Secret[];
  readonly timeoutSeconds: number;
  /** Called with the process group's id after the start. */
  readonly onStart?: (pid: number) => void;
  /** Called before it is terminated because of a timeout or an abort; possibly more than once. */
  readonly onEnding?: () => void;
  readonly signal: AbortSignal;
}

/** The end of a command. */
export interface CommandEnd {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended it, such as "SIGKILL"; null where it exited. */
  readonly endedBy?: string | null;
  readonly timedOut: boolean;
  readonly seconds: number;
  /** The last lines of its output, redacted. */
  readonly tail: string;
}

/** The limit of Node's timers in milliseconds; longer ones would fire at once. */
const longestTimer = 2 ** 31 - 1;
/** How long a process group may take to end after SIGTERM, in milliseconds. */
const grace = 2_000;

/**
 * Runs a command in its own process group without standard input, and waits for the end of the group: background
 * processes are ended, processes that left the group are not waited for. Throws InterruptedError after an abort, when
 * the group is gone; UnavailableError where the log cannot be written.
 */
export async function runCommand(request: CommandRequest): Promise<CommandEnd> {
  const { signal } = request;
  if (signal.aborted) throw new InterruptedError();
  const log = await openLog(request.log);
  const started = performance.now();
  const child = spawn("/bin/sh", ["-c", request.command], {
    cwd: request.directory,
    env: { ...request.environment },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const group = endingOf(child.pid);
  const end = (): void => {
    request.onEnding?.();
    group.end();
  };
  if (child.pid !== undefined) request.onStart?.(child.pid);
  const recording = recordOutput(log, redactor(request.secrets), [child.stdout, child.stderr], end);
  signal.addEventListener("abort", end, { once: true });
  // The signal may have been aborted while the log was opened.
  if (signal.aborted) end();
  try {
    const { exitCode, endedBy, timedOut } = await exitOf(child, request.timeoutSeconds, end);
    const seconds = (performance.now() - started) / 1000;
    group.kill();
    const tail = await finish(recording, request);
    if (signal.aborted) throw new InterruptedError();
    return { exitCode, endedBy, timedOut, seconds, tail };
  } finally {
    signal.removeEventListener("abort", end);
    group.settle();
    await recording.finish().catch(() => {});
  }
}

async function openLog(path: string): Promise<Writable> {
  try {
    await mkdir(dirname(path), { recursive: true });
    return (await open(path, "w")).createWriteStream();
  } catch (error) {
    throw unwritable(path, error);
  }
}

async function finish(recording: Recording, { log, signal }: CommandRequest): Promise<string> {
  try {
    return await recording.finish();
  } catch (error) {
    throw signal.aborted ? new InterruptedError() : unwritable(log, error);
  }
}

function unwritable(path: string, error: unknown): UnavailableError {
  return new UnavailableError(
    `The log ${path} cannot be written: ${messageOf(error)}. Make room for it, then run it again.`,
    { cause: error },
  );
}

type Exit = Required<Pick<CommandEnd, "exitCode" | "endedBy" | "timedOut">>;

/** Waits for the command itself; terminates it on timeout. */
async function exitOf(child: ChildProcess, timeoutSeconds: number, end: () => void): Promise<Exit> {
  let timedOut = false;
  const whenOver = (): void => {
    timedOut = true;
    end();
  };
  const timer = setTimeout(whenOver, Math.min(timeoutSeconds * 1000, longestTimer));
  try {
    return await new Promise<Exit>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (exitCode, endedBy) => resolve({ exitCode, endedBy, timedOut }));
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Ends a process group: with SIGTERM and a grace period, or at once. */
function endingOf(pid: number | undefined): { end(): void; kill(): void; settle(): void } {
  let timer: NodeJS.Timeout | undefined;
  const send = (signal: NodeJS.Signals): void => {
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // The group is already gone.
    }
  };
  return {
    end: () => {
      send("SIGTERM");
      timer ??= setTimeout(() => send("SIGKILL"), grace);
    },
    kill: () => send("SIGKILL"),
    settle: () => clearTimeout(timer),
  };
}
