import { type Assessment, assessCoverage } from "../coverage/assess.ts";
import { nothingReported } from "../coverage/files/measuring.ts";
import { FigureStore } from "../coverage/gate/recorded-figures.ts";
import { startingGateNotes } from "../coverage/gate/starting-gate.ts";
import { openGit } from "../git/client.ts";
import type { Summary } from "../model/summary.ts";
import type { Drift } from "../push/checkout.ts";
import { History, historyEntry } from "../report/history.ts";
import { summaryOfRun } from "../report/summarize.ts";
import { keepProof, whyNoProof } from "../trust/proof.ts";
import type { Context, Prepared } from "./context.ts";
import { readRunFacts, searchedRuns } from "./run-facts.ts";
import type { FinishedSuites } from "./stages.ts";
import { reachVerdict } from "./verdict.ts";

/** A judged run, and what its reports need. */
export interface JudgedRun {
  readonly summary: Summary;
  readonly assessment: Assessment | null;
}

/**
 * Judges a run: tests, checks, coverage and gates give a verdict, and a receipt where it proves the tree. The drift is the
 * checkout's after the last process of a suite ended.
 */
export async function judgeRun(
  context: Context,
  prepared: Prepared,
  run: FinishedSuites,
  { changed, added }: Drift,
): Promise<JudgedRun> {
  const { checkout, loaded, plan } = prepared;
  const assessment = await assess(context, prepared, run);
  const coverage = assessment?.summary ?? null;
  const findings = { ...run, changed, coverage, problems: assessment?.problems ?? [] };
  const judgment = reachVerdict(findings, loaded.config.races);
  const unproven =
    judgment.verdict === "verified" ? [...new Set([...whyNoProof(checkout, plan, added), ...run.unproven])] : [];
  const proves = judgment.verdict === "verified" && unproven.length === 0;
  const isSetUp =
    coverage !== null && context.request.options.coverage === undefined && (await setsUp(context, prepared));
  const starting = isSetUp ? startingGateNotes(coverage, judgment.reasons.length, loaded.file) : [];
  const advice = [...starting, ...run.advice];
  const notes = [
    ...advice,
    ...unproven,
    ...run.notes,
    ...(await run.left),
    ...(assessment?.notes ?? []),
    ...checkout.notes,
  ];
  const facts = await readRunFacts(context, prepared);
  const summary = await keepProof(
    context,
    prepared,
    summaryOfRun(facts, { ...run, coverage }, judgment, { notes, advice: advice.length }, proves),
  );
  await recordHistory(context, summary);
  return { summary, assessment };
}

/** Whether the configuration is new in this change and nothing has passed yet: the repository is being set up. */
async function setsUp({ repository }: Context, { changes, loaded }: Prepared): Promise<boolean> {
  const known = await changes;
  if (known !== null && !known.files.some(({ file }) => file === loaded.file)) return false;
  const past = await new History(repository.commonDirectory).last(searchedRuns);
  return past.every(({ verdict }) => verdict !== "verified");
}

/** Assesses the coverage; null without data. */
async function assess(
  { world }: Context,
  { target, checkout, plan, ...prepared }: Prepared,
  { measured, ...run }: FinishedSuites,
): Promise<Assessment | null> {
  if (measured === null) return null;
  const suites = plan.suites.map(({ suite: { name, runner, source }, directory }) => ({
    name,
    runner,
    directory,
    source,
    measuring: run.suites.find(({ summary }) => summary.name === name)?.measuring ?? nothingReported,
  }));
  return await assessCoverage(measured, {
    gate: plan.gate,
    root: checkout.root,
    git: openGit(checkout.root, world.environment),
    suites,
    commit: target.commit,
    isWorkingTree: checkout.kind === "working tree",
    mergeBase: await prepared.mergeBase,
    baseFigure: await prepared.baseFigure,
    testFiles: new Set(run.suites.flatMap(({ record }) => record.tests.map(({ file }) => file))),
    environment: world.environment,
  });
}

/** Records the run for comparisons; no verdict depends on it. */
async function recordHistory({ repository }: Context, summary: Summary): Promise<void> {
  const { receipt, coverage, tree, commit } = summary;
  const figures = new FigureStore(repository.commonDirectory);
  if (receipt !== null && coverage !== null)
    await figures.record(tree, { commit, lines: coverage.lines }).catch(() => {});
  const entry = historyEntry(summary);
  if (entry !== null) await new History(repository.commonDirectory).add(entry);
}
