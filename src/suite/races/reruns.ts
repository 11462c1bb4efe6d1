import { refusedDuring } from "../../model/rejections.ts";
import type { Failure, RejectionSummary } from "../../model/summary.ts";
import { messageOf } from "../../shared/errors.ts";
import { formatSeconds, listed, plural } from "../../shared/text.ts";
import type { Conducted, SuiteProcesses } from "../processes.ts";
import { groupEnd, type TestResults } from "../runners/runner.ts";
import { type OrderBook, ranBefore } from "./order.ts";

/** How many failed tests are run again at the most. */
const mostReruns = 10;
/** How long reruns may take where the suite itself was shorter, in seconds: what starting a runner a few times takes. */
const shortestPatience = 30;
/** From how many failures on a common cause is likelier than that tests disturb each other. */
const fewFailures = 3;
const shownNames = 3;
/** How much of an error's line is shown, in characters. */
const longestError = 120;

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
  readonly conducted: Pick<Conducted, "results" | "told" | "seconds">;
  readonly rejections: readonly RejectionSummary[];
  readonly processes: Pick<SuiteProcesses, "parts" | "runTests">;
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
  const { planned, runner } = request.processes.parts;
  const { failures } = request.conducted.results;
  const candidates = failures.filter(canBeRace);
  const isTold = planned.workers.length > 1 && runner.selectsTests(planned.suite);
  if (!isTold || candidates.length === 0) return { failures, notes: [] };
  const why = whyNoRace(candidates, request.conducted.results);
  if (why !== null) return { failures, notes: [`${why}, so none of them was run again alone.`] };
  const alone = await runEachAlone(candidates, request);
  const retold = new Map<Failure, Failure>();
  const notes = [...unknownNotes(alone), ...leftNotes(candidates.length - alone.size, request)];
  for (const [failure, { outcome }] of alone) {
    if (outcome === "passed") retold.set(failure, await asRace(failure, request, notes));
  }
  return { failures: failures.map((failure) => retold.get(failure) ?? failure), notes };
}

/** Why failures have a cause of their own: a clause; null where some may be races. */
function whyNoRace(candidates: readonly Failure[], { tests }: Pick<TestResults, "tests">): string | null {
  if (candidates.length < fewFailures) return null;
  const errors = candidates.map(({ message }) => errorOf(message));
  // Numbers differ by test: a row's, a port's, a line's.
  const kinds = new Set(errors.map((error) => error.replace(/\d+/g, "0")));
  if (kinds.size === 1 && !isAssertion(errors[0] ?? ""))
    return `All ${candidates.length} failures say the same (${errors[0]})`;
  const ran = tests.passed + tests.failed;
  return candidates.length * 2 > ran ? `${candidates.length} of ${plural(ran, "test")} failed` : null;
}

/** What tests expect is their own affair, even where several find the same difference. */
function isAssertion(error: string): boolean {
  return /^assert|\bassert(ion)?(error)?\b|\bexpect(ed)?\b/i.test(error);
}

/** The line of a message that names its error. */
function errorOf(message: string): string {
  const lines = message.split("\n").map((line) => line.trim());
  const line = lines.find((one) => /\b\w*(Error|Exception)\b/.test(one)) ?? lines[0] ?? "";
  return line.slice(0, longestError);
}

function canBeRace({ kind, id }: Failure): boolean {
  return (kind === "failure" || kind === "timeout") && id !== undefined && id !== "";
}

function patienceOf({ conducted }: RerunRequest): number {
  return Math.max(shortestPatience, conducted.seconds);
}

/** What the failures did alone, as many of them as there is time for. */
async function runEachAlone(candidates: readonly Failure[], request: RerunRequest): Promise<Map<Failure, Alone>> {
  const { processes, onProgress } = request;
  const chosen = candidates.slice(0, mostReruns);
  const deadline = performance.now() + patienceOf(request) * 1000;
  const alone = new Map<Failure, Alone>();
  for (const failure of chosen) {
    const left = (deadline - performance.now()) / 1000;
    if (left <= 0) break;
    onProgress(`running ${plural(chosen.length, "failed test")} alone, ${alone.size} done`);
    const timeoutSeconds = Math.min(left, processes.parts.planned.timeoutSeconds);
    alone.set(failure, await runAlone(failure, processes, timeoutSeconds));
  }
  return alone;
}

async function runAlone(
  { file, id = "" }: Failure,
  processes: RerunRequest["processes"],
  timeoutSeconds: number,
): Promise<Alone> {
  try {
    const { results } = await processes.runTests([{ file, id }], { timeoutSeconds });
    const same = results.ran.filter((test) => test.file === file && isMeant(test.id, id));
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

/** Whether a test is the one that was to be run, or one of the group. */
function isMeant(id: string, wanted: string): boolean {
  return id === wanted || (wanted.endsWith(groupEnd) && id.startsWith(wanted.slice(0, -groupEnd.length)));
}

/** A note for each way in which tests could not be run alone. */
function unknownNotes(alone: ReadonlyMap<Failure, Alone>): string[] {
  const namesByWhy = new Map<string, string[]>();
  for (const [{ name }, result] of alone) {
    if (result.outcome !== "unknown") continue;
    namesByWhy.set(result.why, [...(namesByWhy.get(result.why) ?? []), name]);
  }
  return [...namesByWhy].map(
    ([why, names]) => `${listed(names, shownNames, (name) => name, "test").join(", ")} could not be run alone: ${why}`,
  );
}

/** What is said of failures that were not run again. */
function leftNotes(count: number, request: RerunRequest): string[] {
  if (count === 0) return [];
  const left = `${count} ${count === 1 ? "was" : "were"} not checked for flakiness`;
  return [`Only ${mostReruns} failures are rerun, within ${formatSeconds(patienceOf(request))}: ${left}.`];
}

/** The failure as a race; adds a note where its order cannot be kept. */
async function asRace(failure: Failure, request: RerunRequest, notes: string[]): Promise<Failure> {
  const { conducted, rejections, processes, orders } = request;
  const { planned, scene } = processes.parts;
  const { file, id = "", worker } = failure;
  const { ran } = conducted.results;
  const tests = ranBefore({ ...conducted.told, ran, checkoutRoot: scene.checkout.root }, { file, id, worker });
  const filesBefore = [...new Set(tests.map((test) => test.file))].filter((other) => other !== file);
  const order = { suite: planned.suite.name, worker: worker ?? "master", tests };
  const repeat = await orders.keep(order).then(
    (name) => `npx verify repeat ${name}`,
    (error: unknown) => {
      notes.push(`The order that led to ${failure.name} could not be kept: ${messageOf(error)}`);
      return null;
    },
  );
  const refused = refusedDuring(failure, rejections);
  return {
    ...failure,
    kind: "race",
    race: { filesBefore, testsBefore: tests.length - 1, rejections: refused, repeat },
  };
}
