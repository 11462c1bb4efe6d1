import { createInterface, type Interface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { listenOn } from "../../shared/socket.ts";
import type { Progress, ReportedFacts } from "./facts.ts";
import { ProgressRecord } from "./record.ts";

/** How long to wait for remaining messages after a process has ended, in milliseconds. */
const patience = 2_000;

export interface ProgressListener {
  /** The unix socket the adapters connect to. */
  readonly socketPath: string;
  readonly progress: Progress;
  /** Freezes the list of running tests: a runner that is being killed may report them as done. */
  keepRunning(): void;
  /** Everything that was reported, after all adapters have disconnected. */
  facts(): Promise<ReportedFacts>;
  close(): Promise<void>;
}

/**
 * Listens for messages of the adapters in one process of a suite. The socket is placed in the given absolute directory
 * where its path is short enough. Where the whole process is one worker, which reports itself as `master`, messages are
 * recorded under `worker`.
 */
export async function listenForProgress(scratch: string, worker?: string): Promise<ProgressListener> {
  const record = new ProgressRecord(worker);
  const readers = new Set<Interface>();
  const listener = await listenOn(scratch, "progress", (socket) => {
    const reader = createInterface({ input: socket });
    readers.add(reader);
    reader.on("line", (line) => record.take(line, reader));
    reader.on("close", () => {
      record.leave(reader);
      readers.delete(reader);
    });
  });
  return {
    socketPath: listener.path,
    progress: record,
    facts: async () => {
      // Lets connections be accepted that were made just before the process ended.
      await setTimeout(1);
      for (const deadline = Date.now() + patience; readers.size > 0 && Date.now() < deadline; ) await setTimeout(5);
      return record.facts();
    },
    keepRunning: () => record.keepRunning(),
    close: () => listener.close(),
  };
}
