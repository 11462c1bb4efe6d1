import type { RunRecord, TestRecord, TimelineBar } from "../../model/run-record.ts";
import type { Failure } from "../../model/summary.ts";
import type { RanTest } from "../../model/test-id.ts";
import type { ReportedFacts } from "../progress/facts.ts";
import { nameInFile, reportedFile } from "./results.ts";

/** A suite's run after it has finished. */
export interface RunToRecord {
  readonly suite: string;
  readonly reported: Pick<ReportedFacts, "visits" | "root">;
  readonly ran: readonly RanTest[];
  readonly failures: readonly Failure[];
  /** The absolute root of the checkout. */
  readonly checkoutRoot: string;
  /** When the verification began. */
  readonly startedAt: Date;
}

/** Every test of a suite, and a bar for each visit of a worker to a file, as long as the file's tests took. */
export function recordRun(run: RunToRecord): RunRecord {
  return { tests: run.ran.map((test) => testRecord(run.suite, test)), timeline: barsOf(run) };
}

function testRecord(suite: string, { file, id, worker, outcome, seconds }: RanTest): TestRecord {
  const plain = outcome === "passed" || outcome === "skipped" ? outcome : "failed";
  return { suite, file, name: nameInFile(file, id), worker: worker ?? null, outcome: plain, seconds };
}

function barsOf({ suite, reported, ran, failures, checkoutRoot, startedAt }: RunToRecord): TimelineBar[] {
  const seconds = new Map<string, number>();
  for (const test of ran) {
    const key = keyOf(test.worker, test.file);
    seconds.set(key, (seconds.get(key) ?? 0) + test.seconds);
  }
  return turnsOf(reported, checkoutRoot).map(({ worker, file, at, next }) => {
    const start = (at - startedAt.getTime()) / 1000;
    const took = seconds.get(keyOf(worker, file)) ?? seconds.get(keyOf(undefined, file)) ?? 0;
    // Fixtures between tests belong to the visit; what follows it does not.
    const room = next === null ? took : (next - at) / 1000;
    return {
      suite,
      worker,
      file,
      start: Math.max(0, start),
      seconds: Math.min(Math.max(took, 0), Math.max(room, 0)),
      failed: failures.filter((failure) => failure.file === file && (failure.worker ?? worker) === worker).length,
    };
  });
}

interface Turn {
  readonly worker: string;
  readonly file: string;
  readonly at: number;
  /** When the worker began its next file; null for its last. */
  readonly next: number | null;
}

/** The visits of each worker; consecutive visits to one file are joined. */
function turnsOf({ visits, root }: RunToRecord["reported"], checkoutRoot: string): Turn[] {
  const byWorker = new Map<string, { file: string; at: number }[]>();
  for (const { worker, file, at } of visits.toSorted((left, right) => left.at - right.at)) {
    const turns = byWorker.get(worker) ?? [];
    byWorker.set(worker, turns);
    const name = reportedFile(checkoutRoot, root, file);
    if (turns.at(-1)?.file !== name) turns.push({ file: name, at });
  }
  return [...byWorker].flatMap(([worker, turns]) =>
    turns.map(({ file, at }, index) => ({ worker, file, at, next: turns[index + 1]?.at ?? null })),
  );
}

function keyOf(worker: string | undefined, file: string): string {
  return `${worker ?? ""}\n${file}`;
}
