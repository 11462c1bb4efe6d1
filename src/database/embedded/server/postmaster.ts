import { type ChildProcess, spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { InterruptedError, messageOf, UnavailableError } from "../../../shared/errors.ts";
import { freePort } from "../../../shared/socket.ts";
import type { Installation } from "../binaries/installation.ts";
import { programEnvironment } from "../binaries/program.ts";
import { lastLogLines } from "./log.ts";
import type { RunDirectory } from "./run-directory.ts";
import { fixedSettings } from "./settings.ts";

const pollMilliseconds = 3;
const startMilliseconds = 60_000;
const stopMilliseconds = 2_000;
/** A clean stop flushes what setup wrote, which may take long on a slow disk. */
const cleanStopMilliseconds = 60_000;

/** A running postgres process. */
export interface Postmaster {
  readonly port: number;
  /** How it ended, as a phrase; undefined while it runs. */
  ending(): string | undefined;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  /** The last lines of its log. */
  lastLogLines(): Promise<string>;
  /** Kills it without a checkpoint, as its data is deleted too. */
  stop(): Promise<void>;
  /**
   * Stops it so that its data can be kept. Throws UnavailableError where it does not stop in time; it is killed then.
   */
  stopCleanly(): Promise<void>;
}

/**
 * Starts postgres on a free port of 127.0.0.1 and waits until `probe` succeeds. If another program takes the port
 * first, tries another. Throws UnavailableError with the server's message. @param probe throws as long as the server is
 * not ready
 */
export async function startPostmaster(
  installation: Installation,
  directory: RunDirectory,
  probe: (port: number) => Promise<void>,
  choosePort: () => Promise<number> = freePort,
): Promise<Postmaster> {
  for (let attempt = 1; ; attempt++) {
    const postmaster = await spawnPostmaster(installation, directory, await choosePort());
    try {
      await waitUntilReady(postmaster, installation.signal, probe);
      return postmaster;
    } catch (error) {
      await postmaster.stop();
      const isPortTaken =
        error instanceof UnavailableError && /could not bind|Address already in use/.test(error.message);
      if (!isPortTaken || attempt === 5) throw error;
    }
  }
}

async function waitUntilReady(
  postmaster: Postmaster,
  signal: AbortSignal,
  probe: (port: number) => Promise<void>,
): Promise<void> {
  const deadline = performance.now() + startMilliseconds;
  for (;;) {
    if (signal.aborted) throw new InterruptedError();
    const ending = postmaster.ending();
    if (ending !== undefined) {
      throw new UnavailableError(
        `The embedded Postgres server did not start (${ending}). Last output: ${await postmaster.lastLogLines()}`,
      );
    }
    try {
      return await probe(postmaster.port);
    } catch (error) {
      if (performance.now() > deadline) {
        throw new UnavailableError(
          `The embedded Postgres server does not answer (${messageOf(error)}). Last output: ${await postmaster.lastLogLines()}`,
        );
      }
      await sleep(pollMilliseconds);
    }
  }
}

async function spawnPostmaster(
  { account, environment, major }: Installation,
  directory: RunDirectory,
  port: number,
): Promise<Postmaster> {
  const { native, prefix, user } = await account();
  const log = await open(directory.log, "w", 0o600);
  const settings = Object.entries(fixedSettings(directory, major)).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  const program = [...prefix, join(native, "bin", "postgres"), "-D", directory.data, "-p", String(port)];
  const [command = "", ...rest] = [...program, ...settings];
  const child = spawn(command, rest, {
    env: programEnvironment(environment),
    stdio: ["ignore", log.fd, log.fd],
    // In its own session, as Ctrl-C must not end the server before its clients.
    detached: true,
    cwd: "/",
    ...(user && { uid: user.uid, gid: user.gid }),
  });
  // A program that forgets to close the provision can still exit; the next run cleans up.
  child.unref();
  let ending: string | undefined;
  const ended = new Promise<void>((resolve) => {
    const end = (text: string) => {
      ending ??= text;
      resolve();
    };
    child.once("error", (error) => end(messageOf(error)));
    child.once("exit", (code, killer) => end(killer === null ? `exit code ${code}` : `ended by ${killer}`));
  });
  // Wait only after the listeners are attached, or an immediate end would be missed.
  await log.close();
  return {
    port,
    ending: () => ending,
    ended,
    lastLogLines: async () => lastLogLines(await readFile(directory.log, "utf8").catch(() => "")),
    stop: async () => {
      await stopChild(child, ended, "SIGQUIT", stopMilliseconds);
    },
    stopCleanly: async () => {
      if (await stopChild(child, ended, "SIGINT", cleanStopMilliseconds)) return;
      throw new UnavailableError("The embedded Postgres server could not be stopped so that its data can be kept.");
    },
  };
}

/** Stops a child process, by force after a timeout; returns whether the signal ended it. */
async function stopChild(
  child: ChildProcess,
  ended: Promise<void>,
  signal: NodeJS.Signals,
  milliseconds: number,
): Promise<boolean> {
  const hasEnded = ended.then(() => true);
  child.ref();
  child.kill(signal);
  const patience = new AbortController();
  const impatience = sleep(milliseconds, false, { signal: patience.signal }).catch(() => false);
  const hasHeeded = await Promise.race([hasEnded, impatience]);
  patience.abort();
  if (!hasHeeded) child.kill("SIGKILL");
  await ended;
  return hasHeeded && child.exitCode === 0;
}
