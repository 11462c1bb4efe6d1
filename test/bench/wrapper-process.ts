import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chooseAccount } from "../../src/database/embedded/binaries/account.ts";
import { findBinaries } from "../../src/database/embedded/binaries/find.ts";
import { packageRoot } from "../../src/shared/paths.ts";
import { memoryDirectory } from "./places.ts";
import type { WrapperAnswer, WrapperTask } from "./wrapper.ts";

/** The npm wrapper in a process of its own. */
export interface WrapperProcess {
  /** Lets it do something and gives the milliseconds that took; throws what it throws. */
  run(task: WrapperTask): Promise<number>;
  stop(): Promise<void>;
}

/** Starts it with its data in memory, where there is room, as ours is, and as the user that our own Postgres runs as. */
export async function startWrapper(tables: number, workers: number): Promise<WrapperProcess> {
  const { PATH } = process.env;
  const account = await chooseAccount(await findBinaries(17, packageRoot, { PATH }), { PATH });
  const directory = await mkdtemp(join(await memoryDirectory(), "pushproof-bench-"));
  if (account.user) await chown(directory, account.user.uid, account.user.gid);
  const script = fileURLToPath(new URL("wrapper.ts", import.meta.url));
  const words = ["--import", import.meta.resolve("tsx"), script, directory, String(tables), String(workers)];
  const [program = "", ...rest] = [...account.prefix, process.execPath, ...words];
  const child = spawn(program, rest, {
    cwd: directory,
    env: { PATH, HOME: directory },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    ...account.user,
  });
  return {
    run: async (task) => {
      child.send(task);
      const ended = new AbortController();
      const { signal } = ended;
      const answered = once(child, "message", { signal });
      const gone = once(child, "exit", { signal }).then(([code]): never => {
        throw new Error(`The process of the npm wrapper ended with ${code}.`);
      });
      try {
        const [answer] = (await Promise.race([answered, gone])) as [WrapperAnswer];
        if ("error" in answer) throw new Error(`The npm wrapper failed (${task}): ${answer.error}`);
        return answer.milliseconds;
      } finally {
        ended.abort();
      }
    },
    stop: async () => {
      child.disconnect();
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      await rm(directory, { recursive: true, force: true });
    },
  };
}
