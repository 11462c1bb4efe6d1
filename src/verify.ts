import { type LoadedConfig, loadConfig } from "./config-file.ts";
import { type AddedLines, readAddedLines } from "./coverage/added-lines.ts";
import { type Assessment, assessCoverage } from "./coverage/assess.ts";
import { sourcePathspecs } from "./coverage/changed-files.ts";
import { FigureStore } from "./coverage/recorded-figures.ts";
import { type ExitCode, exitCodes, InterruptedError, messageOf, RequestError } from "./errors.ts";
import { type Checkout, openCheckout, openWorkingTree } from "./push/checkout.ts";
import { readConditions } from "./push/conditions.ts";
import { openGit } from "./push/git.ts";
import { findMergeBase, type MergeBase } from "./push/merge-base.ts";
import { findProof, keepProof, whyNoProof } from "./push/proof.ts";
import { type Conditions, ReceiptStore } from "./push/receipts.ts";
import { type Push, readPush, readRevision, type Target } from "./push/refs.ts";
import { openRepository, type Repository } from "./push/repository.ts";
import { readChanges } from "./report/changes.ts";
import { type Display, openDisplay } from "./report/display.ts";
import { type RunFacts, summaryOfError, summaryOfReceipt, summaryOfRun } from "./report/summarize.ts";
import type { Changes, CoverageSummary, Summary } from "./report/summary.ts";
import { summaryJson } from "./report/summary-json.ts";
import { shortId } from "./report/text.ts";
import { verdictText } from "./report/verdict-text.ts";
import { type MergedCoverage, prepareReports, writeReports } from "./report/write.ts";
import type { Subject, VerifyRequest } from "./request.ts";
import { DurationStore } from "./suite/durations.ts";
import { openOrderBook } from "./suite/order.ts";
import { describePlan, makePlan, type Plan } from "./suite/plan.ts";
import { type PlanRun, runPlan } from "./suite/run-plan.ts";
import { reachVerdict } from "./verdict.ts";
import type { World } from "./world.ts";

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
    const mergeBase = background(mergeBaseOf(context, loaded, target));
    const conditions = background(
      readConditions(loaded.config, plan, target, checkout, world, request.options, mergeBase),
    );
    // Without them the reports say less; the verdict stands.
    const changes = changesOf(context, target, mergeBase).catch(() => null);
    const added = background(addedLinesOf(context, checkout, target, mergeBase));

    const proven = await findProof(context, plan, target, conditions);
    if (proven !== null) return await report(context, summaryOfReceipt(proven, target, await changes), null);
    const prepared = { target, checkout, loaded, plan, conditions, mergeBase, changes, added, startedAt };
    return await verifyFiles(context, prepared);
  } finally {
    await checkout.close();
  }
}

/** What is found out while other things go on, and awaited when it is needed: until then its failure is nobody's. */
function background<Value>(work: Promise<Value>): Promise<Value> {
  work.catch(() => {});
  return work;
}

/** What is known, or being found out, before anything runs. */
interface Prepared {
  readonly target: Target;
  readonly checkout: Checkout;
  readonly loaded: LoadedConfig;
  readonly plan: Plan;
  readonly conditions: Promise<Conditions>;
  readonly mergeBase: Promise<MergeBase>;
  readonly changes: Promise<Changes | null>;
  /** What is added since the merge base; null where there is none. */
  readonly added: Promise<AddedLines | null>;
  readonly startedAt: Date;
}

async function verifyFiles(context: Context, prepared: Prepared): Promise<Summary> {
  const { display, repository, request, world } = context;
  const { target, checkout, loaded, plan } = prepared;
  const logs = await prepareReports(repository.root);
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
      orders: await openOrderBook(repository.root, checkout.kind === "working tree" ? null : target.commit),
      request,
      display,
      world,
    });
    const { changed, added } = await checkout.drift();
    const assessed = await assess(context, prepared, run);
    const coverage = assessed?.summary ?? null;
    const findings = { ...run, changed, coverage, doubts: assessed?.doubts ?? [] };
    const judgment = reachVerdict(findings, loaded.config.races);
    const doubts = judgment.verdict === "verified" ? whyNoProof(checkout, plan, added) : [];
    const proves = judgment.verdict === "verified" && doubts.length === 0;
    const notes = [...checkout.notes, ...run.notes, ...(assessed?.notes ?? []), ...doubts];
    const summary = await keepProof(
      context,
      prepared,
      summaryOfRun(await factsOf(context, prepared), { ...run, coverage }, judgment, notes, proves),
    );
    if (proves && coverage !== null) await recordFigure(context, target, coverage);
    const merged = assessed && { coverage: assessed.coverage, root: checkout.root };
    return await report(context, summary, merged, checkout.notes);
  } catch (error) {
    await reportError(context, prepared, error).catch(() => {});
    throw error;
  }
}

