import { allTests } from "../../model/figures.ts";
import type { Summary } from "../../model/summary.ts";
import { clip, formatSeconds, listed, plural } from "../../shared/text.ts";
import { code, escapeMarkdown, folded, list } from "../markdown/markdown.ts";
import { racesLetThrough } from "../verdict.ts";

/** Display limits. */
export interface AfterMergeLimits {
  readonly facts: number;
}

/** A range of fewer runs is not shown. */
const leastRuns = 3;
/** Shorter bounds are not reported, in seconds. */
const leastBound = 1;
const longestName = 200;

/** Expected durations and possible races for runs after the merge; null where nothing ran. */
export function afterMergeSection(summary: Summary, limits: AfterMergeLimits): string | null {
  if (summary.suites.length === 0) return null;
  const items = [timeItem(summary), rangeItem(summary), ...raceItems(summary, limits), skippedItem(summary)];
  return folded("After merging", list(items.filter((item) => item !== null)));
}

/** The measured wall time, and the minimum with the same number of workers. */
function timeItem({ seconds, suites, environment, receipt }: Summary): string {
  const each = suites.map(({ name, seconds: taken, workers, schedule }) => {
    const isBound = schedule !== undefined && schedule.boundSeconds >= leastBound && workers > 1;
    const bound = !isBound ? "" : `, ${formatSeconds(schedule.boundSeconds)} at best`;
    return `${escapeMarkdown(clip(name, longestName))} ${formatSeconds(taken)} on ${plural(workers, "worker")}${bound}`;
  });
  const where = escapeMarkdown(clip(environment, longestName));
  const run = receipt?.reused ? "the run that proved this tree" : "this run";
  return `**Time** of ${run}: ${formatSeconds(seconds)} (${each.join("; ")}), measured on ${where}`;
}

/** The range of earlier verified runs with the same number of workers. */
function rangeItem({ history, suites }: Summary): string | null {
  const workers = Math.max(...suites.map((suite) => suite.workers));
  const alike = (history?.recent ?? []).filter((run) => run.verdict === "verified" && run.workers === workers);
  if (alike.length < leastRuns) return null;
  const sorted = alike.map(({ seconds }) => seconds).sort((left, right) => left - right);
  const [shortest = 0, longest = 0] = [sorted[0], sorted.at(-1)];
  return `The last ${alike.length} verified runs with ${plural(workers, "worker")} here took ${formatSeconds(shortest)} to ${formatSeconds(longest)}`;
}

/** Races of this run that were accepted, and races of earlier runs. */
function raceItems(summary: Summary, limits: AfterMergeLimits): string[] {
  const write = ({ file, name }: { readonly file: string; readonly name: string }): string =>
    code(clip(`${file} › ${name}`, longestName));
  const through = summary.suites.flatMap(({ failures }) => failures.filter(({ kind }) => kind === "race"));
  const recorded = summary.history?.races ?? [];
  const items: string[] = [];
  if (racesLetThrough(summary) > 0 && through.length > 0) {
    const tests = listed(through, limits.facts, write, "test").join(", ");
    items.push(`**Let through**, as they failed among the others and passed alone: ${tests}`);
  }
  if (recorded.length > 0) {
    const tests = listed(recorded, limits.facts, (race) => `${write(race)} (${plural(race.times, "time")})`, "test");
    items.push(`**Flaky** in the last 30 runs: ${tests.join(", ")}`);
  }
  return items;
}

function skippedItem(summary: Summary): string | null {
  const { skipped } = allTests(summary);
  if (skipped === 0) return null;
  return `**Skipped**: ${plural(skipped, "test")}, which this run did not check`;
}
