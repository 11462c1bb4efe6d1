import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";

/** The variables that a program is started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where and how a program runs. */
export interface Place {
  readonly cwd: string;
  readonly env: Environment;
  /** After this time it is killed. */
  readonly limitSeconds?: number;
}

/** How a program ended. */
export interface Ending {
  readonly seconds: number;
  /** The most memory the process itself held, where the system tells. */
  readonly peakMegabytes: number | undefined;
  /** What it wrote, errors included. */
  readonly output: string;
  readonly code: number | null;
  /** Whether it was killed because its time was over. */
  readonly expired: boolean;
}

/** Runs a program to its end, whichever that is. */
export async function runToEnd(program: string, words: readonly string[], place: Place): Promise<Ending> {
  const { cwd, env, limitSeconds } = place;
  const started = performance.now();
  const child = spawn(program, words, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  let peakMegabytes: number | undefined;
  // The system keeps the peak itself, so that only what is added in the very last moment is missed.
  const watch = setInterval(async () => {
    peakMegabytes = (await peakOf(child.pid)) ?? peakMegabytes;
  }, 100);
  let expired = false;
  const expire = (): void => {
    expired = child.kill("SIGKILL");
  };
  const limit = limitSeconds === undefined ? undefined : setTimeout(expire, limitSeconds * 1000);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    return { seconds: (performance.now() - started) / 1000, peakMegabytes, output, code, expired };
  } finally {
    clearInterval(watch);
    clearTimeout(limit);
  }
}

/** Runs a program to its end; throws with the last of its output where it does not exit with 0. */
export async function timed(program: string, words: readonly string[], place: Place): Promise<Ending> {
  const ending = await runToEnd(program, words, place);
  if (ending.code === 0) return ending;
  throw new Error(
    `${program} ${words.join(" ")} in ${place.cwd} ended with ${ending.code}:\n${ending.output.slice(-4000)}`,
  );
}

/** The most memory a process ever held, where the system tells. */
export async function peakOf(pid: number | undefined): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kilobytes = /^VmHWM:\s*(\d+)/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
}
