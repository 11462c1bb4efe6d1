import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { packageRoot } from "../../src/shared/paths.ts";
import { quote } from "../../src/shared/shell.ts";
import type { Environment } from "../../src/shared/world.ts";
import type { Outcome } from "./verify.ts";

/** The program as it was built, for a shell. */
export const builtProgram = [process.execPath, join(packageRoot, "dist", "main.js")].map(quote).join(" ");

/** A `verify exec` at work. */
export interface RunningExec {
  readonly pid: number;
  /** Gives the first line of its standard output. */
  firstLine(): Promise<string>;
  readonly ended: Promise<Outcome>;
}

/** Starts `verify exec -- WORDS` as a process, as what it starts writes to the process's own output. */
export function startExec(
  directory: string,
  words: readonly string[],
  options: { environment: Environment; input?: string },
): RunningExec {
  const child = spawn(process.execPath, [join(packageRoot, "dist", "main.js"), "exec", "--", ...words], {
    cwd: directory,
    env: { ...options.environment },
    // Without a terminal, whatever the tests have.
    detached: true,
    stdio: "pipe",
  });
  // A test that fails leaves neither the program nor its command behind; harmless where both have ended.
  onTestFinished(() => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  });
  child.stdin.end(options.input ?? "");
  const first = once(child.stdout, "data").then(([chunk]) => String(chunk).split("\n", 1)[0] ?? "");
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return {
    pid: child.pid as number,
    firstLine: () => first,
    ended: ended.then(([output, errors, [code]]) => ({ code, output, errors })),
  };
}
