import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Environment } from "../../src/shared/world.ts";

export interface Ran {
  readonly exitCode: number | null;
  /** Standard output and standard error together, without colors. */
  readonly output: string;
}

/**
 * The environment for a suite that a test starts: this process's without what the tests' own runner left in it, which
 * would tell the suite that it is a worker.
 */
export function suiteEnvironment(more: Environment = {}): Environment {
  const confusing =
    /^(VITEST|TINYPOOL|NODE_OPTIONS$|NODE_V8_COVERAGE$|NODE_ENV$|TEST$|MODE$|PROD$|DEV$|PYTEST|PG[A-Z]|VERIFY_)/;
  const own = Object.entries(process.env).filter(([name]) => !confusing.test(name));
  return { ...Object.fromEntries(own), NO_COLOR: "1", ...more };
}

/** Runs a command in a shell to its end, whatever its exit code. */
export async function runShell(command: string, directory: string, environment: Environment): Promise<Ran> {
  const child = spawn(command, { shell: true, cwd: directory, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { exitCode, output };
}
