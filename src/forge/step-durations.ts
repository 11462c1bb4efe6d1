import { basename } from "node:path";
import { type ProgramOutcome, parseJson, type Run } from "./run.ts";

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
  readonly jobs: readonly {
    readonly steps: readonly { readonly name: string; readonly startedAt: string; readonly completedAt: string }[];
  }[];
}

/**
 * How long the steps of a workflow took in its last successful runs on GitHub, by their names; empty where gh is not
 * there, not logged in, or knows of no run.
 */
export async function stepDurations(run: Run, file: string): Promise<ReadonlyMap<string, StepDuration>> {
  const list = await run("gh", [
    "run",
    "list",
    "--workflow",
    basename(file),
    "--status",
    "success",
    "--limit",
    String(runsLookedAt),
    "--json",
    "databaseId",
  ]);
  const runs = answerOf<{ readonly databaseId: number }[]>(list) ?? [];
  const views = await Promise.all(
    runs.map(({ databaseId }) => run("gh", ["run", "view", String(databaseId), "--json", "jobs"])),
  );
  const found = new Map<string, number[]>();
  for (const { name, startedAt, completedAt } of views
    .flatMap((view) => answerOf<RunJobs>(view)?.jobs ?? [])
    .flatMap(({ steps }) => steps)) {
    const seconds = (Date.parse(completedAt) - Date.parse(startedAt)) / 1000;
    if (seconds >= 0) found.set(name, [...(found.get(name) ?? []), seconds]);
  }
  return new Map([...found].map(([name, all]) => [name, { seconds: median(all), runs: all.length }]));
}

/** What gh answered as JSON; null where it failed or answered something else. */
export function answerOf<Value>({ exitCode, output }: ProgramOutcome): Value | null {
  if (exitCode !== 0) return null;
  try {
    return parseJson<Value>("gh", output);
  } catch {
    return null;
  }
}

/** The middle of some numbers, of which there is at least one. */
export function median(numbers: readonly number[]): number {
  const ordered = [...numbers].sort((left, right) => left - right);
  const middle = Math.floor(ordered.length / 2);
  return ordered.length % 2 === 1 ? (ordered[middle] ?? 0) : ((ordered[middle - 1] ?? 0) + (ordered[middle] ?? 0)) / 2;
}
