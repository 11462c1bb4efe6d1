import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { packageRoot } from "../../src/shared/paths.ts";
import type { Environment } from "../../src/shared/world.ts";
import { nodeHeader } from "./node-suite.ts";
import { makeDirectory, type Repository } from "./repository.ts";

/** How a script ended on a machine. */
export interface ScriptEnd {
  /** Null where the machine was killed. */
  readonly code: number | null;
  readonly output: string;
}

/** A test of node:test that hangs on a machine which is to be killed, until that is. */
export const hangingTest = `${nodeHeader}const { existsSync, writeFileSync } = require("node:fs");
test("adds", async () => {
  const { HANGS } = process.env;
  if (HANGS) writeFileSync(HANGS, "");
  while (HANGS && existsSync(HANGS)) await new Promise((end) => setTimeout(end, 20));
  assert.equal(add(1, 2), 3);
});
`;

/** A machine of a CI service: a home of its own with a clone in it, and nothing that others share. */
export class Machine {
  readonly home: string;
  /** The absolute root of the clone. */
  readonly root: string;
  readonly #environment: Environment;
  readonly #hangs: string;
  #current: ChildProcess | null = null;
  #isGone = false;

  private constructor(home: string, variables: Environment, isToBeKilled: boolean) {
    this.home = home;
    this.root = join(home, "work");
    this.#hangs = join(home, "hangs");
    const bin = join(home, "bin");
    const path = [bin, process.env.PATH].join(delimiter);
    const hangs = isToBeKilled ? { HANGS: this.#hangs } : {};
    this.#environment = { PATH: path, HOME: home, NO_COLOR: "1", CI: "true", ...variables, ...hangs };
  }

  /**
   * A machine with a clone of a commit, on no branch, as most CI services have it. Its npm installs nothing; its npx starts the
   * real program, and says that there is no receipt.
   */
  static async make(repository: Repository, variables: Environment, isToBeKilled = false): Promise<Machine> {
    const machine = new Machine(await makeDirectory(), variables, isToBeKilled);
    const { home, root } = machine;
    await repository.git("clone", "--quiet", repository.root, root);
    await repository.git("-C", root, "checkout", "--quiet", "--detach");
    await mkdir(join(home, "bin"));
    const scripts = {
      npm: "exit 0\n",
      npx: `case "$*" in *" check -C "*) exit 1;; esac\nshift\nexec "${process.execPath}" "${packageRoot}/dist/main.js" "$@"\n`,
    };
    for (const [name, text] of Object.entries(scripts)) {
      await writeFile(join(home, "bin", name), `#!/bin/sh\n${text}`);
      await chmod(join(home, "bin", name), 0o755);
    }
    return machine;
  }

  /** Runs a script to its end; nothing runs any more once the machine was killed. */
  async run(shell: "bash" | "sh", script: string, directory = this.root, more: Environment = {}): Promise<ScriptEnd> {
    if (this.#isGone) return { code: null, output: "" };
    const options = shell === "bash" ? ["-eo", "pipefail"] : [];
    const env = { ...this.#environment, ...more };
    const child = spawn(shell, [...options, "-c", script], { cwd: directory, env, detached: true });
    this.#current = child;
    const output: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => output.push(chunk));
    const [code] = (await once(child, "close")) as [number | null];
    return { code: this.#isGone ? null : code, output: Buffer.concat(output).toString() };
  }

  /** Waits until a test hangs here, and ends the machine in the midst of it. */
  async kill(): Promise<void> {
    while (!existsSync(this.#hangs)) await delay(20);
    this.#isGone = true;
    process.kill(-(this.#current?.pid ?? 0), "SIGKILL");
    await rm(this.#hangs);
  }
}
