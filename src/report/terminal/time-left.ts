import type { BegunFile } from "../../suite/progress/running-suite.ts";

/** How far a run is, as far as the time it still takes hangs on it. */
export interface RunSoFar {
  /** What each file took the last time, in seconds. */
  readonly recorded: ReadonlyMap<string, number>;
  /** The files that were begun, named as in what is recorded. */
  readonly begun: ReadonlyMap<string, BegunFile>;
  /** How many files run side by side. */
  readonly workers: number;
  /** Whether there are tests that have not ended. */
  readonly hasTestsLeft: boolean;
}

/** How much of the work is taken to go as fast as the last time before this run's own pace counts as much, as a share. */
const recordedWeight = 0.1;
const slowest = 5;
const fastest = 0.2;

/**
 * How long the run still takes, in seconds: what is left of the recorded work, shared among the workers, but no less than
 * the longest file, at the pace of this run so far. Null where nothing is known, or all that was known is over and tests
 * go on nevertheless: no time is better than a wrong one.
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

/** How much slower the files that are over went than the last time, damped while they are few. */
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

/** A time left as it was last shown. */
export interface ShownTime {
  readonly seconds: number;
  /** When that was, in seconds of any clock. */
  readonly at: number;
}

/** In how many seconds what is shown comes near to an estimate that differs. */
const smoothingSeconds = 4;

/** What to show of an estimate: the clock's own countdown, which glides to the estimate so that it does not jump. */
export function steadyTime(shown: ShownTime | null, estimate: number, at: number): ShownTime {
  if (shown === null) return { seconds: Math.max(0, estimate), at };
  const passed = Math.max(0, at - shown.at);
  const counted = shown.seconds - passed;
  const share = 1 - Math.exp(-passed / smoothingSeconds);
  return { seconds: Math.max(0, counted + (estimate - counted) * share), at };
}

/** "about 34 s left", "about 2 min 10 s left", "a few seconds left"; above a minute in steps of five, which are steadier. */
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
