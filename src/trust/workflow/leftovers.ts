import type { ProjectFiles } from "../../project/project-files.ts";
import { escapedForPattern } from "../../shared/patterns.ts";
import { commandsOf, installs } from "./commands.ts";
import { allVariables, isRead } from "./differences.ts";
import type { Job, Step, Workflow } from "./github.ts";
import { compositeSteps, type Site } from "./verification.ts";
import type { Path } from "./yaml-source.ts";

/** What only removed steps used. */
export interface Leftover {
  readonly name: string;
  readonly kind: "variable" | "service";
  /** The pair in its file. */
  readonly path: Path;
  /** Why it is not removed, as a phrase; null where it is. */
  readonly doubt: string | null;
}

/** Steps that go, each with the earlier place that stays. */
export interface Removed {
  readonly site: Site;
  readonly earlier: Site;
}

/** Variables and services of a workflow that no step uses once the given steps are gone. */
export function findLeftovers(workflow: Workflow, removed: readonly Removed[], project: ProjectFiles): Leftover[] {
  const gone = new Set(removed.map(({ site }) => site.step));
  const jobs = workflow.jobs.map((job) => ({ job, left: job.steps.filter((step) => !gone.has(step)) }));
  const touched = jobs.filter(({ job }) => job.steps.some((step) => gone.has(step)));
  const isUsed = (name: string): boolean =>
    !readByTools.test(name) && removed.some((one) => wasUsed(name, one, project));
  const ofJobs = touched.flatMap(({ job, left }) => [
    ...Object.keys(job.variables)
      .filter((name) => isUsed(name) && !mentions(name, left, job))
      .map(
        (name): Leftover => ({
          name,
          kind: "variable",
          path: [...job.path, "env", name],
          doubt: unseenUser(left, project),
        }),
      ),
    ...Object.keys(job.services)
      .filter((name) => !mentionsService(name, left))
      .map(
        (name): Leftover => ({
          name,
          kind: "service",
          path: [...job.path, "services", name],
          doubt: unseenClient(left, project),
        }),
      ),
  ]);
  const everything = jobs.flatMap(({ left }) => left);
  const ofWorkflow = Object.keys(workflow.variables)
    .filter(
      (name) =>
        isUsed(name) && workflow.jobs.every((job) => !mentions(name, [], job)) && !mentions(name, everything, null),
    )
    .map(
      (name): Leftover => ({
        name,
        kind: "variable",
        path: ["env", name],
        doubt: callsOut(workflow) ?? unseenUser(everything, project),
      }),
    );
  return [...ofJobs, ...ofWorkflow];
}

/**
 * Whether a removed step used a variable: its own text names it, the earlier place sets it as well, or the code reads
 * it.
 */
function wasUsed(name: string, { site, earlier }: Removed, project: ProjectFiles): boolean {
  return word(name).test(site.step.text) || name in allVariables(earlier) || isRead(name, project);
}

function word(name: string): RegExp {
  return new RegExp(`(?<![\\w-])${escapedForPattern(name)}(?![\\w-])`);
}

function mentions(name: string, steps: readonly Step[], job: Job | null): boolean {
  // The job's own text holds the variable itself.
  const around = job === null ? "" : job.text.replaceAll(`"${name}":`, "");
  return word(name).test(around) || steps.some(({ text }) => word(name).test(text));
}

function callsOut({ jobs }: Workflow): string | null {
  return jobs.some(({ uses }) => uses !== null) ? "a reusable workflow is called" : null;
}

/** Tools that read no variable of the project, unless the step names it. */
const knownTool =
  /^(?:docker|git|gh|aws|gcloud|az|kubectl|helm|ssh|scp|rsync|curl|wget|terraform|echo|printf|cat|ls|mkdir|cp|mv|tar|zip|sleep|test|cd|jq|date|set|export|exit|true)(?=\s|$)/;
const plainAction =
  /^(?:actions|docker|aws-actions|google-github-actions|azure|github)\/|\/(?:setup-[\w-]+|action-setup)@/;

/** Variables that tools read without being told. */
const readByTools =
  /^(AWS|DOCKER|GITHUB|RUNNER|ACTIONS|NODE|NPM|PIP|UV|PYTHON|GOOGLE|AZURE|ARM|TF|KUBE|HELM|CI|FORCE|NO)(_|$)/;

/** The step that may read a variable without naming it, as a phrase; null without one. */
function unseenUser(steps: readonly Step[], project: ProjectFiles): string | null {
  const step = steps.find((one) => mayReadUnseen(one, project));
  return step === undefined ? null : `the step ${step.label} may read it`;
}

function unseenClient(steps: readonly Step[], project: ProjectFiles): string | null {
  const step = steps.find((one) => (one.uses === null ? !installs(one.run ?? "") : mayReadUnseen(one, project)));
  return step === undefined ? null : `the step ${step.label} may use it`;
}

function mayReadUnseen({ uses, run }: Step, project: ProjectFiles): boolean {
  if (uses?.startsWith("./")) {
    const inner = compositeSteps(uses, project);
    return inner.length === 0 || inner.some((step) => mayReadUnseen(step, project));
  }
  if (uses !== null) return !plainAction.test(uses);
  const script = run ?? "";
  if (installs(script)) return false;
  const commands = commandsOf(script);
  return commands === null || !commands.every((command) => knownTool.test(command.replace(/^(?:\w+=\S*\s+)+/, "")));
}

function mentionsService(name: string, steps: readonly Step[]): boolean {
  const client = new RegExp(
    `(?<![\\w-])${escapedForPattern(name)}(?![\\w-])|localhost|127\\.0\\.0\\.1|job\\.services|\\bPG\\w+\\b|DATABASE_URL|_DSN\\b`,
  );
  return steps.some(({ text }) => client.test(text));
}
