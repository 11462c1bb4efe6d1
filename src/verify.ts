import { type LoadedConfig, loadConfig } from "./config-file.ts";
import { type ExitCode, exitCodes, InterruptedError, messageOf, RequestError } from "./errors.ts";
import { type Checkout, openCheckout, openWorkingTree } from "./push/checkout.ts";
import { readConditions } from "./push/conditions.ts";
import { findProof, keepProof, whyNoProof } from "./push/proof.ts";
import { type Conditions, ReceiptStore } from "./push/receipts.ts";
import { type Push, readPush, readRevision, type Target } from "./push/refs.ts";
import { openRepository, type Repository } from "./push/repository.ts";
import { readChanges } from "./report/changes.ts";
import { type Display, openDisplay } from "./report/display.ts";
import { type RunFacts, summaryOfError, summaryOfReceipt, summaryOfRun } from "./report/summarize.ts";
import type { Changes, Summary } from "./report/summary.ts";
import { summaryJson } from "./report/summary-json.ts";
import { shortId } from "./report/text.ts";
import { verdictText } from "./report/verdict-text.ts";
import { type MergedCoverage, prepareReports, writeReports } from "./report/write.ts";
import type { Subject, VerifyRequest } from "./request.ts";
import { DurationStore } from "./suite/durations.ts";
import { openOrderBook } from "./suite/order.ts";
import { describePlan, makePlan, type Plan } from "./suite/plan.ts";
import { runPlan } from "./suite/run-plan.ts";
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
    const conditions = background(readConditions(loaded.config, plan, target, checkout, world, request.options));
    // Without them the reports say less; the verdict stands.
    const changes = changesOf(context, loaded, target).catch(() => null);

    const proven = await findProof(context, plan, target, conditions);
    if (proven !== null) return await report(context, summaryOfReceipt(proven, target, await changes), null);
    return await verifyFiles(context, { target, checkout, loaded, plan, conditions, changes, startedAt });
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
  readonly changes: Promise<Changes | null>;
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
    const judgment = reachVerdict({ ...run, changed }, loaded.config.races);
    const doubts = judgment.verdict === "verified" ? whyNoProof(checkout, plan, added) : [];
    const proves = judgment.verdict === "verified" && doubts.length === 0;
    const notes = [...checkout.notes, ...run.notes, ...doubts];
    const summary = await keepProof(
      context,
      prepared,
      summaryOfRun(await factsOf(context, prepared), run, judgment, notes, proves),
    );
    return await report(context, summary, run.lines && { lines: run.lines, root: checkout.root }, checkout.notes);
  } catch (error) {
    await reportError(context, prepared, error).catch(() => {});
    throw error;
  }
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

async function changesOf(
  { request, repository }: Context,
  { config }: LoadedConfig,
  target: Target,
): Promise<Changes | null> {
  const remote = request.subject.kind === "push" ? request.subject.remote : undefined;
  return await readChanges({ git: repository.git, commit: target.commit, base: config.base, remote });
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
