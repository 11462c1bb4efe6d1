import type { BegunFile } from "../../suite/progress/running-suite.ts";

/** The progress of a run, for the time estimate. */
export interface RunSoFar {
  /** The recorded duration of each file, in seconds. */
  readonly recorded: ReadonlyMap<string, number>;
  /** The files that have begun, named as in `recorded`. */
  readonly begun: ReadonlyMap<string, BegunFile>;
  /** How many files run in parallel. */
  readonly workers: number;
  /** Whether tests are still running or to come. */
  readonly hasTestsLeft: boolean;
}

/** The weight of recorded durations against this run's own pace, as a share of the total work. */
const recordedWeight = 0.1;
const slowest = 5;
const fastest = 0.2;

/**
 * The remaining time in seconds: the remaining recorded work divided by the workers, at least the longest file,
 * adjusted to this run's pace. Null where nothing is recorded, or recorded work is done but tests continue.
 */
export function secondsLeft({ recorded, begun, workers, hasTestsLeft }: RunSoFar): number | null {
  const total = [...recorded.values()].reduce((sum, seconds) => sum + seconds, 0);
  if (total <= 0) return null;
  if (!hasTestsLeft) return 0;
  const pace = paceOf(recorded, begun, total);
  const left = [...recorded].map(([file, seconds]) => {
    const run = begun.get(file);
    return run?.isOver ? 0 : Math.max(0, seconds * pace - (run?.seconds ?? 0));
  });
  const work = left.reduce((sum, seconds) => sum + seconds, 0);
  if (work <= 0) return null;
  return Math.max(work / Math.max(1, workers), ...left);
}

/** The pace of finished files compared with their records, damped while they are few. */
function paceOf(recorded: RunSoFar["recorded"], begun: RunSoFar["begun"], total: number): number {
  const prior = total * recordedWeight;
  let expected = prior;
  let took = prior;
  for (const [file, { seconds, isOver }] of begun) {
    const before = recorded.get(file);
    if (!isOver || before === undefined) continue;
    expected += before;
    took += seconds;
  }
  return Math.min(slowest, Math.max(fastest, took / expected));
}

/** The displayed time left. */
export interface ShownTime {
  readonly seconds: number;
  /** In seconds of any clock. */
  readonly at: number;
}

/** The time constant for smoothing the displayed time, in seconds. */
const smoothingSeconds = 4;

/** The displayed time: counts down, and approaches the estimate smoothly so that it does not jump. */
export function steadyTime(shown: ShownTime | null, estimate: number, at: number): ShownTime {
  if (shown === null) return { seconds: Math.max(0, estimate), at };
  const passed = Math.max(0, at - shown.at);
  const counted = shown.seconds - passed;
  const share = 1 - Math.exp(-passed / smoothingSeconds);
  return { seconds: Math.max(0, counted + (estimate - counted) * share), at };
}

/** "about 34 s left", "about 2 min 10 s left", "a few seconds left"; above a minute in steps of five seconds. */
export function timeLeftText(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 5) return "a few seconds left";
  return `about ${wholeSeconds(whole < 60 ? whole : Math.round(whole / 5) * 5)} left`;
}

function wholeSeconds(whole: number): string {
  if (whole < 60) return `${whole} s`;
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  const rest = whole % 60;
  return `${Math.floor(whole / 60)} min${rest === 0 ? "" : ` ${rest} s`}`;
}
