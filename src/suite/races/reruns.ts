import { refusedDuring } from "../../model/rejections.ts";
import type { Failure, RejectionSummary } from "../../model/summary.ts";
import { messageOf } from "../../shared/errors.ts";
import { formatSeconds, listed, plural } from "../../shared/text.ts";
import type { SuiteProcesses } from "../processes.ts";
import { groupEnd, type TestResults } from "../runners/runner.ts";
import type { SuiteRunResult } from "../suite-run-result.ts";
import { type ReplayStore, ranBefore } from "./replay-order.ts";

/** At most so many failed tests are rerun. */
const mostReruns = 10;
/** The minimum time for reruns in seconds, as starting a runner takes time even where the suite is short. */
const shortestPatience = 30;
/** From this number of failures on, a common cause is more likely than interference between tests. */
const fewFailures = 3;
const shownNames = 3;
/** The displayed length of an error line, in characters. */
const longestError = 120;

/** The failures after reruns. */
export interface RerunResult {
  /** All failures; those that pass alone have the kind `race`. */
  readonly failures: readonly Failure[];
  /** Notes for the reader, one sentence each. */
  readonly notes: readonly string[];
}

/** The outcome of a failed test when it ran alone. */
type Alone = { readonly outcome: "passed" | "failed" } | { readonly outcome: "unknown"; readonly why: string };

export interface RerunRequest {
  readonly suiteRun: Pick<SuiteRunResult, "results" | "reported" | "seconds">;
  readonly rejections: readonly RejectionSummary[];
  readonly processes: Pick<SuiteProcesses, "parts" | "runTests">;
  readonly replays: ReplayStore;
  /** Called with a phrase before each rerun. */
  readonly onProgress: (phrase: string) => void;
}

/**
 * Separates races from bugs after a parallel run: reruns each failed test alone, in its own process on a fresh
 * database. A test that fails alone is a failure; one that passes alone is a race. Failures that cannot be rerun, or
 * for which there is no time, stay failures. Throws InterruptedError.
 */
export async function findRaces(request: RerunRequest): Promise<RerunResult> {
  const { planned, runner } = request.processes.parts;
  const { failures } = request.suiteRun.results;
  const candidates = failures.filter(canBeRace);
  const canRerun = planned.workers.length > 1 && runner.selectsTests(planned.suite);
  if (!canRerun || candidates.length === 0) return { failures, notes: [] };
  const why = whyNoRace(candidates, request.suiteRun.results);
  if (why !== null) return { failures, notes: [`${why}, so none of them was run again alone.`] };
  const alone = await runEachAlone(candidates, request);
  const races = new Map<Failure, Failure>();
  const notes = [...unknownNotes(alone), ...leftNotes(candidates.length - alone.size, request)];
  for (const [failure, { outcome }] of alone) {
    if (outcome === "passed") races.set(failure, await asRace(failure, request, notes));
  }
  return { failures: failures.map((failure) => races.get(failure) ?? failure), notes };
}

/** Why the failures share a cause, a clause; null where some may be races. */
function whyNoRace(candidates: readonly Failure[], { tests }: Pick<TestResults, "tests">): string | null {
  if (candidates.length < fewFailures) return null;
  const errors = candidates.map(({ message }) => errorOf(message));
  // Ignores numbers, which differ by test: rows, ports, lines.
  const kinds = new Set(errors.map((error) => error.replace(/\d+/g, "0")));
  if (kinds.size === 1 && !isAssertion(errors[0] ?? ""))
    return `All ${candidates.length} failures say the same (${errors[0]})`;
  const ran = tests.passed + tests.failed;
  return candidates.length * 2 > ran ? `${candidates.length} of ${plural(ran, "test")} failed` : null;
}

/** Equal assertion messages do not prove a common cause. */
function isAssertion(error: string): boolean {
  return /^assert|\bassert(ion)?(error)?\b|\bexpect(ed)?\b/i.test(error);
}

/** The line of a message that names the error. */
function errorOf(message: string): string {
  const lines = message.split("\n").map((line) => line.trim());
  const line = lines.find((one) => /\b\w*(Error|Exception)\b/.test(one)) ?? lines[0] ?? "";
  return line.slice(0, longestError);
}

function canBeRace({ kind, id }: Failure): boolean {
  return (kind === "failure" || kind === "timeout") && id !== undefined && id !== "";
}

function patienceOf({ suiteRun }: RerunRequest): number {
  return Math.max(shortestPatience, suiteRun.seconds);
}

/** Reruns as many failures as time allows. */
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
    // The failure may be another test's, so nothing is known of this one.
    if (why !== undefined && same.length === 0) return { outcome: "unknown", why };
    if (results.reasons.length > 0) return { outcome: "unknown", why: results.reasons.join(" ") };
    if (same.some(({ outcome }) => outcome !== "passed")) return { outcome: "unknown", why: "it was skipped." };
    return same.length > 0 ? { outcome: "passed" } : { outcome: "unknown", why: "the runner did not find it." };
  } catch (error) {
    if (processes.parts.signal.aborted) throw error;
    return { outcome: "unknown", why: messageOf(error) };
  }
}

/** Whether a test is the requested one, or part of the requested group. */
function isMeant(id: string, wanted: string): boolean {
  return id === wanted || (wanted.endsWith(groupEnd) && id.startsWith(wanted.slice(0, -groupEnd.length)));
}

/** One note for each reason why tests could not run alone. */
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

/** A note about failures that were not rerun. */
function leftNotes(count: number, request: RerunRequest): string[] {
  if (count === 0) return [];
  const left = `${count} ${count === 1 ? "was" : "were"} not checked for flakiness`;
  return [`Only ${mostReruns} failures are rerun, within ${formatSeconds(patienceOf(request))}: ${left}.`];
}

/** Marks the failure as a race; adds a note where its replay order cannot be stored. */
async function asRace(failure: Failure, request: RerunRequest, notes: string[]): Promise<Failure> {
  const { suiteRun, rejections, processes, replays } = request;
  const { planned, context } = processes.parts;
  const { file, id = "", worker } = failure;
  const { ran } = suiteRun.results;
  const tests = ranBefore({ ...suiteRun.reported, ran, checkoutRoot: context.checkout.root }, { file, id, worker });
  const filesBefore = [...new Set(tests.map((test) => test.file))].filter((other) => other !== file);
  const order = { suite: planned.suite.name, worker: worker ?? "master", tests };
  const repeat = await replays.keep(order).then(
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
