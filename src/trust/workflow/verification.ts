import { posix } from "node:path";
import { recordOf } from "../../project/parsers/loose-values.ts";
import type { ProjectFiles } from "../../project/project-files.ts";
import { commandsOf, verifies } from "./commands.ts";
import { type Job, readSteps, type Step, type Workflow } from "./github.ts";
import { readYaml } from "./yaml-source.ts";

/** A step of a workflow with what it stands in. */
export interface Site {
  readonly workflow: Workflow;
  readonly job: Job;
  readonly step: Step;
}

/** What a step verifies. */
export interface Verification {
  readonly site: Site;
  /** Each command that verifies, as it is written. */
  readonly commands: readonly string[];
  /** The same, each with its shell and directory: equal keys are the same verification. */
  readonly keys: readonly string[];
  /** Commands of the step that do something else. */
  readonly others: readonly string[];
}

/** What a step verifies; null where it verifies nothing, or its script cannot be read for certain. */
export function verificationIn(site: Site, project: ProjectFiles): Verification | null {
  const { step } = site;
  if (step.uses?.startsWith("./")) return actionVerification(site, step.uses, project);
  const all = step.run === null ? null : commandsOf(step.run);
  if (all === null) return null;
  const commands = all.filter(verifies);
  if (commands.length === 0) return null;
  const others = all.filter((command) => !commands.includes(command));
  // What another command leaves in the shell, such as its directory, is part of what is verified.
  const place = JSON.stringify([step.shell, step.directory, others.filter(changesShell)]);
  return { site, commands, keys: commands.map((command) => `${command}\n${place}`), others };
}

function changesShell(command: string): boolean {
  return /^(cd|export|source|\.|unset|pushd|alias)\s|^\w+=/.test(command);
}

/** A local composite action counts as one command: with the same inputs it does the same for the same commit. */
function actionVerification(site: Site, uses: string, project: ProjectFiles): Verification | null {
  const steps = compositeSteps(uses, project);
  const inner = steps.map((step) => (step.run === null || step.condition !== null ? null : commandsOf(step.run)));
  if (!inner.some((commands) => commands?.some(verifies))) return null;
  const isPure = inner.every((commands) => commands?.every(verifies) ?? false);
  const { with: inputs } = site.step;
  return {
    site,
    commands: [uses],
    keys: [JSON.stringify([uses, Object.entries(inputs).sort()])],
    others: isPure ? [] : ["other steps of the action"],
  };
}

/** The steps of a local composite action; none where it is no such action. */
export function compositeSteps(uses: string, project: ProjectFiles): Step[] {
  const directory = posix.normalize(uses);
  const file = ["action.yml", "action.yaml"]
    .map((name) => posix.join(directory, name))
    .find((path) => project.has(path));
  if (file === undefined) return [];
  const source = readYaml(file, project.read(file) ?? "");
  return readSteps(source, ["runs", "steps"], recordOf(recordOf(source.value).runs).steps);
}
