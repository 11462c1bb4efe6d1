import { posix } from "node:path";
import { recordOf } from "../../project/parsers/loose-values.ts";
import { listOf, readTriggers, type Triggers } from "./triggers.ts";
import { type Path, type Place, placeAt, type YamlSource } from "./yaml-source.ts";

/** Variables of a workflow, job or step. */
export type Variables = Readonly<Record<string, string>>;

/** A step of a job or of a composite action. */
export interface Step {
  readonly path: Path;
  readonly place: Place;
  /** For people: its name in quotes, else what it does. */
  readonly label: string;
  /** Its name on a run's page. */
  readonly shownName: string;
  readonly id: string | null;
  readonly uses: string | null;
  readonly with: Readonly<Record<string, unknown>>;
  readonly run: string | null;
  /** Its own variables, without those of job and workflow. */
  readonly variables: Variables;
  readonly condition: string | null;
  readonly isLetFail: boolean;
  /** The shell that its script runs in; empty for the default one. */
  readonly shell: string;
  /** Where its script runs, relative to the checkout. */
  readonly directory: string;
  /** All that is written in it, for searches. */
  readonly text: string;
}

/** A job of a workflow. */
export interface Job {
  readonly id: string;
  /** Its name on a run's page and among a pull request's checks. */
  readonly name: string;
  readonly path: Path;
  readonly needs: readonly string[];
  readonly condition: string | null;
  /** A reusable workflow that it calls. */
  readonly uses: string | null;
  readonly hasMatrix: boolean;
  readonly isLetFail: boolean;
  /** Whether a newer run may cancel it. */
  readonly isCancelled: boolean;
  /** Machine and container, in a form to compare. */
  readonly machine: string;
  readonly services: Readonly<Record<string, unknown>>;
  readonly variables: Variables;
  readonly environment: string | null;
  readonly steps: readonly Step[];
  /** What is written in it beside its steps, for searches. */
  readonly text: string;
}

/** A GitHub workflow. */
export interface Workflow {
  readonly source: YamlSource;
  readonly triggers: Triggers;
  readonly variables: Variables;
  readonly jobs: readonly Job[];
}

/** Reads a workflow; null where the file holds none. */
export function readWorkflow(source: YamlSource): Workflow | null {
  const written = recordOf(source.value);
  if (written.jobs === undefined) return null;
  const defaults = [recordOf(recordOf(written.defaults).run)];
  const isCancelled = cancels(written.concurrency);
  return {
    source,
    triggers: readTriggers(written.on),
    variables: variablesOf(written.env),
    jobs: Object.entries(recordOf(written.jobs)).map(([id, job]) =>
      readJob(source, id, recordOf(job), { defaults, isCancelled }),
    ),
  };
}

interface Outer {
  readonly defaults: readonly Readonly<Record<string, unknown>>[];
  readonly isCancelled: boolean;
}

function readJob(source: YamlSource, id: string, job: Readonly<Record<string, unknown>>, outer: Outer): Job {
  const path = ["jobs", id];
  const defaults = [recordOf(recordOf(job.defaults).run), ...outer.defaults];
  const { steps, ...others } = job;
  return {
    id,
    name: textOf(job.name) ?? id,
    path,
    needs: listOf(job.needs),
    condition: textOf(job.if),
    uses: textOf(job.uses),
    hasMatrix: job.strategy !== undefined,
    isLetFail: isOn(job["continue-on-error"]),
    isCancelled: outer.isCancelled || cancels(job.concurrency),
    machine: JSON.stringify([job["runs-on"] ?? null, job.container ?? null]),
    services: recordOf(job.services),
    variables: variablesOf(job.env),
    environment: textOf(recordOf(job.environment).name ?? job.environment),
    steps: readSteps(source, [...path, "steps"], steps, defaults),
    text: JSON.stringify(others),
  };
}

/** Reads a list of steps; `defaults` are those of `run`, the nearest first. */
export function readSteps(
  source: YamlSource,
  path: Path,
  written: unknown,
  defaults: readonly Readonly<Record<string, unknown>>[] = [],
): Step[] {
  return (Array.isArray(written) ? written : []).map((one, index) => {
    const step = recordOf(one);
    const [run, uses] = [textOf(step.run), textOf(step.uses)];
    const usual = (key: string): string =>
      textOf([step, ...defaults].find((place) => place[key] !== undefined)?.[key]) ?? "";
    const firstLine = (run ?? "").trim().split("\n")[0] ?? "";
    return {
      path: [...path, index],
      place: placeAt(source, [...path, index]),
      label: step.name === undefined ? `\`${uses ?? firstLine}\`` : `"${String(step.name)}"`,
      shownName: textOf(step.name) ?? `Run ${uses ?? firstLine}`,
      id: textOf(step.id),
      uses,
      with: recordOf(step.with),
      run,
      variables: variablesOf(step.env),
      condition: textOf(step.if),
      isLetFail: isOn(step["continue-on-error"]),
      shell: usual("shell"),
      directory: posix.join(".", usual("working-directory")).replace(/(?<=.)\/$/, ""),
      text: JSON.stringify(step),
    };
  });
}

/** An expression may be true. */
function isOn(value: unknown): boolean {
  return value !== undefined && value !== false;
}

function cancels(concurrency: unknown): boolean {
  return isOn(recordOf(concurrency)["cancel-in-progress"]);
}

function textOf(value: unknown): string | null {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : null;
}

function variablesOf(written: unknown): Variables {
  return Object.fromEntries(Object.entries(recordOf(written)).map(([name, value]) => [name, String(value ?? "")]));
}
