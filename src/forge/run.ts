import { withoutNpmRun } from "../git/environment.ts";
import { UnavailableError } from "../shared/errors.ts";
import { runProgram } from "../shared/exec/run-program.ts";
import { type Redact, redactor } from "../shared/redact.ts";
import { quote } from "../shared/shell.ts";
import { clip, plainLine, plainText } from "../shared/text.ts";
import type { Environment, World } from "../shared/world.ts";
import { forgeSecrets, withoutCredentials } from "./remote.ts";

/** How a program ended; what it wrote is without secrets. */
export interface Ended {
  /** Null where the program is not on PATH. */
  readonly exitCode: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a program with its arguments, without a shell; `show` passes on what it says while it runs. */
export type Run = (program: string, words: readonly string[], options?: { show?: boolean }) => Promise<Ended>;

/** Nobody is asked and nothing is decorated: what these programs print is read. */
const quiet: Environment = {
  GH_PROMPT_DISABLED: "1",
  GH_NO_UPDATE_NOTIFIER: "1",
  NO_PROMPT: "1",
  GLAB_CHECK_UPDATE: "false",
  NO_COLOR: "1",
};

/**
 * Gives the function that runs git and the hosts' programs in a directory, with the user's own environment: they need
 * its keys and tokens, which are taken out of all that they print, as is what the remote's URL holds of the kind.
 */
export function programRunner(world: World, directory: string, url: string): Run {
  const hide = redactor(forgeSecrets(url, world.environment));
  const redact: Redact = (text) => hide(withoutCredentials(plainText(text)));
  const own = withoutNpmRun(world.environment);
  return async (program, words, { show = false } = {}) => {
    // A push starts the hook, and by it the suites: nothing is decided for them.
    const environment = program === "git" ? own : { ...own, ...quiet };
    const end = await runProgram([program, ...words], {
      directory,
      environment,
      signal: world.signal,
      // Whole lines, as a secret must not slip through in two halves.
      ...(show && { onLine: (line) => void world.errors.write(`${redact(line)}\n`) }),
    });
    if (end.startError !== null && end.startError !== "ENOENT")
      throw new UnavailableError(`${program} cannot be run: ${redact(end.output)}.`);
    return { exitCode: end.exitCode, output: redact(end.stdout), errors: redact(end.stderr) };
  };
}

/** What a program that must succeed wrote on standard output. Throws UnavailableError with its own last words. */
export async function outputOf(run: Run, program: string, words: readonly string[]): Promise<string> {
  const ended = await run(program, words);
  if (ended.exitCode !== 0) throw failure(program, ended);
  return ended.output;
}

/** A program's failure in its own last words. */
export function failure(program: string, { exitCode, output, errors }: Ended): UnavailableError {
  if (exitCode === null) return new UnavailableError(`${program} is not on PATH.`);
  const lines = (errors.trim() === "" ? output : errors).split("\n").map(plainLine).filter(Boolean);
  const words = lines.slice(-shownLines).join(" ") || `it exited with ${exitCode}`;
  return new UnavailableError(`${program} failed: ${clip(words, 500)}`);
}

const shownLines = 3;

/** A command as a line for a shell. */
export function commandLine(program: string, words: readonly string[]): string {
  return [program, ...words].map(quote).join(" ");
}

/** The last address of a pull or merge request in what a program or a server has said; null where there is none. */
export function addressIn(text: string): string | null {
  return text.match(/https?:\/\/[^\s"'<>]+\/(?:pull|pulls|merge_requests)\/\d+/g)?.at(-1) ?? null;
}
