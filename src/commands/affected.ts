import { relative, resolve } from "node:path";
import { loadConfig } from "../config/load.ts";
import { defaultOptions } from "../config/request.ts";
import { gitLine, gitLineOrNull } from "../git/client.ts";
import { openRepository } from "../git/repository.ts";
import type { EarlierRun } from "../model/reuse.ts";
import { openWorkingTree } from "../push/checkout.ts";
import { wrapFor } from "../report/terminal/wrap-for.ts";
import { type ExitCode, exitCodes, RequestError } from "../shared/errors.ts";
import { formatAge, plural, shortId } from "../shared/text.ts";
import type { World } from "../shared/world.ts";
import { makePlan } from "../suite/plan/plan.ts";
import type { ReachReason } from "../suite/reuse/reach.ts";
import { Reuse } from "../suite/reuse/reuse.ts";
import type { SuiteDecision } from "../suite/reuse/suite-decision.ts";
import { environmentClass } from "../trust/receipt-key.ts";

/** What would become of one suite, as `--json` prints it. */
interface AffectedSuite {
  readonly suite: string;
  /** Why all of it runs, a clause; null where it does not. */
  readonly why: string | null;
  /** The test files, relative to the root, with the reason for each that runs; empty where all run. */
  readonly files: readonly AffectedFile[];
  /** The run that the whole suite is reused from; null where it runs, or a part of it. */
  readonly reusedFrom: EarlierRun | null;
}

interface AffectedFile {
  readonly file: string;
  readonly reason: ReachReason | null;
  /** The run that it is reused from; null where it runs. */
  readonly reusedFrom: EarlierRun | null;
}

/** Prints which test files the files as they lie would run, and why. */
export async function affected({ json = false }: { json?: boolean }, world: World): Promise<ExitCode> {
  const suites = await affectedSuites(world);
  const wrap = await wrapFor(world.output, world.environment);
  const lines = json
    ? [JSON.stringify({ suites }, null, 2)]
    : suites.flatMap(suiteLines).flatMap((line) => wrap(line, 4));
  world.output.write(`${lines.join("\n")}\n`);
  return exitCodes.verified;
}

/** Prints why a test file would run, or what it is reused from. */
export async function why(name: string, world: World): Promise<ExitCode> {
  const repository = await openRepository(world);
  const file = relative(repository.root, resolve(world.directory, name));
  const wrap = await wrapFor(world.output, world.environment);
  const lines = (await affectedSuites(world)).flatMap((suite) => fileLines(file, suite));
  if (lines.length === 0) throw new RequestError(`${file} is no test file that a recorded run of a suite had.`);
  world.output.write(`${lines.flatMap((line) => wrap(line, 4)).join("\n")}\n`);
  return exitCodes.verified;
}

async function affectedSuites(world: World): Promise<AffectedSuite[]> {
  const repository = await openRepository(world);
  const loaded = await loadConfig(repository.root);
  if (loaded === null) throw new RequestError("There is no verify.config.json: run `npx verify init`.");
  const { config } = loaded;
  if (!config.incremental) throw new RequestError(`Everything runs: ${loaded.file} does not say "incremental": true.`);
  const checkout = await openWorkingTree(repository);
  const plan = makePlan(config, defaultOptions, checkout.root);
  const branch = await gitLineOrNull(repository.git, "symbolic-ref", "--quiet", "--short", "HEAD");
  const [commit, tree] = await Promise.all(
    ["HEAD", "HEAD^{tree}"].map((name) => gitLine(repository.git, "rev-parse", name)),
  );
  const reuse = await Reuse.decide({
    config,
    plan,
    checkout,
    commonDirectory: repository.commonDirectory,
    run: { commit: commit ?? "", tree: tree ?? "", at: new Date().toISOString() },
    isBase: branch === config.base,
    options: defaultOptions,
    // No suite is drawn to be compared as a whole.
    world: { ...world, random: () => 1 - Number.EPSILON },
    environmentClass: () => environmentClass(plan, checkout, world.environment),
  });
  await reuse.settle();
  return plan.suites.map((planned) => affectedSuite(planned.suite.name, reuse.decisionOf(planned)));
}

function affectedSuite(suite: string, decision: SuiteDecision): AffectedSuite {
  if (decision.kind === "run") return { suite, why: decision.why, files: [], reusedFrom: null };
  if (decision.kind !== "files") {
    const { run, record } = decision.stored;
    const names = [...new Set(record.tests.map(({ file }) => file))].sort();
    return { suite, why: null, files: names.map((file) => ({ file, reason: null, reusedFrom: run })), reusedFrom: run };
  }
  const { reach, records } = decision.part;
  const standing = Object.entries({ ...reach.reused, ...reach.compared }).map(([file, index]) => ({
    file,
    reason: null,
    reusedFrom: records[index]?.run ?? null,
  }));
  const running = Object.entries(reach.reasons).map(([file, reason]) => ({ file, reason, reusedFrom: null }));
  const files = [...running, ...standing].sort((left, right) => (left.file < right.file ? -1 : 1));
  return { suite, why: null, files, reusedFrom: null };
}

function suiteLines({ suite, why: reason, files, reusedFrom }: AffectedSuite): string[] {
  if (reason !== null) return [`${suite}: everything runs: ${reason}.`];
  if (reusedFrom !== null) return [`${suite}: nothing runs; its results are those ${ofRun(reusedFrom)}.`];
  const running = files.filter((file) => file.reason !== null);
  return [
    `${suite}: ${running.length} of ${plural(files.length, "recorded test file")} ${running.length === 1 ? "runs" : "run"}, besides new ones and a sample of the others to compare.`,
    ...running.map(({ file, reason: own }) => `  ${file}: ${own === null ? "" : reasonText(own)}`),
  ];
}

function fileLines(file: string, { suite, why: reason, files }: AffectedSuite): string[] {
  const found = files.find((one) => one.file === file);
  if (found === undefined) return reason === null ? [] : [`Everything of ${suite} runs: ${reason}.`];
  if (found.reason === null) {
    const from = found.reusedFrom === null ? "" : ` ${ofRun(found.reusedFrom)}`;
    return [`${file} is reused: nothing that it rests on changed; its results are those${from}.`];
  }
  const { way } = found.reason;
  return [`${file} runs: ${reasonText(found.reason)}.`, ...(way.length > 1 ? [`  ${way.join(" → ")}`] : [])];
}

/** Why a file runs, a clause. */
function reasonText({ kind, file, functions }: ReachReason): string {
  const texts: Record<ReachReason["kind"], string> = {
    function: `${file} changed, in ${functions.join(", ")}`,
    module: `${file} changed`,
    file: `${file} changed, which it read or looked for`,
    name: `${file} is new, and may be imported or loaded in place of another`,
    unknown: `${file} changed, of which no run has seen what it matters to`,
    everyone: `${file} changed, which all test files rest on`,
    always: `it always does: ${file}`,
    new: "nothing is recorded of it",
  };
  return texts[kind];
}

function ofRun({ commit, at }: EarlierRun): string {
  return `of the run of ${shortId(commit)}, ${formatAge((Date.now() - Date.parse(at)) / 1000)} ago`;
}
