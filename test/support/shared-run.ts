import { afterAll } from "vitest";
import type { Summary } from "../../src/model/summary.ts";
import type { AtEnd, Repository } from "./repository.ts";
import { type Outcome, readSummary, runIn } from "./verify.ts";

/** What came of a verification that several tests read. */
export interface SharedRun extends Outcome {
  readonly repository: Repository;
  readonly summary: Summary;
}

/**
 * Verifies a repository once, when the first test asks, for all tests of a file that only read what came of it. The
 * repository is made with the given `atEnd` and goes when the file ends.
 */
export function sharedRun(
  make: (atEnd: AtEnd) => Promise<Repository>,
  words: readonly string[] = [],
): () => Promise<SharedRun> {
  const ends: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const end of ends) await end();
  });
  const start = async (): Promise<SharedRun> => {
    const repository = await make((end) => ends.push(end));
    const outcome = await runIn(repository.root, words);
    return { ...outcome, repository, summary: await readSummary(repository.root) };
  };
  let run: Promise<SharedRun> | undefined;
  return () => {
    run ??= start();
    return run;
  };
}