/** What the coverage comes to; null where there is no data. */
async function assess(
  { repository, world }: Context,
  { target, checkout, plan, ...prepared }: Prepared,
  { measured }: PlanRun,
): Promise<Assessment | null> {
  if (measured === null) return null;
  const suites = plan.suites.map(({ suite: { name, runner, source }, directory }) => ({
    name,
    runner,
    directory,
    source,
  }));
  return await assessCoverage(measured, {
    gate: plan.gate,
    root: checkout.root,
    git: openGit(checkout.root, world.environment),
    suites,
    commit: target.commit,
    mergeBase: await prepared.mergeBase,
    added: await prepared.added,
    figures: new FigureStore(repository.commonDirectory),
  });
}

/** For the ratchet of what comes after; a verdict does not hang on it. */
async function recordFigure(
  { repository }: Context,
  { tree, commit }: Target,
  { lines }: CoverageSummary,
): Promise<void> {
  await new FigureStore(repository.commonDirectory).record(tree, { commit, lines }).catch(() => {});
}

async function factsOf({ request }: Context, prepared: Prepared): Promise<RunFacts> {
  const { target, checkout, plan, startedAt } = prepared;
  const [changes, { environment }] = await Promise.all([prepared.changes, prepared.conditions]);
  return { target, kind: checkout.kind, startedAt, environment, request, changes, incomplete: plan.weaker };
}

/** The reports of a run that could not come to its end; the error itself is shown by whoever catches it. */
async function reportError(context: Context, prepared: Prepared, error: unknown): Promise<void> {
  const verdict = error instanceof InterruptedError ? "interrupted" : "error";
  const summary = summaryOfError(await factsOf(context, prepared), verdict, messageOf(error));
  await writeReports(context.repository.root, summary, null);
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
  if (loaded !== null) return loaded;
  const here = await loadConfig(repository.root).catch(() => null);
  throw new RequestError(
    here === null
      ? `${shortId(target.commit)} has no verify.config.json: run \`npx verify init\` and commit what it writes.`
      : `${here.file} is not part of ${shortId(target.commit)}: commit it, as only what is committed is verified.`,
  );
}

async function mergeBaseOf(
  { request, repository }: Context,
  { config }: LoadedConfig,
  target: Target,
): Promise<MergeBase> {
  const remote = request.subject.kind === "push" ? request.subject.remote : undefined;
  return await findMergeBase({ git: repository.git, commit: target.commit, base: config.base, remote });
}

async function changesOf(
  { repository }: Context,
  target: Target,
  mergeBase: Promise<MergeBase>,
): Promise<Changes | null> {
  const found = await mergeBase;
  return typeof found === "string" ? null : await readChanges(repository.git, target.commit, found);
}

/** What is added since the merge base. The base branch itself adds nothing to itself; the working tree adds to its commit. */
async function addedLinesOf(
  { world }: Context,
  { kind, root }: Checkout,
  target: Target,
  mergeBase: Promise<MergeBase>,
): Promise<AddedLines | null> {
  const found = await mergeBase;
  if (found === "none") return null;
  const from = found === "itself" ? target.commit : found.mergeBase;
  const to = kind === "working tree" ? null : target.commit;
  return await readAddedLines({ git: openGit(root, world.environment), from, to, pathspecs: sourcePathspecs });
}

/** Writes the reports and shows the verdict, without the notes that were shown before. */
async function report(
  context: Context,
  summary: Summary,
  coverage: MergedCoverage | null,
  shown: readonly string[] = [],
): Promise<Summary> {
  const { display, repository, request, world } = context;
  await writeReports(repository.root, summary, coverage);
  const notes = summary.notes.filter((note) => !shown.includes(note));
  display.say(verdictText({ ...summary, notes }, display.colors));
  if (request.options.json) world.output.write(summaryJson(summary));
  return summary;
}
