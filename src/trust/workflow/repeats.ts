import type { ProjectFiles } from "../../project/project-files.ts";
import { differenceBetween } from "./differences.ts";
import type { Job, Workflow } from "./github.ts";
import { meetsEvery, namedBranches } from "./triggers.ts";
import { type Verification, verificationIn } from "./verification.ts";

/** A step that verifies again what the commit had to pass before. */
export interface Repeat {
  readonly later: Verification;
  readonly earlier: Verification;
  /** The branches on whose pull requests and commits the earlier run is; null where both are one run of one workflow. */
  readonly branches: readonly string[] | null;
}

/** A step that looks like a repeat and is none for certain. */
export interface LeftAlone {
  readonly later: Verification;
  readonly earlier: Verification;
  /** Why, as a phrase. */
  readonly reason: string;
}

/** The steps that repeat an earlier verification, and those that only look like it. */
export function findRepeats(
  workflows: readonly Workflow[],
  project: ProjectFiles,
): { readonly repeats: readonly Repeat[]; readonly leftAlone: readonly LeftAlone[] } {
  const all = workflows.flatMap((workflow) =>
    workflow.jobs.flatMap((job) => job.steps.flatMap((step) => verificationIn({ workflow, job, step }, project) ?? [])),
  );
  const repeats: Repeat[] = [];
  const leftAlone: LeftAlone[] = [];
  for (const later of all) {
    const seen = all
      .filter((earlier) => earlier.site.job !== later.site.job && mayPrecede(earlier, later))
      .filter((earlier) => later.keys.every((key) => earlier.keys.includes(key)))
      .map((earlier) => ({ later, earlier, reason: doubtAbout(later, earlier, project) }));
    const sure = seen.find(({ reason }) => reason === null);
    const [first] = seen;
    if (sure !== undefined) {
      const isOneRun = sure.earlier.site.workflow === later.site.workflow;
      const push = later.site.workflow.triggers.get("push");
      repeats.push({
        later,
        earlier: sure.earlier,
        branches: isOneRun || push === undefined ? null : namedBranches(push),
      });
    } else if (first?.reason) leftAlone.push({ ...first, reason: first.reason });
  }
  return { repeats, leftAlone };
}

/** Whether one place may be a gate for the other at all: in one workflow by `needs`, between two by pull requests. */
function mayPrecede({ site: earlier }: Verification, { site: later }: Verification): boolean {
  if (earlier.workflow === later.workflow) return neededBy(later.job, later.workflow).includes(earlier.job);
  return earlier.workflow.triggers.has("pull_request") && !later.workflow.triggers.has("pull_request");
}

/** All jobs that must have ended before a job begins. */
function neededBy(job: Job, { jobs }: Workflow): Job[] {
  const found: Job[] = [];
  const collect = ({ needs }: Job): void => {
    for (const needed of jobs.filter(({ id }) => needs.includes(id))) {
      if (found.includes(needed)) continue;
      found.push(needed);
      collect(needed);
    }
  };
  collect(job);
  return found;
}

/** Why it is not certain that the later run repeats the earlier one, as a phrase; null where it is. */
function doubtAbout(later: Verification, earlier: Verification, project: ProjectFiles): string | null {
  const isOneRun = later.site.workflow === earlier.site.workflow;
  return (
    laterDoubt(later) ??
    (isOneRun ? null : triggerDoubt(later.site.workflow, earlier.site)) ??
    gateDoubt(earlier, isOneRun) ??
    differenceBetween(later.site, earlier.site, project)
  );
}

const statusCheck = /\b(always|failure|cancelled)\s*\(/;

function laterDoubt({ site: { job, step } }: Verification): string | null {
  if (step.condition !== null) return `it has a condition of its own, \`if: ${step.condition}\``;
  if (step.isLetFail || job.isLetFail) return "its failure is let through, so it is there for something else";
  if (job.condition !== null && statusCheck.test(job.condition))
    return `its job runs whatever the jobs before it say, \`if: ${job.condition}\``;
  return job.hasMatrix ? "its job is a matrix" : null;
}

/** What else may start the later workflow, for commits that the earlier one never saw. */
const otherStarts: Readonly<Record<string, string>> = {
  workflow_dispatch: "it can be started by hand, on any branch",
  workflow_call: "other workflows call it",
  workflow_run: "it runs after another workflow, on the newest commit of the default branch",
  schedule: "it runs on a schedule, when what it depends on may have changed",
  release: "it runs for releases",
  repository_dispatch: "it can be started from outside",
  merge_group: "it runs in the merge queue",
};

function triggerDoubt({ triggers }: Workflow, { workflow, job }: Verification["site"]): string | null {
  const other = [...triggers.keys()].find((event) => event !== "push");
  if (other !== undefined) return otherStarts[other] ?? `it also runs on ${other}`;
  const push = triggers.get("push");
  const branches = push === undefined ? null : namedBranches(push);
  if (branches === null) return "it runs for tags or for branches that are not named one by one";
  const { triggers: gates } = workflow;
  for (const branch of branches) {
    if (!meetsEvery(gates.get("pull_request"), branch))
      return `${workflow.source.file} does not run for every pull request to ${branch}`;
    if (!meetsEvery(gates.get("push"), branch) && !gates.has("merge_group"))
      return `${workflow.source.file} does not run for every commit of ${branch}, only for its pull requests`;
  }
  return job.isCancelled ? "a newer run may cancel the earlier one" : null;
}

function gateDoubt({ site: { workflow, job, step } }: Verification, isOneRun: boolean): string | null {
  const name = `the job ${job.id}`;
  if (step.condition !== null) return `${name} runs it only \`if: ${step.condition}\``;
  if (step.isLetFail || job.isLetFail) return `${name} lets its failure through`;
  if (job.hasMatrix) return `${name} is a matrix`;
  const chain = [job, ...neededBy(job, workflow)];
  const conditional = chain.find(({ condition }) => condition !== null);
  if (conditional !== undefined) return `the job ${conditional.id} runs only \`if: ${conditional.condition}\``;
  // Whether one that another job lets through has passed is not known.
  return isOneRun || chain.every(({ isLetFail }) => !isLetFail)
    ? null
    : `${name} needs one whose failure is let through`;
}
