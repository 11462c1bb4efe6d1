import type { Stage } from "../report/display.ts";
import { plural } from "../report/text.ts";
import type { Progress } from "./progress.ts";

/** How often the view is drawn, in milliseconds. */
const interval = 100;

/** Shows how far the processes of a suite are, all of them together. */
export interface ProgressDisplay {
  /** Adds a process that is about to start. */
  readonly follow: (progress: Progress) => void;
  /** From now on what is followed runs failed tests again, and a phrase says how far that is. */
  readonly rerun: (phrase: string) => void;
  end(): void;
}

/** Begins to show what it is told to follow, until its end. */
export function showProgress(stage: Stage): ProgressDisplay {
  const followed: Progress[] = [];
  let isRerun = false;
  const clock = setInterval(() => {
    if (!isRerun) show(followed, stage);
  }, interval);
  return {
    follow: (progress) => void followed.push(progress),
    rerun: (phrase) => {
      isRerun = true;
      stage.progress(phrase);
    },
    end: () => clearInterval(clock),
  };
}

function show(followed: readonly Progress[], stage: Stage): void {
  const sum = (value: (progress: Progress) => number): number =>
    followed.reduce((total, progress) => total + value(progress), 0);
  const total = sum((progress) => progress.total);
  if (total === 0) {
    stage.progress("collecting tests");
    return;
  }
  const failures = sum(({ failed }) => failed);
  const failed = failures > 0 ? `, ${failures} failed` : "";
  const isFinal = followed.every(({ isTotalFinal }) => isTotalFinal);
  const lines = followed
    .flatMap(({ workers }) => [...workers])
    .sort(([left], [right]) => left.localeCompare(right, "en", { numeric: true }));
  stage.progress(
    `${sum(({ done }) => done)} of ${isFinal ? "" : "at least "}${plural(total, "test")}${failed}`,
    lines.map(([worker, { done, file }]) => `${worker}  ${String(done).padStart(4)} done  ${file}`),
  );
}
