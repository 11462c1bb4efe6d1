import { background } from "./background.ts";
import { type ChangeFacts, readChangeFacts } from "./change-facts.ts";
import { configPlaces, type LoadedConfig, loadConfig } from "./config-file.ts";
import { type Assessment, assessCoverage } from "./coverage/assess.ts";
import { nothingTold } from "./coverage/measuring.ts";
import { FigureStore } from "./coverage/recorded-figures.ts";
import { startingGateNotes } from "./coverage/starting-gate.ts";
import { type ExitCode, exitCodes, InterruptedError, messageOf, RequestError } from "./errors.ts";
import { type Checkout, openCheckout, openWorkingTree } from "./push/checkout.ts";
import { readConditions } from "./push/conditions.ts";
import { findDestination } from "./push/destination.ts";
import { openGit } from "./push/git.ts";
import { findProof, keepProof, whyNoProof } from "./push/proof.ts";
import { type Conditions, ReceiptStore } from "./push/receipts.ts";
import { type Push, readPush, readRevision, type Target } from "./push/refs.ts";
import { openRepository, type Repository } from "./push/repository.ts";
import { type Display, openDisplay } from "./report/display.ts";
import { compareWithHistory, History, historyEntry } from "./report/history.ts";
import { readTemplate } from "./report/pull-request-template.ts";
import { joinedRecords } from "./report/run-record.ts";
import {
  type RunFacts,
  summaryOfBeginning,
  summaryOfError,
  summaryOfReceipt,
  summaryOfRun,
} from "./report/summarize.ts";
import type { Destination, SuiteSummary, Summary } from "./report/summary.ts";
import { summaryJson } from "./report/summary-json.ts";
import { tellGitHub } from "./report/tell-github.ts";
import { shortId } from "./report/text.ts";
import { verdictText } from "./report/verdict-text.ts";
import { nothing, prepareReports, type RunData, writeBeginning, writeReports } from "./report/write.ts";
import type { Subject, VerifyRequest } from "./request.ts";
import { DurationStore } from "./suite/durations.ts";
import { openOrderBook } from "./suite/order.ts";
import { describePlan, makePlan, type Plan } from "./suite/plan.ts";
import { type PlanRun, runPlan } from "./suite/run-plan.ts";
import { reachVerdict } from "./verdict.ts";
import type { World } from "./world.ts";

/** How many runs are looked at for those that a new one is compared with. */
const searchedRuns = 500;

/** What every stage may use. */
interface Context {
  readonly request: VerifyRequest;
  readonly world: World;
  readonly repository: Repository;
  readonly display: Display;
  readonly receipts: ReceiptStore;
}

/**
 * Push → Checkout → Plan → Run → Verdict → Reports and receipt, for each tree that is asked for, until one is not
 * verified. Gives the exit code; throws ExpectedError where a verification could not be done.
 */
export async function verify(request: VerifyRequest, world: World): Promise<ExitCode> {
  const display = openDisplay(request.options.json ? world.errors : world.output, world.environment);
  const repository = await openRepository(world);
  const receipts = new ReceiptStore(repository.commonDirectory);
  const context = { request, world, repository, display, receipts };
  await receipts.prune(new Date());

  const push = await readSubject(repository, request.subject);
  for (const line of push.skipped) display.say(line);
  for (const target of push.targets) {
    const summary = await verifyTarget(context, target);
    if (summary.verdict !== "verified")
      return summary.verdict === "failed" ? exitCodes.notVerified : exitCodes.unavailable;
  }
  return exitCodes.verified;
}

async function readSubject({ git }: Repository, subject: Subject): Promise<Push> {
  if (subject.kind === "push") return await readPush(git, subject.lines);
  const target = await readRevision(git, subject.kind === "revision" ? subject.revision : "HEAD");
  return { targets: [target], skipped: [] };
}

async function verifyTarget(context: Context, target: Target): Promise<Summary> {
  const { display } = context;
  const startedAt = new Date();
  const checkout = await display.stage(
    "Checkout",
    () => openFiles(context, target),
    (files) => describe(files, target),
  );
  for (const note of checkout.notes) display.say(`  ${note}`);
  try {
    const loaded = await requireConfig(checkout, context.repository, target);
    const plan = makePlan(loaded.config, context.request.options, checkout.root);
    const { request, world } = context;
    const facts = readChangeFacts(context, loaded, checkout, target);
    const conditions = background(readConditions(loaded.config, plan, target, checkout, world, request.options, facts));

    const proven = await findProof(context, plan, target, conditions);
    if (proven !== null) {
      const [changes, destination] = await Promise.all([facts.changes, destinationOf(context, target)]);
      return await report(context, summaryOfReceipt(proven, target, { changes, destination }), nothing);
    }
    return await verifyFiles(context, { target, checkout, loaded, plan, conditions, ...facts, startedAt });
  } finally {
    await checkout.close();
  }
}

