import { spawn } from "node:child_process";
import { InterruptedError, messageOf, UnavailableError } from "../errors.ts";
import type { Environment } from "../world.ts";

/** How long a command that was told to end has before it is made to. */
const graceMilliseconds = 1_000;
/** How long to wait for output once the command has ended. */
const drainMilliseconds = 300;
const shownLines = 20;
const keptCharacters = 64_000;

export interface SetupCommand {
  /** For a shell. */
  readonly command: string;
  readonly directory: string;
  readonly environment: Environment;
  /** What must not be shown of its output. */
  readonly secrets: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Runs `database.setup`. Throws UnavailableError with the last lines of its output where it fails, and InterruptedError
 * when aborted, with the whole process group ended.
 */
export async function runSetup(setup: SetupCommand): Promise<void> {
  if (setup.signal.aborted) throw new InterruptedError();
  const { exit, output } = await runInGroup(setup);
  if (setup.signal.aborted) throw new InterruptedError();
  if (exit === "exit code 0") return;
  const lines = redact(output, setup.secrets).trim().split("\n").slice(-shownLines).join("\n");
  throw new UnavailableError(
    `database.setup failed: \`${redact(setup.command, setup.secrets)}\` in ${setup.directory}, ${exit}. ${lines ? `Its last lines:\n${lines}` : "It wrote nothing."}`,
  );
}

async function runInGroup({
  command,
  directory,
  environment,
  signal,
}: SetupCommand): Promise<{ exit: string; output: string }> {
  const child = spawn("/bin/sh", ["-c", command], {
    cwd: directory,
    env: environment as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      output = (output + text).slice(-keptCharacters);
    });
  }
  let forcing: NodeJS.Timeout | undefined;
  const abort = (): void => {
    endGroup(child.pid, "SIGTERM");
    forcing = setTimeout(() => endGroup(child.pid, "SIGKILL"), graceMilliseconds);
  };
  signal.addEventListener("abort", abort, { once: true });
  const exit = await new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(messageOf(error)));
    child.once("exit", (code, killer) => {
      const words = killer === null ? `exit code ${code}` : `ended by ${killer}`;
      child.once("close", () => resolve(words));
      // Something that goes on in the background may keep the output open for ever.
      setTimeout(resolve, drainMilliseconds, words).unref();
    });
  });
  signal.removeEventListener("abort", abort);
  clearTimeout(forcing);
  if (signal.aborted) endGroup(child.pid, "SIGKILL");
  child.stdout.destroy();
  child.stderr.destroy();
  return { exit, output };
}

function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The whole group has ended.
  }
}

/** The longest secrets first: one may be part of another. */
function redact(text: string, secrets: readonly string[]): string {
  const longestFirst = [...secrets].filter((secret) => secret !== "").sort((one, other) => other.length - one.length);
  return longestFirst.reduce((shown, secret) => shown.replaceAll(secret, "***"), text);
}
