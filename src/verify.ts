import { type LoadedConfig, loadConfig } from "./config-file.ts";
import { type ExitCode, exitCodes, InterruptedError, messageOf, RequestError } from "./errors.ts";
import { type Checkout, openCheckout, openWorkingTree } from "./push/checkout.ts";
import { hookMarker, readConditions } from "./push/conditions.ts";
import { type Conditions, type Receipt, ReceiptStore } from "./push/receipts.ts";
import { type Push, readPush, readRevision, type Target } from "./push/refs.ts";
import { openRepository, type Repository } from "./push/repository.ts";
import { readChanges } from "./report/changes.ts";
import { type Display, openDisplay } from "./report/display.ts";
import { type RunFacts, summaryOfError, summaryOfReceipt, summaryOfRun } from "./report/summarize.ts";
import type { Changes, Summary } from "./report/summary.ts";
import { summaryJson } from "./report/summary-json.ts";
import { listed, shortId } from "./report/text.ts";
import { verdictText } from "./report/verdict-text.ts";
import { type MergedCoverage, prepareReports, writeReports } from "./report/write.ts";
import type { Subject, VerifyRequest } from "./request.ts";
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
    const conditions = await readConditions(loaded.config, plan, target, checkout, context.world);

    const proven = await findReceipt(context, plan, conditions);
    if (proven !== null) {
      const changes = await changesOf(context, loaded, target);
      return await report(context, summaryOfReceipt(proven, target, changes), null);
    }
    return await verifyFiles(context, { target, checkout, loaded, plan, conditions, startedAt });
  } finally {
    await checkout.close();
  }
}

/** What is known before anything runs. */
interface Prepared {
  readonly target: Target;
  readonly checkout: Checkout;
  readonly loaded: LoadedConfig;
  readonly plan: Plan;
  readonly conditions: Conditions;
  readonly startedAt: Date;
}

async function verifyFiles(context: Context, prepared: Prepared): Promise<Summary> {
  const { display, repository, request, world } = context;
  const { target, checkout, loaded, plan, conditions, startedAt } = prepared;
  const changes = await changesOf(context, loaded, target);
  const facts: RunFacts = {
    target,
    kind: checkout.kind,
    startedAt,
    environment: conditions.environment,
    request,
    changes,
  };
  const logs = await prepareReports(repository.root);
  display.say(`  ${describePlan(plan)}`);
  try {
    const run = await runPlan(plan, {
      config: loaded.config,
      checkout,
      mainRoot: repository.root,
      logs,
      request,
      display,
      world,
    });
    const { changed, added } = await checkout.drift();
    const judgment = reachVerdict({ ...run, changed });
    const doubts = whyNoReceipt(checkout, plan, added);
    const proves = judgment.verdict === "verified" && doubts.length === 0;
    const notes = [...checkout.notes, ...run.notes, ...(judgment.verdict === "verified" ? doubts : [])];
    const summary = summaryOfRun(facts, run, judgment, notes, proves);
    await keepReceipt(context, prepared, summary);
    return await report(context, summary, run.lines && { lines: run.lines, root: checkout.root }, checkout.notes);
  } catch (error) {
    const verdict = error instanceof InterruptedError ? "interrupted" : "error";
    await writeReports(repository.root, summaryOfError(facts, verdict, messageOf(error)), null);
    throw error;
  }
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

async function findReceipt(
  { request, receipts }: Context,
  plan: Plan,
  conditions: Conditions,
): Promise<Receipt | null> {
  const wanted = !request.options.fresh && !plan.special && request.subject.kind !== "working tree";
  return wanted ? await receipts.find(conditions, new Date()) : null;
}

/** A pass is kept as proof; a failure of a whole run takes away the proof that was there. */
async function keepReceipt(
  { receipts, repository, world }: Context,
  prepared: Prepared,
  summary: Summary,
): Promise<void> {
  const { conditions, checkout, plan, target } = prepared;
  if (summary.receipt !== null) {
    const receipt = { schema: 1, ...conditions, at: new Date().toISOString(), summary } as const;
    await receipts.save(receipt, await hookMarker(repository, world));
  } else if (summary.verdict === "failed" && plan.weaker.length === 0 && checkout.kind !== "working tree") {
    await receipts.revoke(target.tree);
  }
}

/** Why a pass is no proof of the tree, a sentence each. */
function whyNoReceipt({ kind }: Checkout, plan: Plan, added: readonly string[]): string[] {
  const doubts = plan.weaker.map((reason) => `No receipt is kept: ${reason}.`);
  if (kind === "working tree") doubts.push("No receipt is kept: the working tree is not a commit.");
  if (added.length > 0) {
    const files = listed(added, 3, (file) => file, "file").join(", ");
    doubts.push(
      `No receipt is kept: the run left files behind that git does not ignore (${files}). Add them to .gitignore.`,
    );
  }
  return doubts;
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