/** What is known, or being found out, before anything runs. */
interface Prepared extends ChangeFacts {
  readonly target: Target;
  readonly checkout: Checkout;
  readonly loaded: LoadedConfig;
  readonly plan: Plan;
  readonly conditions: Promise<Conditions>;
  readonly startedAt: Date;
}

async function verifyFiles(context: Context, prepared: Prepared): Promise<Summary> {
  const { display, repository, request, world } = context;
  const { target, checkout, loaded, plan } = prepared;
  const logs = await prepareReports(repository.root);
  const beginning = background(reportBeginning(context, prepared));
  const soFar: SuiteSummary[] = [];
  display.say(`  ${describePlan(plan)}`);
  try {
    const run = await runPlan(plan, {
      config: loaded.config,
      checkout,
      mainRoot: repository.root,
      logs,
      durations: new DurationStore({
        commonDirectory: repository.commonDirectory,
        branch: target.branch,
        base: loaded.config.base,
      }),
      soFar,
      orders: await openOrderBook(repository.root, checkout.kind === "working tree" ? null : target.commit),
      startedAt: prepared.startedAt,
      request,
      display,
      world,
    });
    await beginning;
    const { changed, added } = await checkout.drift();
    const assessed = await assess(context, prepared, run);
    const coverage = assessed?.summary ?? null;
    const findings = { ...run, changed, coverage, doubts: assessed?.doubts ?? [] };
    const judgment = reachVerdict(findings, loaded.config.races);
    const doubts = judgment.verdict === "verified" ? whyNoProof(checkout, plan, added) : [];
    const proves = judgment.verdict === "verified" && doubts.length === 0;
    const facts = await factsOf(context, prepared);
    const isSetUp = coverage !== null && request.options.coverage === undefined && (await setsUp(context, prepared));
    const starting = isSetUp ? startingGateNotes(coverage, judgment.reasons.length, loaded.file) : [];
    const advice = [...starting, ...run.advice];
    const notes = [...advice, ...doubts, ...run.notes, ...(assessed?.notes ?? []), ...checkout.notes];
    const summary = await keepProof(
      context,
      prepared,
      summaryOfRun(facts, { ...run, coverage }, judgment, { notes, advice: advice.length }, proves),
    );
    await remember(context, summary);
    const merged = assessed && { coverage: assessed.coverage, root: checkout.root };
    return await report(context, summary, { coverage: merged, record: joinedRecords(run.suites) }, checkout.notes);
  } catch (error) {
    await beginning.catch(() => {});
    await reportError(context, prepared, error, soFar).catch(() => {});
    throw error;
  }
}

/** Whether the configuration comes with what is verified, and nothing has passed here before: somebody sets a repository up. */
async function setsUp({ repository }: Context, { changes, loaded }: Prepared): Promise<boolean> {
  const known = await changes;
  if (known !== null && !known.files.some(({ file }) => file === loaded.file)) return false;
  const past = await new History(repository.commonDirectory).last(searchedRuns);
  return past.every(({ verdict }) => verdict !== "verified");
}

