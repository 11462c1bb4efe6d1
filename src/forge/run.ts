import { withoutNpmRun } from "../git/environment.ts";
import { type ExitCode, exitCodes, UnavailableError } from "../shared/errors.ts";
import { runProgram } from "../shared/exec/run-program.ts";
import { type Redact, redactor, withoutCredentials } from "../shared/redact.ts";
import { quote } from "../shared/shell.ts";
import { clip, plainLine, plainText } from "../shared/text.ts";
import type { Environment, World } from "../shared/world.ts";
import { forgeSecrets } from "./remote.ts";

/** The result of a program; its output is redacted. */
export interface ProgramOutcome {
  /** Null where the program is not on PATH. */
  readonly exitCode: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a program without a shell; `show` forwards its output while it runs, `timeout` ends it after so many milliseconds. */
export type Run = (
  program: string,
  args: readonly string[],
  options?: { show?: boolean; timeout?: number },
) => Promise<ProgramOutcome>;

/** Disables prompts and decoration, as the output is parsed. */
const quiet: Environment = {
  GH_PROMPT_DISABLED: "1",
  GH_NO_UPDATE_NOTIFIER: "1",
  NO_PROMPT: "1",
  GLAB_CHECK_UPDATE: "false",
  NO_COLOR: "1",
};

/**
 * Returns a function that runs git and the forges' programs in a directory with the user's environment. They need its
 * keys and tokens, which are redacted from their output, like credentials of the remote's URL.
 */
export function programRunner(world: World, directory: string, url: string): Run {
  const hide = redactor(forgeSecrets(url, world.environment));
  const redact: Redact = (text) => hide(withoutCredentials(plainText(text)));
  const own = withoutNpmRun(world.environment);
  return async (program, args, { show = false, timeout } = {}) => {
    // A push starts the hook and the suites, so their environment is left as it is.
    const environment = program === "git" ? own : { ...own, ...quiet };
    const end = await runProgram([program, ...args], {
      directory,
      environment,
      signal: world.signal,
      timeout,
      // Whole lines, as a secret must not be split.
      ...(show && { onLine: (line) => void world.errors.write(`${redact(line)}\n`) }),
    });
    if (end.startError !== null && end.startError !== "ENOENT")
      throw new UnavailableError(`${program} cannot be run: ${redact(end.output)}.`);
    return { exitCode: end.exitCode, output: redact(end.stdout), errors: redact(end.stderr) };
  };
}

/** The standard output of a program. Throws UnavailableError with its last output where it fails. */
export async function requireOutput(run: Run, program: string, args: readonly string[]): Promise<string> {
  const ended = await run(program, args);
  if (ended.exitCode !== 0) throw failure(program, ended);
  return ended.output;
}

/** An error with a program's last output. */
export function failure(program: string, { exitCode, output, errors }: ProgramOutcome): UnavailableError {
  if (exitCode === null) return new UnavailableError(`${program} is not on PATH.`);
  const lines = (errors.trim() === "" ? output : errors).split("\n").map(plainLine).filter(Boolean);
  const words = lines.slice(-shownLines).join(" ") || `it exited with ${exitCode}`;
  return new UnavailableError(`${program} failed: ${clip(words, 500)}`);
}

const shownLines = 3;

/** A command as a shell line. */
export function commandLine(program: string, args: readonly string[]): string {
  return [program, ...args].map(quote).join(" ");
}

/** The last address of a pull or merge request in a program's or server's output; null where there is none. */
export function addressIn(text: string): string | null {
  return text.match(/https?:\/\/[^\s"'<>]+\/(?:pull|pulls|merge_requests)\/\d+/g)?.at(-1) ?? null;
}

/** What a program wrote as JSON. Throws UnavailableError where it wrote something else. */
export function parseJson<Value>(program: string, text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch {
    throw new UnavailableError(`What ${program} answered is not JSON: a newer ${program} may be needed.`);
  }
}

/** A program that is not there, where it comes from, and the command, as a line for a shell, that it is needed for. */
export interface MissingProgram {
  readonly program: string;
  readonly from: string;
  readonly command: string;
}

/** Prints the one command that would do it, alone on standard output, and says what it needs. */
export function missingProgram(world: World, { program, from, command }: MissingProgram): ExitCode {
  world.errors.write(`${program} is not on PATH (${from}). With it, this does the same:\n`);
  world.output.write(`${command}\n`);
  return exitCodes.unavailable;
}
