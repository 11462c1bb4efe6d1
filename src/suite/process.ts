import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import { InterruptedError } from "../errors.ts";
import type { Environment } from "../world.ts";
import { type Redact, redactor } from "./redact.ts";

export interface CommandRequest {
  /** For `/bin/sh`. */
  readonly command: string;
  readonly directory: string;
  readonly environment: Environment;
  /** The absolute file that gets all it prints, secrets and colors taken out. */
  readonly log: string;
  readonly secrets: readonly string[];
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** How a command came to its end. */
export interface CommandEnd {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly seconds: number;
  /** The last lines of its output, secrets taken out. */
  readonly tail: string;
}

const tailLines = 40;
/** What Node's timers can hold, in milliseconds: a longer time would be over at once. */
const longestTimer = 2 ** 31 - 1;
/** How long a process group may take to end by itself once told to, in milliseconds. */
const grace = 2_000;

/**
 * Runs a command in a process group of its own, without standard input, and waits for the end of the whole group: what
 * the command left in the background is ended too. Throws InterruptedError once the signal is aborted and the group is gone.
 */
export async function runCommand(request: CommandRequest): Promise<CommandEnd> {
  if (request.signal.aborted) throw new InterruptedError();
  await mkdir(dirname(request.log), { recursive: true });
  const started = performance.now();
  const child = spawn("/bin/sh", ["-c", request.command], {
    cwd: request.directory,
    env: { ...request.environment },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = record(request.log, redactor(request.secrets), [child.stdout, child.stderr]);
  const group = endingOf(child.pid);
  let timedOut = false;
  const timer = setTimeout(
    () => {
      timedOut = true;
      group.end();
    },
    Math.min(request.timeoutSeconds * 1000, longestTimer),
  );
  request.signal.addEventListener("abort", group.end, { once: true });
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", resolve);
    });
    const seconds = (performance.now() - started) / 1000;
    group.kill();
    const tail = await output;
    if (request.signal.aborted) throw new InterruptedError();
    return { exitCode, timedOut, seconds, tail };
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener("abort", group.end);
    group.settle();
  }
}

/** Ends a process group: politely with a bound, or at once. */
function endingOf(pid: number | undefined): { end(): void; kill(): void; settle(): void } {
  let timer: NodeJS.Timeout | undefined;
  const send = (signal: NodeJS.Signals): void => {
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // Nobody is left in the group.
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

/** Writes the lines of all streams to the log as they come, and gives the last ones when every stream has ended. */
async function record(path: string, redact: Redact, streams: readonly NodeJS.ReadableStream[]): Promise<string> {
  const log = createWriteStream(path);
  const tail: string[] = [];
  const read = async (stream: NodeJS.ReadableStream): Promise<void> => {
    // Line by line, so that a secret is never cut in two by the end of a chunk.
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      const clean = redact(stripVTControlCharacters(line));
      log.write(`${clean}\n`);
      tail.push(clean);
      if (tail.length > tailLines) tail.shift();
    }
  };
  await Promise.all(streams.map(read));
  await new Promise<void>((resolve, reject) => {
    log.once("error", reject);
    log.end(resolve);
  });
  return tail.join("\n").trim();
}
