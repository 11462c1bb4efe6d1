import { join } from "node:path";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { requiredChecks } from "../forge/required-checks.ts";
import { programRunner, type Run } from "../forge/run.ts";
import { durationKey, type StepDuration, stepDurations } from "../forge/step-durations.ts";
import { gitLineOrNull } from "../git/client.ts";
import { openRepository, type Repository } from "../git/repository.ts";
import { listProjectFiles } from "../project/checkout-files.ts";
import { History } from "../report/history.ts";
import { type AuditedFile, auditJson, auditLines, type SavedTime } from "../report/terminal/audit-lines.ts";
import { wrapFor } from "../report/terminal/wrap-for.ts";
import { colorsFor } from "../shared/colors.ts";
import { type ExitCode, exitCodes, RequestError } from "../shared/errors.ts";
import { editFile } from "../shared/files.ts";
import { median } from "../shared/median.ts";
import type { World } from "../shared/world.ts";
import { auditWorkflows } from "../trust/workflow/audit.ts";
import { applyChanges } from "../trust/workflow/changes.ts";
import type { FileAudit, Finding, TimedStep } from "../trust/workflow/finding.ts";
import { whyUntouchable } from "../trust/workflow/untouchable.ts";

/** The options of `verify workflows`. */
export interface WorkflowsOptions {
  /** Makes the edits that are certain. */
  readonly fix?: boolean;
  readonly json?: boolean;
}

/** So many recorded runs of a suite make its usual duration. */
const recordedRuns = 20;

/**
 * Prints what the repository's CI files verify again, and mistakes in them; with `fix`, removes what certainly repeats
 * and shows the difference. Exit code 1 where something is left to do.
 */
export async function workflows({ fix = false, json = false }: WorkflowsOptions, world: World): Promise<ExitCode> {
  const repository = await openRepository(world);
  const { root, git } = repository;
  const project = await listProjectFiles(repository);
  const config = await readConfig(root);
  const proven = project.has(".verify-policy.json") ? config : null;
  const audits = await auditWorkflows({ root, project, proven });
  const run = programRunner(world, root, (await gitLineOrNull(git, "remote", "get-url", "origin")) ?? "");
  const times = await savedTimes(audits, config, repository, run);
  const protection = await protectionOf(audits, run);
  const files = await Promise.all(audits.map((audit) => decide(audit, repository, protection)));
  const facts = { isFixing: fix, times, isProtected: [...protection.values()].every((checks) => checks !== null) };
  const edited = files.filter(({ result }) => result?.text);
  if (fix) for (const { audit, result } of edited) await editFile(join(root, audit.source.file), result?.text ?? "");
  if (json) world.output.write(`${JSON.stringify(auditJson(files, facts), null, 2)}\n`);
  else {
    const style = {
      colors: colorsFor(world.output, world.environment),
      wrap: await wrapFor(world.output, world.environment),
    };
    world.output.write(`${auditLines(files, facts, style).join("\n")}\n`);
    if (fix && edited.length > 0) world.output.write(await differenceOf(edited, git));
  }
  const open = files.flatMap(({ audit, refused }) => audit.findings.filter((finding) => !fix || refused.has(finding)));
  return open.length === 0 ? exitCodes.verified : exitCodes.notVerified;
}

/** A configuration with mistakes is for `verify` to report. */
async function readConfig(root: string): Promise<Config | null> {
  try {
    return (await loadConfig(root))?.config ?? null;
  } catch (error) {
    if (error instanceof RequestError) return null;
    throw error;
  }
}

