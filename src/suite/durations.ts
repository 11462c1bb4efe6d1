import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { removeOlder, replaceFile } from "../files.ts";
import type { RanTest } from "./runner.ts";

/** Seconds by test file, relative to the checkout's root. */
export type FileDurations = ReadonlyMap<string, number>;

/** Which runs' durations are asked for, and where this run's are kept. */
export interface DurationsPlace {
  /** The absolute git common directory, shared by all linked worktrees. */
  readonly commonDirectory: string;
  /** The branch's short name, or null where the commit is on none: then the base's are read and nothing is kept. */
  readonly branch: string | null;
  /** The branch that pull requests go to, whose durations stand in where the branch has none. */
  readonly base: string;
}

/** Seconds by file and test. */
type Durations = Record<string, Record<string, number>>;

interface DurationsFile {
  readonly schema: 1;
  readonly files: Durations;
}

/** How long the durations of a branch that nobody verifies any more are kept, in days. */
const keptDays = 60;

/** How long the tests took in earlier runs. What cannot be read or written costs only the order of the next run. */
export class DurationStore {
  readonly #place: DurationsPlace;

  constructor(place: DurationsPlace) {
    this.#place = place;
  }

  /** What each file of a suite took the last time on this branch, else on the base; empty where nothing is recorded. */
  async ofSuite(suite: string): Promise<FileDurations> {
    const durations = await this.#known(suite);
    const seconds = (tests: Record<string, number>): number => Object.values(tests).reduce((sum, one) => sum + one, 0);
    return new Map(Object.entries(durations ?? {}).map(([file, tests]) => [file, seconds(tests)]));
  }

  /** Records the tests of a run of a whole suite: files that did not run are gone from it, and forgotten. */
  async record(suite: string, ran: readonly RanTest[]): Promise<void> {
    const { branch } = this.#place;
    if (branch === null) return;
    const files: Durations = {};
    for (const { file, id, seconds } of ran) {
      files[file] ??= {};
      files[file][id] = (files[file][id] ?? 0) + toMilliseconds(seconds);
    }
    const text = JSON.stringify({ schema: 1, files } satisfies DurationsFile);
    try {
      await replaceFile(this.#path(branch, suite), `${text}\n`);
      await removeOlder(join(this.#place.commonDirectory, "verify", "durations"), keptDays, new Date());
    } catch {
      // The next run goes by what is known, or by size.
    }
  }

  async #known(suite: string): Promise<Durations | null> {
    const { branch, base } = this.#place;
    const own = branch === null ? null : await readDurations(this.#path(branch, suite));
    return own ?? (await readDurations(this.#path(base, suite)));
  }

  #directory(branch: string): string {
    return join(this.#place.commonDirectory, "verify", "durations", fileName(branch));
  }

  #path(branch: string, suite: string): string {
    return join(this.#directory(branch), `${fileName(suite)}.json`);
  }
}

/** A tenth of a millisecond says nothing, and takes room for every test. */
function toMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

/** A name as one of a file, never one that leads elsewhere, two names never the same. */
function fileName(name: string): string {
  return encodeURIComponent(name).replace(/^\./, "%2E").replaceAll("*", "%2A");
}

async function readDurations(path: string): Promise<Durations | null> {
  try {
    const { schema, files }: DurationsFile = JSON.parse(await readFile(path, "utf8"));
    const isSound = Object.values(files).every((tests) => Object.values(tests).every(Number.isFinite));
    return schema === 1 && isSound ? files : null;
  } catch {
    return null;
  }
}
