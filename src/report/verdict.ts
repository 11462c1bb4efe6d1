import type { Failure, FailureKind, Summary, Verdict } from "../model/summary.ts";
import { listed, plural, shortId } from "../shared/text.ts";

/** The verdict in words; a partial pass is called one. */
export function verdictInWords(summary: Summary): string {
  const { verdict, incomplete } = summary;
  if (summary.isOver === false) return "Not finished";
  const words = verdict === "verified" && incomplete.length > 0 ? "Verified in part" : verdictWords[verdict];
  const races = racesLetThrough(summary);
  return races === 0 ? words : `${words}, ${plural(races, "flaky test")} let through`;
}

/** How many races the verdict accepted; see `races` in the configuration. */
export function racesLetThrough({ verdict, suites }: Summary): number {
  return verdict === "verified" ? suites.reduce((sum, { tests }) => sum + (tests.races ?? 0), 0) : 0;
}

/** A sentence about accepted races for each suite that has some. */
export function letThroughSentences(summary: Summary): string[] {
  if (racesLetThrough(summary) === 0) return [];
  return summary.suites.flatMap(({ name, failures }) => {
    const races = failures.filter(({ kind }) => kind === "race");
    if (races.length === 0) return [];
    const tests = listed(races, shownRaces, (race) => `${race.file} › ${race.name}`, "flaky test").join(", ");
    return [`${plural(races.length, "flaky test")} in ${name} let through, as "races" is "warn": ${tests}.`];
  });
}

const shownRaces = 3;

/** The verdict as a mark, for documents. */
export function verdictMark(summary: Summary): string {
  if (summary.verdict !== "verified") return "❌";
  return summary.incomplete.length > 0 || racesLetThrough(summary) > 0 ? "⚠️" : "✅";
}

const verdictWords: Readonly<Record<Verdict, string>> = {
  verified: "Verified",
  failed: "Not verified",
  error: "Could not be verified",
  interrupted: "Interrupted",
};

/** The kind of a failure in words. */
export const failureWords: Readonly<Record<FailureKind, string>> = {
  failure: "Failed",
  race: "Flaky: it passes alone",
  crash: "Its worker crashed",
  timeout: "Timed out",
  collection: "Could not be loaded",
};

/** The subject of the verdict: "feature/ledger at 3f2c1ab". */
export function subjectOf({ branch, commit, verifiedIn }: Summary): string {
  if (verifiedIn === "working tree")
    return `working tree of ${branch ?? "a detached HEAD"}, on top of ${shortId(commit)}`;
  return branch === null ? shortId(commit) : `${branch} at ${shortId(commit)}`;
}

/** The failures of all suites, with the log of the worker or suite. */
export function allFailures({ suites }: Summary): (Failure & { readonly log: string })[] {
  return suites.flatMap(({ failures, log, logs = [] }) =>
    failures.map((failure) => ({ ...failure, log: logs.find((one) => one.endsWith(`-${failure.worker}.log`)) ?? log })),
  );
}

/** What ran before a race: "after 12 tests, of tests/a.py, tests/b.py"; names are formatted by the function. */
export function ranBeforeText({ race }: Failure, write: (name: string) => string = (name) => name): string {
  const { testsBefore = 0, filesBefore = [] } = race ?? {};
  const files = listed(filesBefore, shownFiles, write, "file").join(", ");
  return `after ${plural(testsBefore, "test")}${files === "" ? "" : `, of ${files}`}`;
}

const shownFiles = 3;
