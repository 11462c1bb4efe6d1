import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RanTest } from "../../model/test-id.ts";
import { removeOlder, replaceFile } from "../../shared/files.ts";

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

/** Seconds by file and test. Maps, as a test may be called `constructor` and a file `__proto__`. */
type Durations = ReadonlyMap<string, ReadonlyMap<string, number>>;

interface DurationsFile {
  readonly schema: 1;
  readonly files: Readonly<Record<string, Readonly<Record<string, number>>>>;
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
    const seconds = (tests: ReadonlyMap<string, number>): number =>
      [...tests.values()].reduce((sum, one) => sum + one, 0);
    return new Map([...(durations ?? [])].map(([file, tests]) => [file, seconds(tests)]));
  }

  /** Records the tests of a run of a whole suite: files that did not run are gone from it, and forgotten. */
  async record(suite: string, ran: readonly RanTest[]): Promise<void> {
    const { branch } = this.#place;
    if (branch === null) return;
    const byFile = new Map<string, Map<string, number>>();
    for (const { file, id, seconds } of ran) {
      const tests = byFile.get(file) ?? new Map<string, number>();
      byFile.set(file, tests);
      tests.set(id, (tests.get(id) ?? 0) + toMilliseconds(seconds));
    }
    const files = Object.fromEntries([...byFile].map(([file, tests]) => [file, Object.fromEntries(tests)]));
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
    const durations = new Map(Object.entries(files).map(([file, tests]) => [file, new Map(Object.entries(tests))]));
    const isSound = [...durations.values()].every((tests) => [...tests.values()].every(Number.isFinite));
    return schema === 1 && isSound ? durations : null;
  } catch {
    return null;
  }
}
