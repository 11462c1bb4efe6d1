import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";
import type { ProvisionRequest } from "../../src/database/provision.ts";
import { suiteEnvironment } from "./run.ts";

/** A process of its own that has leased databases and keeps them. */
export interface KeptRun {
  readonly pid: number;
  /** Ends it as no program can prevent. */
  kill(): Promise<void>;
}

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const script = fileURLToPath(new URL("keep-provision.ts", import.meta.url));

/** Starts a process that leases all databases of a request; it is killed when the test ends. */
export async function startKeptRun(request: ProvisionRequest): Promise<KeptRun> {
  const child = spawn(process.execPath, ["--import", tsx, script], {
    stdio: ["pipe", "pipe", "inherit"],
    env: suiteEnvironment(),
  });
  // Not among its arguments, which everybody on the machine can read: a URL may hold a password.
  child.stdin.end(JSON.stringify(request));
  const exited = once(child, "exit");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  onTestFinished(kill);
  const [word] = await Promise.race([once(child.stdout, "data"), exited.then(() => ["nothing"])]);
  if (!String(word).includes("ready") || child.pid === undefined) throw new Error("The run has not begun.");
  return { pid: child.pid, kill };
}
