import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { InterruptedError, messageOf } from "../errors.ts";
import type { Environment } from "../world.ts";

/** A program with literal arguments, and its directory. */
export interface ForegroundCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** Absolute. */
  readonly directory: string;
  readonly environment: Environment;
}

/** The end of a command, in a shell's terms. */
export interface ForegroundEnd {
  /**
   * Its exit code; 128 plus the signal's number where one ended it; 127 where it was not found, 126 where it cannot be
   * run.
   */
  readonly exitCode: number;
  /** Why it could not be started, a sentence; null where it was. */
  readonly problem: string | null;
}

/**
 * Runs a command in place of this program, with the same standard streams and process group. On interruption it
 * forwards the signal and still waits for the command's end. Throws InterruptedError where that came before the start.
 */
export async function runInForeground(command: ForegroundCommand, interruption: AbortSignal): Promise<ForegroundEnd> {
  if (interruption.aborted) throw new InterruptedError();
  const child = start(command);
  if (!(child instanceof Error)) return await endOf(child, command, interruption);
  return notStarted(command, child);
}

/** Most start errors arrive as events; invalid arguments throw immediately. */
function start({ program, args, directory, environment }: ForegroundCommand): ChildProcess | Error {
  try {
    return spawn(program, args, { cwd: directory, env: { ...environment }, stdio: "inherit" });
  } catch (error) {
    return error as Error;
  }
}

async function endOf(
  child: ChildProcess,
  command: ForegroundCommand,
  interruption: AbortSignal,
): Promise<ForegroundEnd> {
  const passOn = (): void => {
    const name = signalOf(interruption);
    if (name !== "SIGINT" || !hasTerminal()) child.kill(name);
  };
  // A second signal ends this program at once; the command must end too, as its database goes away.
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  interruption.addEventListener("abort", passOn, { once: true });
  try {
    return await new Promise((resolve) => {
      child.once("error", (error) => resolve(notStarted(command, error)));
      child.once("exit", (code, signal) => {
        const bySignal = signal === null ? 0 : 128 + constants.signals[signal];
        resolve({ exitCode: code ?? bySignal, problem: null });
      });
    });
  } finally {
    process.removeListener("exit", kill);
    interruption.removeEventListener("abort", passOn);
  }
}

function notStarted({ program }: ForegroundCommand, error: NodeJS.ErrnoException): ForegroundEnd {
  if (error.code === "ENOENT")
    return { exitCode: 127, problem: `${program} is not found: is it installed, and on PATH?` };
  return { exitCode: 126, problem: `${program} cannot be run: ${messageOf(error)}.` };
}

function signalOf({ reason }: AbortSignal): NodeJS.Signals {
  return typeof reason === "string" && reason in constants.signals ? (reason as NodeJS.Signals) : "SIGTERM";
}

/** Whether a terminal's Ctrl-C reaches all foreground processes, including the command. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
