import { existsSync } from "node:fs";
import { vi } from "vitest";

/** How long what a test tells as it begins may take to get here, in milliseconds. */
const arrival = 2_000;

/**
 * Runs something in this process whose timeouts of so many seconds end once all files of theirs are there, and what was told by
 * then has arrived: how long a suite takes to get into its tests is the machine's affair.
 */
export async function runOutOfTime<Value>(
  files: Readonly<Record<number, readonly string[]>>,
  work: () => Promise<Value>,
): Promise<Value> {
  const plain = globalThis.setTimeout;
  const watching = ((callback: (...given: unknown[]) => void, milliseconds = 0, ...given: unknown[]) => {
    const own = files[milliseconds / 1_000];
    if (own === undefined) return plain(() => callback(...given), milliseconds);
    const timer = setInterval(() => {
      if (!own.every((file) => existsSync(file))) return;
      clearInterval(timer);
      plain(() => callback(...given), arrival);
    }, 20);
    return timer;
  }) as typeof setTimeout;
  const spy = vi.spyOn(globalThis, "setTimeout").mockImplementation(watching);
  try {
    return await work();
  } finally {
    spy.mockRestore();
  }
}