/** What the coverage comes to; null where there is no data. */
async function assess(
  { world }: Context,
  { target, checkout, plan, ...prepared }: Prepared,
  run: PlanRun,
): Promise<Assessment | null> {
  const { measured } = run;
  if (measured === null) return null;
  const suites = plan.suites.map(({ suite: { name, runner, source }, directory }) => ({
    name,
    runner,
    directory,
    source,
    measuring: run.suites.find(({ summary }) => summary.name === name)?.measuring ?? nothingTold,
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

/** What later runs are compared with; no verdict hangs on it. */
async function remember({ repository }: Context, summary: Summary): Promise<void> {
  const { receipt, coverage, tree, commit } = summary;
  const figures = new FigureStore(repository.commonDirectory);
  if (receipt !== null && coverage !== null)
    await figures.record(tree, { commit, lines: coverage.lines }).catch(() => {});
  const entry = historyEntry(summary);
  if (entry !== null) await new History(repository.commonDirectory).add(entry);
}

async function destinationOf({ request, repository }: Context, { branch }: Target): Promise<Destination | null> {
  const remote = request.subject.kind === "push" ? request.subject.remote : undefined;
  return await findDestination(repository.git, branch, remote);
}

async function factsOf(context: Context, prepared: Prepared): Promise<RunFacts> {
  const { request, repository } = context;
  const { target, checkout, loaded, plan, startedAt } = prepared;
  const [changes, { environment }, destination, past] = await Promise.all([
    prepared.changes,
    prepared.conditions,
    destinationOf(context, target),
    new History(repository.commonDirectory).last(searchedRuns),
  ]);
  const suites = plan.suites.map(({ suite }) => suite.name);
  const history = compareWithHistory(past, { suites, base: loaded.config.base });
  const incomplete = plan.weaker;
  const { kind } = checkout;
  return { target, kind, startedAt, environment, request, changes, destination, history, incomplete };
}

/** Until its end no report of an earlier run stands as if it were this one's. */
async function reportBeginning(context: Context, prepared: Prepared): Promise<void> {
  await writeBeginning(context.repository.root, summaryOfBeginning(await factsOf(context, prepared)));
}

/** The reports of a run that could not come to its end; the error itself is shown by whoever catches it. */
async function reportError(
  context: Context,
  prepared: Prepared,
  error: unknown,
  suites: readonly SuiteSummary[],
): Promise<void> {
  const verdict = error instanceof InterruptedError ? "interrupted" : "error";
  const summary = summaryOfError(await factsOf(context, prepared), verdict, messageOf(error), suites);
  const { display, repository } = context;
  const template = await readTemplate(repository.git, summary.commit);
  for (const note of await writeReports(repository.root, summary, nothing, template)) display.say(`  ${note}`);
  await tellGitHub(summary, display, context.world.environment);
  if (context.request.options.json) context.world.output.write(summaryJson(summary));
}

async function openFiles({ request, repository, world }: Context, target: Target): Promise<Checkout> {
  if (request.subject.kind === "working tree") return await openWorkingTree(repository);
  return await openCheckout(repository, target, world.environment);
}

function describe({ kind }: Checkout, { commit, branch }: Target): string {
  const name = branch === null ? shortId(commit) : `${branch} at ${shortId(commit)}`;
  if (kind === "working tree") return `the working tree as it lies, on top of ${name}`;
  return kind === "checkout" ? `${name}, in place` : `${name}, in a worktree of its own`;
}

async function requireConfig(checkout: Checkout, repository: Repository, target: Target): Promise<LoadedConfig> {
  const loaded = await loadConfig(checkout.root);
  if (loaded !== null) {
    if (checkout.kind === "checkout") await refuseShadow(checkout, loaded.file, target);
    return loaded;
  }
  const here = await loadConfig(repository.root).catch(() => null);
  throw new RequestError(
    here === null
      ? `${shortId(target.commit)} has no verify.config.json: run \`npx verify init\` and commit what it writes.`
      : `${here.file} is not part of ${shortId(target.commit)}: commit it, as only what is committed is verified.`,
  );
}

/** A configuration that is only here must not stand before one that is part of the commit. Throws RequestError. */
async function refuseShadow(checkout: Checkout, file: string, { commit }: Target): Promise<void> {
  const tracked = await checkout.trackedFiles();
  if (tracked.has(file)) return;
  // Of the places, package.json alone may be there without being a configuration.
  const committed = configPlaces.find((place) => place !== "package.json" && tracked.has(place));
  if (committed === undefined) return;
  throw new RequestError(
    `${file} is not part of ${shortId(commit)} and stands before ${committed}, which is: remove it, or commit it in the other's place.`,
  );
}

/** Writes the reports and shows the verdict, without the notes that were shown before. */
async function report(
  context: Context,
  summary: Summary,
  data: RunData,
  shown: readonly string[] = [],
): Promise<Summary> {
  const { display, repository, request, world } = context;
  const template = await readTemplate(repository.git, summary.commit);
  const written = await writeReports(repository.root, summary, data, template);
  const notes = summary.notes.filter((note) => !shown.includes(note));
  display.print(verdictText({ ...summary, notes }, display.colors, display.screen));
  for (const note of written) display.say(`  ${note}`);
  await tellGitHub(summary, display, world.environment);
  if (request.options.json) world.output.write(summaryJson(summary));
  return summary;
}
