import { afterAll } from "vitest";
import type { Summary } from "../../src/model/summary.ts";
import { type AtEnd, copyRepository, type Repository } from "./repository.ts";
import { type Outcome, readSummary, runIn } from "./verify.ts";

/** What came of a verification that several tests read. */
export interface SharedRun extends Outcome {
  readonly repository: Repository;
  readonly summary: Summary;
}

/**
 * Makes something once, when the first test asks, for all tests of a file that only read it. What is made with the given
 * `atEnd` goes when the file ends.
 */
export function sharedByTests<Value>(make: (atEnd: AtEnd) => Promise<Value>): () => Promise<Value> {
  const ends: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const end of ends) await end();
  });
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make((end) => ends.push(end));
    return made;
  };
}

/**
 * Makes repositories for the tests of a file, which may change them: those that begin in the same way, by options that JSON
 * can hold, are copies of one.
 */
export function copiedByTests<Options>(
  make: (options: Options, atEnd: AtEnd) => Promise<Repository>,
): (options: Options) => Promise<Repository> {
  const ends: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const end of ends) await end();
  });
  const originals = new Map<string, Promise<Repository>>();
  return async (options) => {
    const how = JSON.stringify(options);
    const original = originals.get(how) ?? make(options, (end) => ends.push(end));
    originals.set(how, original);
    return await copyRepository(await original);
  };
}

/** Verifies a repository once, for all tests of a file that only read what came of it; see `sharedByTests`. */
export function sharedRun(
  make: (atEnd: AtEnd) => Promise<Repository>,
  words: readonly string[] = [],
  options: Parameters<typeof runIn>[2] = {},
): () => Promise<SharedRun> {
  return sharedByTests(async (atEnd) => {
    const repository = await make(atEnd);
    const outcome = await runIn(repository.root, words, options);
    return { ...outcome, repository, summary: await readSummary(repository.root) };
  });
}
