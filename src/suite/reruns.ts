import { messageOf } from "../errors.ts";
import { refusedDuring } from "../report/rejections.ts";
import type { Failure, RejectionSummary } from "../report/summary.ts";
import { plural } from "../report/text.ts";
import { type OrderBook, ranBefore } from "./order.ts";
import type { Conducted, SuiteProcesses } from "./processes.ts";

/** How many failed tests are run again at the most. */
const mostReruns = 10;
/** How long reruns may take where the suite itself was shorter, in seconds. */
const shortestPatience = 30;

/** What came of running failed tests again. */
export interface Retold {
  /** All failures; those that pass alone are of the kind `race`. */
  readonly failures: readonly Failure[];
  /** What a reader should know, a sentence each. */
  readonly notes: readonly string[];
}

/** What a failed test did when it ran alone. */
type Alone = { readonly outcome: "passed" | "failed" } | { readonly outcome: "unknown"; readonly why: string };

export interface RerunRequest {
  readonly conducted: Conducted;
  readonly rejections: readonly RejectionSummary[];
  readonly processes: SuiteProcesses;
  readonly orders: OrderBook;
  /** Called before each test that is run again, with a phrase. */
  readonly onProgress: (phrase: string) => void;
}

/**
 * Tells races from bugs after a parallel run: runs what failed again, one test after another, each in a process of its own
 * on a fresh database. What fails alone is a failure, what passes alone a race. Where that cannot be told, or would take
 * longer than the suite itself, a failure stays what it was. Throws InterruptedError.
 */
export async function tellRaces(request: RerunRequest): Promise<Retold> {
  const { conducted, processes, onProgress } = request;
  const { planned, runner } = processes.parts;
  const { failures } = conducted.results;
  const candidates = failures.filter(canBeRace);
  const isTold = planned.workers.length > 1 && runner.selectsTests(planned.suite);
  if (!isTold || candidates.length === 0) return { failures, notes: [] };
  const patience = Math.max(shortestPatience, conducted.seconds);
  const started = performance.now();
  const retold = new Map<Failure, Failure>();
  const notes: string[] = [];
  let done = 0;
  for (const failure of candidates.slice(0, mostReruns)) {
    if ((performance.now() - started) / 1000 > patience) break;
    onProgress(`running failed tests alone, ${done + 1} of ${Math.min(candidates.length, mostReruns)}`);
    const alone = await runAlone(failure, processes);
    done += 1;
    if (alone.outcome === "passed") retold.set(failure, await asRace(failure, request));
    if (alone.outcome === "unknown") notes.push(`${failure.name} could not be run alone: ${alone.why}`);
  }
  if (done < candidates.length) {
    const left = plural(candidates.length - done, "failed test was", "failed tests were");
    notes.push(`${left} not run again alone, so whether they are races is not known.`);
  }
  return { failures: failures.map((failure) => retold.get(failure) ?? failure), notes };
}

function canBeRace({ kind, id }: Failure): boolean {
  return (kind === "failure" || kind === "timeout") && id !== undefined;
}

async function runAlone({ file, id = "" }: Failure, processes: SuiteProcesses): Promise<Alone> {
  try {
    const { results } = await processes.runTests([{ file, id }]);
    const same = results.ran.filter((test) => test.file === file && test.id === id);
    if (same.some(({ outcome }) => outcome === "failed" || outcome === "error")) return { outcome: "failed" };
    const [why = results.failures[0]?.message] = results.reasons;
    // Another test of that name may have failed, which says nothing of this one.
    if (why !== undefined && same.length === 0) return { outcome: "unknown", why };
    if (results.reasons.length > 0) return { outcome: "unknown", why: results.reasons.join(" ") };
    if (same.some(({ outcome }) => outcome !== "passed")) return { outcome: "unknown", why: "it was skipped." };
    return same.length > 0 ? { outcome: "passed" } : { outcome: "unknown", why: "the runner did not find it." };
  } catch (error) {
    if (processes.parts.signal.aborted) throw error;
    return { outcome: "unknown", why: messageOf(error) };
  }
}

async function asRace(failure: Failure, request: RerunRequest): Promise<Failure> {
  const { conducted, rejections, processes, orders } = request;
  const { planned, scene } = processes.parts;
  const { file, id = "", worker } = failure;
  const { ran } = conducted.results;
  const tests = ranBefore({ ...conducted.told, ran, checkoutRoot: scene.checkout.root }, { file, id, worker });
  const filesBefore = [...new Set(tests.map((test) => test.file))].filter((other) => other !== file);
  const order = await orders.keep({ suite: planned.suite.name, worker: worker ?? "master", tests });
  return {
    ...failure,
    kind: "race",
    race: {
      filesBefore,
      testsBefore: tests.length - 1,
      rejections: refusedDuring(failure, rejections),
      repeat: `npx verify repeat ${order}`,
    },
  };
}
