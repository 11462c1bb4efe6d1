import { appendFile, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../../shared/files.ts";
import { suiteDirectory } from "./record-store.ts";

/** After so many runs that reuse results, everything runs. */
const mostIncrementalRuns = 20;
/** After so many days, everything runs. */
const mostDays = 7;

/** A run, as it is logged: a line each. */
interface LoggedRun {
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly full: boolean;
}

/** The file of the runs, in a suite's directory. */
const logName = "runs.jsonl";

/** Whether a file in a suite's directory is the log of its runs. */
export function isRunLog(name: string): boolean {
  return name === logName;
}

/** The runs of a suite since its last full one. Lines are appended, so that two runs at once do not lose each other's. */
export class RunLog {
  readonly #path: string;

  constructor(commonDirectory: string, suite: string) {
    this.#path = join(suiteDirectory(commonDirectory, suite), logName);
  }

  /** Why everything has to run by what is logged, a clause; null where results may be reused. */
  async whyFull(now: Date): Promise<string | null> {
    const runs = (await readFile(this.#path, "utf8").catch(() => "")).split("\n").flatMap(parse);
    const last = runs.findLastIndex(({ full }) => full);
    const full = runs[last];
    if (full === undefined) return "no full run is recorded";
    const age = now.getTime() - Date.parse(full.at);
    if (!(age >= 0)) return "the last full run is from the future";
    if (age > mostDays * 86_400_000) return `the last full run is more than ${mostDays} days ago`;
    const since = runs.length - 1 - last;
    return since >= mostIncrementalRuns ? `the last full run is ${since} runs ago` : null;
  }

  /** Adds a run; a full one replaces what was before it. Without a log the next run is full. */
  async add(run: LoggedRun): Promise<void> {
    const line = `${JSON.stringify(run)}\n`;
    try {
      if (run.full) await replaceFile(this.#path, line);
      else await appendFile(this.#path, line);
    } catch {
      await this.forget();
    }
  }

  /** Removes the log: the next run is full. */
  async forget(): Promise<void> {
    await rm(this.#path, { force: true }).catch(() => {});
  }
}

function parse(line: string): LoggedRun[] {
  try {
    const run: LoggedRun = JSON.parse(line);
    return typeof run.at === "string" && typeof run.full === "boolean" ? [run] : [];
  } catch {
    // A damaged line counts as a run, so that full runs come sooner.
    return line.trim() === "" ? [] : [{ at: "", full: false }];
  }
}

/** Whether a run is not older than results may be. */
export function isRecent({ at }: Pick<LoggedRun, "at">, now: Date): boolean {
  const age = now.getTime() - Date.parse(at);
  return age >= 0 && age <= mostDays * 86_400_000;
}
