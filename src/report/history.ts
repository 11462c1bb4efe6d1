import { appendFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { allTests } from "../model/figures.ts";
import type { HistorySummary, PastRun, Summary } from "../model/summary.ts";
import { compareNames } from "../shared/text.ts";

/** A run in the history, for later comparisons. */
export interface HistoryEntry extends PastRun {
  readonly schema: 1;
  readonly tree: string;
  /** Only runs of the same suites are compared. */
  readonly suites: readonly { readonly name: string; readonly seconds: number; readonly workSeconds: number }[];
  /** Whether the run was partial. */
  readonly isPartial: boolean;
  readonly isWorkingTree: boolean;
  /** Tests that failed among others and passed alone. */
  readonly races: readonly { readonly file: string; readonly name: string }[];
}

/** How many months of history are kept, including the current one. */
const keptMonths = 12;
/** A summary is compared with this many runs. */
const recentRuns = 30;
/** Limits for the races of a run: a line must be written in one piece. */
const keptRaces = 10;
const longestName = 150;

/**
 * The runs of a repository, under the git common directory, shared by all linked worktrees: one file per month, one
 * JSON object per line. Lines are appended in one write, so that parallel runs do not mix; old months are deleted as
 * files, so nothing is rewritten.
 */
export class History {
  readonly #directory: string;

  constructor(commonDirectory: string) {
    this.#directory = join(commonDirectory, "verify", "history");
  }

  /** Adds a run. Write errors are ignored: they only affect comparisons. */
  async add(entry: HistoryEntry): Promise<void> {
    try {
      await mkdir(this.#directory, { recursive: true });
      await appendFile(join(this.#directory, `${entry.at.slice(0, 7)}.jsonl`), `${JSON.stringify(entry)}\n`);
      await this.#prune(new Date(entry.at));
    } catch {
      // The next run has less to compare with.
    }
  }

  /** The last runs, oldest first; damaged lines are skipped. */
  async last(count: number): Promise<HistoryEntry[]> {
    const entries: HistoryEntry[] = [];
    for (const name of (await this.#months()).reverse()) {
      if (entries.length >= count) break;
      const text = await readFile(join(this.#directory, name), "utf8").catch(() => "");
      entries.unshift(...text.split("\n").flatMap(parse));
    }
    return entries.sort((left, right) => compareNames(left.at, right.at)).slice(-count);
  }

  async #months(): Promise<string[]> {
    const names = await readdir(this.#directory).catch(() => []);
    return names.filter((name) => /^\d{4}-\d{2}\.jsonl$/.test(name)).sort();
  }

  async #prune(now: Date): Promise<void> {
    const oldest = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - keptMonths + 1, 1));
    for (const name of await this.#months()) {
      if (name.slice(0, 7) < oldest.toISOString().slice(0, 7)) await rm(join(this.#directory, name), { force: true });
    }
  }
}

function parse(line: string): HistoryEntry[] {
  try {
    const entry: HistoryEntry = JSON.parse(line);
    return entry.schema === 1 && typeof entry.at === "string" && Array.isArray(entry.suites) ? [entry] : [];
  } catch {
    return [];
  }
}

/** A finished run for the history; null where nothing ran. */
export function historyEntry(summary: Summary): HistoryEntry | null {
  const { suites, receipt, coverage } = summary;
  if (suites.length === 0 || receipt?.reused) return null;
  const races = suites.flatMap(({ failures }) => failures.filter(({ kind }) => kind === "race"));
  return {
    schema: 1,
    at: summary.startedAt,
    commit: summary.commit,
    tree: summary.tree,
    branch: summary.branch,
    verdict: summary.verdict,
    seconds: summary.seconds,
    workers: Math.max(...suites.map(({ workers }) => workers)),
    tests: allTests(summary),
    lines: coverage?.lines ?? null,
    suites: suites.map(({ name, seconds, workSeconds }) => ({ name, seconds, workSeconds })),
    isPartial: summary.incomplete.length > 0,
    isWorkingTree: summary.verifiedIn === "working tree",
    races: races
      .slice(0, keptRaces)
      .map(({ file, name }) => ({ file: file.slice(0, longestName), name: name.slice(0, longestName) })),
  };
}

/** Compares with earlier runs (oldest first) of these suites; the base branch by its short name. */
export function compareWithHistory(
  entries: readonly HistoryEntry[],
  { suites, base }: { readonly suites: readonly string[]; readonly base: string },
): HistorySummary {
  const wanted = [...suites].sort().join("\n");
  const alike = entries.filter(
    (entry) =>
      !entry.isPartial &&
      entry.suites
        .map(({ name }) => name)
        .sort()
        .join("\n") === wanted,
  );
  const verified = alike.filter(({ verdict, isWorkingTree }) => verdict === "verified" && !isWorkingTree);
  return {
    base: pastRun(verified.findLast(({ branch }) => branch === base)),
    serial: pastRun(alike.findLast(({ workers, verdict }) => workers === 1 && verdict === "verified")),
    recent: alike.slice(-recentRuns).map((entry) => pastRun(entry) as PastRun),
    races: racesOf(entries.slice(-recentRuns)),
  };
}

function pastRun(entry: HistoryEntry | undefined): PastRun | null {
  if (entry === undefined) return null;
  const { at, commit, branch, verdict, seconds, workers, tests, lines } = entry;
  return { at, commit, branch, verdict, seconds, workers, tests, lines };
}

function racesOf(entries: readonly HistoryEntry[]): HistorySummary["races"] {
  const times = new Map<string, { file: string; name: string; times: number }>();
  for (const { file, name } of entries.flatMap(({ races }) => races ?? [])) {
    const key = JSON.stringify([file, name]);
    const known = times.get(key);
    if (known === undefined) times.set(key, { file, name, times: 1 });
    else known.times += 1;
  }
  return [...times.values()].sort((left, right) => right.times - left.times);
}