/** What becomes of a file: its new text, and each finding that stays with the reason. */
async function decide(found: FileAudit, repository: Repository, protection: Protection): Promise<AuditedFile> {
  // What is left over is found for all steps of a file together, so that they are removed together or not at all.
  const open = found.findings.flatMap((finding) => openGate(finding, protection) ?? [])[0];
  const audit =
    open === undefined
      ? found
      : { ...found, changes: found.changes.filter(({ finding }) => finding.kind !== "repeat") };
  const { source, findings, changes } = audit;
  const refused = new Map(
    findings.flatMap((finding) => (finding.doubt === null ? [] : [[finding, finding.doubt] as const])),
  );
  if (open !== undefined) {
    const doubt = `GitHub lets commits into ${open.branch} that did not pass "${open.check}": require that check first`;
    for (const finding of findings.filter(({ kind }) => kind === "repeat")) refused.set(finding, doubt);
  }
  if (changes.length === 0) return { audit, result: null, refused };
  const untouchable = await whyUntouchable(repository, source);
  const result = untouchable === null ? await applyChanges(source, changes) : { text: null, doubt: untouchable };
  if (result.text === null) for (const { finding } of changes) refused.set(finding, result.doubt);
  return { audit, result, refused };
}

/** The checks that GitHub requires for each branch; null where it cannot be asked. */
type Protection = ReadonlyMap<string, readonly string[] | null>;

async function protectionOf(audits: readonly FileAudit[], run: Run): Promise<Protection> {
  const gates = audits.flatMap(({ findings }) => findings.flatMap(({ gate }) => gate ?? []));
  const branches = [...new Set(gates.flatMap((gate) => gate.branches))];
  return new Map(
    await Promise.all(branches.map(async (branch) => [branch, await requiredChecks(run, branch)] as const)),
  );
}

/** The check of a finding and the first branch that takes commits without it, as GitHub says itself; null without one. */
function openGate(
  { gate }: Finding,
  protection: Protection,
): { readonly branch: string; readonly check: string } | null {
  // A name that is computed is not known here.
  if (gate?.check.includes("$" + "{{")) return null;
  const branch = gate?.branches.find((name) => protection.get(name)?.includes(gate.check) === false);
  return gate === null || branch === undefined ? null : { branch, check: gate.check };
}

async function differenceOf(files: readonly AuditedFile[], git: Repository["git"]): Promise<string> {
  const paths = files.map(({ audit }) => audit.source.file);
  return `\n${await git.raw(["diff", "--no-color", "--no-ext-diff", "--no-textconv", "--", ...paths])}`;
}

/** How long the steps that would go usually take: as GitHub recorded, else as runs of the same suite here did. */
async function savedTimes(
  audits: readonly FileAudit[],
  config: Config | null,
  { commonDirectory }: Repository,
  run: Run,
): Promise<ReadonlyMap<TimedStep, SavedTime>> {
  const times = new Map<TimedStep, SavedTime>();
  const timed = audits.map(({ source, findings }) => ({ source, steps: findings.flatMap(({ step }) => step ?? []) }));
  const wanted = timed.filter(({ steps }) => steps.length > 0);
  if (wanted.length === 0) return times;
  const entries = await new History(commonDirectory).last(recordedRuns);
  for (const { source, steps } of wanted) {
    const onGitHub = await stepDurations(run, source.file);
    for (const step of steps) {
      const known = onGitHub.get(durationKey(step.job, step.name));
      const here = known === undefined ? recordedHere(step, config, entries) : null;
      if (known !== undefined) times.set(step, { ...known, where: "on GitHub" });
      else if (here !== null) times.set(step, { ...here, where: "here" });
    }
  }
  return times;
}

function recordedHere(
  { commands }: TimedStep,
  config: Config | null,
  entries: Awaited<ReturnType<History["last"]>>,
): StepDuration | null {
  const names = (config?.suites ?? []).filter(({ command }) => commands.includes(command)).map(({ name }) => name);
  const [name] = names;
  if (name === undefined || names.length !== commands.length) return null;
  const verified = entries.filter(({ verdict, isPartial }) => verdict === "verified" && !isPartial);
  const seconds = verified.flatMap(({ suites }) =>
    suites.filter((suite) => suite.name === name).map((suite) => suite.seconds),
  );
  return seconds.length === 0 || names.length > 1 ? null : { seconds: median(seconds), runs: seconds.length };
}
