import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RanTest } from "../../model/test-id.ts";
import { removeOlder, replaceFile } from "../../shared/files.ts";

/** Seconds by test file, relative to the checkout's root. */
export type FileDurations = ReadonlyMap<string, number>;

/** Which branch's durations are read and written. */
export interface DurationsPlace {
  /** The absolute git common directory, shared by all linked worktrees. */
  readonly commonDirectory: string;
  /** The branch's short name; null on a detached HEAD: then the base's durations are read and nothing is stored. */
  readonly branch: string | null;
  /** The base branch, whose durations are used where the branch has none. */
  readonly base: string;
}

/** Seconds by file and test. Maps, because a test may be named `constructor` or `__proto__`. */
type Durations = ReadonlyMap<string, ReadonlyMap<string, number>>;

interface DurationsFile {
  readonly schema: 1;
  readonly files: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Durations of branches without runs are kept this long, in days. */
const keptDays = 60;

/** Durations of tests in earlier runs. Read and write errors are ignored: they only affect scheduling. */
export class DurationStore {
  readonly #place: DurationsPlace;

  constructor(place: DurationsPlace) {
    this.#place = place;
  }

  /** The last duration of each file of a suite on this branch, else on the base; empty where none is recorded. */
  async ofSuite(suite: string): Promise<FileDurations> {
    const durations = await this.#known(suite);
    const seconds = (tests: ReadonlyMap<string, number>): number =>
      [...tests.values()].reduce((sum, one) => sum + one, 0);
    return new Map([...(durations ?? [])].map(([file, tests]) => [file, seconds(tests)]));
  }

  /** Records a full run of a suite; files that did not run are dropped. */
  async record(suite: string, ran: readonly Pick<RanTest, "file" | "id" | "seconds">[]): Promise<void> {
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
      await removeOlder(durationsDirectory(this.#place.commonDirectory), keptDays, new Date());
    } catch {
      // A failed write is ignored: the next run uses older durations, or file sizes.
    }
  }

  async #known(suite: string): Promise<Durations | null> {
    const { branch, base } = this.#place;
    const own = branch === null ? null : await readDurations(this.#path(branch, suite));
    return own ?? (await readDurations(this.#path(base, suite)));
  }

  #directory(branch: string): string {
    return join(durationsDirectory(this.#place.commonDirectory), durationsFileName(branch));
  }

  #path(branch: string, suite: string): string {
    return join(this.#directory(branch), `${durationsFileName(suite)}.json`);
  }
}

/** Rounds: smaller fractions waste space. */
function toMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

/** Where the durations of a repository lie: a directory a branch, a file a suite. */
export function durationsDirectory(commonDirectory: string): string {
  return join(commonDirectory, "verify", "durations");
}

/** A safe, unique file name for a branch or suite, which cannot point to another directory. */
export function durationsFileName(name: string): string {
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
