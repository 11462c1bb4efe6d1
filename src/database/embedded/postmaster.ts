import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { InterruptedError, messageOf, UnavailableError } from "../../errors.ts";
import type { Environment } from "../../world.ts";
import type { Account } from "./account.ts";
import { programEnvironment } from "./program.ts";
import type { RunDirectory } from "./run-directory.ts";

const pollMilliseconds = 3;
const startMilliseconds = 60_000;
const stopMilliseconds = 2_000;

/** A running postgres, ended by whoever started it. */
export interface Postmaster {
  readonly port: number;
  /** How it ended, in words, or undefined while it runs. */
  ending(): string | undefined;
  /** The last lines of its log. */
  lastWords(): Promise<string>;
  /** Ends it at once, without a checkpoint: its data goes too. */
  stop(): Promise<void>;
}

/**
 * Starts postgres on a free port of 127.0.0.1 and waits until `probe` succeeds. The port is free only when it is
 * looked at: where another program takes it meanwhile, another is tried. Throws UnavailableError with the server's own words.
 * @param probe throws as long as the server is not ready
 */
export async function startPostmaster(
  account: Account,
  directory: RunDirectory,
  environment: Environment,
  signal: AbortSignal,
  probe: (port: number) => Promise<void>,
  choosePort: () => Promise<number> = freePort,
): Promise<Postmaster> {
  for (let attempt = 1; ; attempt++) {
    const postmaster = await spawnPostmaster(account, directory, environment, await choosePort());
    try {
      await waitUntilReady(postmaster, signal, probe);
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
        `The embedded Postgres server did not start (${ending}). Its last words: ${await postmaster.lastWords()}`,
      );
    }
    try {
      return await probe(postmaster.port);
    } catch (error) {
      if (performance.now() > deadline) {
        throw new UnavailableError(
          `The embedded Postgres server does not answer (${messageOf(error)}). Its last words: ${await postmaster.lastWords()}`,
        );
      }
      await sleep(pollMilliseconds);
    }
  }
}

async function spawnPostmaster(
  account: Account,
  directory: RunDirectory,
  environment: Environment,
  port: number,
): Promise<Postmaster> {
  const log = await open(directory.log, "w", 0o600);
  const program = join(account.native, "bin", "postgres");
  const [command = "", ...rest] = [...account.prefix, program, "-D", directory.data, "-p", String(port)];
  const child = spawn(command, rest, {
    env: programEnvironment(environment),
    stdio: ["ignore", log.fd, log.fd],
    // A session of its own: Ctrl-C must not end the server before those who use it.
    detached: true,
    cwd: "/",
    ...(account.user && { uid: account.user.uid, gid: account.user.gid }),
  });
  // A program that forgets to close a provision ends all the same; the next run sweeps.
  child.unref();
  let ending: string | undefined;
  const ended = new Promise<void>((resolve) => {
    const end = (words: string) => {
      ending ??= words;
      resolve();
    };
    child.once("error", (error) => end(messageOf(error)));
    child.once("exit", (code, killer) => end(killer === null ? `exit code ${code}` : `ended by ${killer}`));
  });
  // Not before there are listeners: a server that ends at once would have ended unheard, and be waited for forever.
  await log.close();
  return {
    port,
    ending: () => ending,
    lastWords: () => lastLines(directory.log),
    stop: async () => {
      child.ref();
      await stopChild(child, ended, () => ending !== undefined);
    },
  };
}

async function stopChild(child: ChildProcess, ended: Promise<void>, hasEnded: () => boolean): Promise<void> {
  if (hasEnded()) return;
  child.kill("SIGQUIT");
  const patience = new AbortController();
  await Promise.race([ended, sleep(stopMilliseconds, undefined, { signal: patience.signal }).catch(() => {})]);
  patience.abort();
  if (hasEnded()) return;
  child.kill("SIGKILL");
  await ended;
}

async function lastLines(path: string): Promise<string> {
  const lines = (await readFile(path, "utf8").catch(() => "")).trim().split("\n");
  return lines.slice(-5).join("\n") || "none";
}

/** A port of 127.0.0.1 that nothing listens on now. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new UnavailableError("No free port on 127.0.0.1.");
  return address.port;
}
