import type { Job, Workflow } from "./github.ts";
import type { Mistake } from "./schema.ts";
import { placeAt } from "./yaml-source.ts";

/** Places that name a job, a step or an output that is not there. */
export function danglingReferences(workflow: Workflow): Mistake[] {
  const { source, jobs } = workflow;
  const known = new Set(jobs.map(({ id }) => id));
  return jobs.flatMap((job) => {
    const at = (text: string): Mistake => ({ file: source.file, place: placeAt(source, job.path), text });
    const needs = job.needs
      .filter((id) => !known.has(id))
      .map((id) => at(`the job ${job.id} needs ${id}, which is no job here`));
    return [
      ...needs,
      ...missingSteps(job).map((id) => at(`the job ${job.id} reads steps.${id}, which is no step of it`)),
    ];
  });
}

function missingSteps(job: Job): string[] {
  const ids = new Set(job.steps.map(({ id }) => id));
  return [...new Set(stepReferences([job.text, ...job.steps.map(({ text }) => text)].join("\n")))].filter(
    (id) => !ids.has(id),
  );
}

/** The ids of the steps that expressions in a text read. */
export function stepReferences(text: string): string[] {
  const expressions = text.match(/\$\{\{.*?\}\}|"if":"(?:[^"\\]|\\.)*"/g) ?? [];
  return expressions.flatMap((expression) =>
    [...expression.matchAll(/\bsteps(?:\.([\w-]+)|\[\\?'([\w-]+)\\?'\])/g)].map(
      ([, dotted, quoted]) => dotted ?? quoted ?? "",
    ),
  );
}
