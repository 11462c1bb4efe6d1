import { basename } from "node:path";
import { median } from "../shared/median.ts";
import { askGh } from "./ask-gh.ts";
import type { Run } from "./run.ts";

/** So many successful runs are looked at. */
const runsLookedAt = 5;

/** How long a step took. */
export interface StepDuration {
  /** The median, in seconds. */
  readonly seconds: number;
  /** How many runs it is the median of. */
  readonly runs: number;
}

/** The jobs of a run in the output of `gh run view --json jobs`. */
interface RunJobs {
  readonly jobs?: readonly {
    readonly name: string;
    readonly steps?: readonly { readonly name: string; readonly startedAt: string; readonly completedAt: string }[];
  }[];
}

/**
 * How long the steps of a workflow took in its last successful runs on GitHub, by `durationKey`; empty where gh is not
 * there, not logged in, or knows of no run.
 */
export async function stepDurations(run: Run, file: string): Promise<ReadonlyMap<string, StepDuration>> {
  const list = ["run", "list", "--workflow", basename(file), "--status", "success"];
  const runs = await askGh<{ readonly databaseId: number }[]>(run, [
    ...list,
    "--limit",
    String(runsLookedAt),
    "--json",
    "databaseId",
  ]);
  const views = await Promise.all(
    (Array.isArray(runs) ? runs : []).map(({ databaseId }) =>
      askGh<RunJobs>(run, ["run", "view", String(databaseId), "--json", "jobs"]),
    ),
  );
  const found = new Map<string, number[]>();
  for (const job of views.flatMap((view) => view?.jobs ?? [])) {
    for (const { name, startedAt, completedAt } of job.steps ?? []) {
      const key = durationKey(job.name, name);
      const seconds = (Date.parse(completedAt) - Date.parse(startedAt)) / 1000;
      if (seconds >= 0) found.set(key, [...(found.get(key) ?? []), seconds]);
    }
  }
  return new Map([...found].map(([name, all]) => [name, { seconds: median(all), runs: all.length }]));
}

/** Under what the durations of a step are kept: the name of its job and its own. */
export function durationKey(job: string, step: string): string {
  return JSON.stringify([job, step]);
}
