import { recordOf } from "../../project/parsers/loose-values.ts";
import type { ProjectFiles } from "../../project/project-files.ts";
import { commandsOf, verifies } from "./commands.ts";
import { mayMatter } from "./differences.ts";
import { cutLines, linesOfEntry } from "./edits.ts";
import type { Change, Finding, Remark } from "./finding.ts";
import type { Mistake } from "./schema.ts";
import { listOf } from "./triggers.ts";
import { isShared, keyPlace, type Path, placeAt, type YamlSource } from "./yaml-source.ts";

/** Keys at the top of a pipeline that are no jobs. */
const settings = new Set(
  "default include stages variables workflow image services cache before_script after_script spec types".split(" "),
);

/** A job of a pipeline. */
interface PipelineJob {
  readonly name: string;
  readonly written: Readonly<Record<string, unknown>>;
  readonly stage: number;
  readonly needs: readonly string[] | null;
}

/** What of a job decides how its script runs. */
const surroundings = ["image", "services", "before_script", "tags", "inherit", "identity", "hooks"] as const;
/** What makes a job run only sometimes, or counts its failure as none. */
const conditions = [
  "rules",
  "only",
  "except",
  "when",
  "allow_failure",
  "parallel",
  "extends",
  "trigger",
  "start_in",
] as const;

/** Commands that a job of a pipeline runs again although it begins only after another job passed them. */
export function auditPipeline(
  source: YamlSource,
  project: ProjectFiles,
): { readonly findings: Finding[]; readonly changes: Change[]; readonly remarks: Remark[] } {
  const pipeline = recordOf(source.value);
  const result = { findings: [] as Finding[], changes: [] as Change[], remarks: [] as Remark[] };
  const jobs = jobsOf(pipeline);
  for (const later of jobs) {
    const script = Array.isArray(later.written.script) ? later.written.script : [];
    for (const [index, line] of script.entries()) {
      if (typeof line !== "string") continue;
      const commands = commandsOf(line);
      if (commands === null || commands.length === 0 || !commands.every(verifies)) continue;
      const path = [later.name, "script", index];
      const seen = jobs
        .filter(
          (earlier) =>
            earlier !== later && listOf(earlier.written.script).includes(line) && precedes(earlier, later, jobs),
        )
        .map((earlier) => ({ earlier, doubt: repeatDoubt(pipeline, earlier, later, index, project) }));
      const sure = seen.find(({ doubt }) => doubt === null);
      const [first] = seen;
      const place = placeAt(source, path);
      if (sure === undefined) {
        if (first?.doubt)
          result.remarks.push({
            file: source.file,
            place,
            text: `\`${line}\` looks like a repeat of the job ${first.earlier.name}, and is left alone: ${first.doubt}`,
          });
        continue;
      }
      const { finding, change } = repeatOf(source, later, path, sure.earlier, line, script);
      result.findings.push(finding);
      if (change !== null) result.changes.push(change);
    }
  }
  return result;
}

function jobsOf(pipeline: Readonly<Record<string, unknown>>): PipelineJob[] {
  const stages = [
    ".pre",
    ...(pipeline.stages === undefined ? ["build", "test", "deploy"] : listOf(pipeline.stages)),
    ".post",
  ];
  return Object.entries(pipeline).flatMap(([name, value]) => {
    if (settings.has(name) || name.startsWith(".")) return [];
    const written = recordOf(value);
    if (written.script === undefined) return [];
    const needs =
      written.needs === undefined ? null : [written.needs].flat().map((one) => String(recordOf(one).job ?? one));
    return [{ name, written, stage: stages.indexOf(String(written.stage ?? "test")), needs }];
  });
}

/** Whether a job begins only after another one has ended: by its stage, or by what it needs. */
function precedes(
  earlier: PipelineJob,
  later: PipelineJob,
  jobs: readonly PipelineJob[],
  seen: readonly string[] = [],
): boolean {
  if (later.needs === null) return earlier.stage !== -1 && earlier.stage < later.stage;
  if (later.needs.includes(earlier.name)) return true;
  return jobs.some(
    (job) =>
      later.needs?.includes(job.name) && !seen.includes(job.name) && precedes(earlier, job, jobs, [...seen, job.name]),
  );
}

/** Why a line is no repeat for certain, as a phrase; null where it is. */
function repeatDoubt(
  pipeline: Readonly<Record<string, unknown>>,
  { name, written: earlier }: PipelineJob,
  { written: later }: PipelineJob,
  index: number,
  project: ProjectFiles,
): string | null {
  if (pipeline.include !== undefined) return "the pipeline includes other files, which may change its jobs";
  const condition = conditions.find((key) => earlier[key] !== undefined);
  if (condition !== undefined) return `the job ${name} has \`${condition}\``;
  if (later.extends !== undefined || later.parallel !== undefined) return "its job extends another, or is a matrix";
  if (later.allow_failure !== undefined) return "its failure is let through";
  const rules = Array.isArray(later.rules) ? later.rules.map((rule) => recordOf(rule)) : [];
  const when = [later, ...rules].map((one) => String(one.when ?? ""));
  if (when.some((word) => ["always", "on_failure"].includes(word)))
    return "its job also runs where an earlier one failed";
  const hasVariables = rules.some((rule) => rule.variables !== undefined);
  const own = recordOf(later.variables);
  const other = recordOf(earlier.variables);
  const odd = [...new Set([...Object.keys(own), ...Object.keys(other)])].find(
    (variable) => JSON.stringify(own[variable]) !== JSON.stringify(other[variable]) && mayMatter(variable, project),
  );
  if (odd !== undefined || hasVariables) return `${odd ?? "a variable of its rules"} is not the same for both`;
  const surrounding = surroundings.find((key) => JSON.stringify(earlier[key]) !== JSON.stringify(later[key]));
  if (surrounding !== undefined) return `\`${surrounding}\` is not the same for both`;
  // Lines before it may have changed the directory, or the files.
  const before = listOf(later.script)
    .slice(0, index)
    .find((line) => !listOf(earlier.script).includes(line));
  return before === undefined ? null : `\`${before}\`, which comes before it, may change what is tested`;
}

function repeatOf(
  source: YamlSource,
  later: PipelineJob,
  path: Path,
  earlier: PipelineJob,
  line: string,
  script: readonly unknown[],
): { readonly finding: Finding; readonly change: Change | null } {
  const kept = ["artifacts", "coverage", "pages"].find((key) => later.written[key] !== undefined);
  const rest = script.filter((one) => one !== line && !listOf(earlier.written.script).includes(String(one)));
  const lines = isShared(source, path) ? null : linesOfEntry(source, path);
  const layout = lines === null ? "it shares its lines with others" : null;
  const purpose = rest.length === 0 ? "its job does nothing else: remove the job by hand" : layout;
  const doubt = kept === undefined ? purpose : `its job has \`${kept}\`, which may hold what it leaves`;
  const finding: Finding = {
    kind: "repeat",
    file: source.file,
    place: placeAt(source, path),
    text: `the job ${later.name} runs \`${line}\` again: it begins only after the job ${earlier.name} passed it (line ${keyPlace(source, [earlier.name]).line})`,
    doubt,
    step: null,
    gate: null,
  };
  if (doubt !== null || lines === null) return { finding, change: null };
  const span = lines.first === lines.last ? `line ${lines.first}` : `lines ${lines.first} to ${lines.last}`;
  return {
    finding,
    change: { finding, edits: [cutLines(source, lines)], action: `removes ${span}, \`${line}\``, values: [{ path }] },
  };
}

/** Stages and jobs that a pipeline names and that are not there, where no other file may bring them. */
export function pipelineMistakes(source: YamlSource): Mistake[] {
  const pipeline = recordOf(source.value);
  if (pipeline.include !== undefined) return [];
  const jobs = jobsOf(pipeline);
  const known = new Set(Object.keys(pipeline));
  const stages = [
    ".pre",
    ...(pipeline.stages === undefined ? ["build", "test", "deploy"] : listOf(pipeline.stages)),
    ".post",
  ];
  const at = (path: Path, text: string): Mistake => ({ file: source.file, place: placeAt(source, path), text });
  return jobs.flatMap(({ name, written, needs }) => {
    const extended = listOf(written.extends).filter((base) => !known.has(base));
    // What it extends, or another project, may bring the rest.
    const isOwn = written.extends === undefined;
    const stage = String(written.stage ?? "test");
    const missing = [written.needs ?? []]
      .flat()
      .filter(
        (one) =>
          recordOf(one).project === undefined &&
          recordOf(one).pipeline === undefined &&
          recordOf(one).optional !== true,
      );
    const names = missing
      .map((one) => String(recordOf(one).job ?? one))
      .filter((one) => !known.has(one) && needs !== null);
    return [
      ...extended.map((base) => at([name, "extends"], `the job ${name} extends ${base}, which is not there`)),
      ...(isOwn && !stages.includes(stage)
        ? [at([name, "stage"], `the stage ${stage} of the job ${name} is none of the stages`)]
        : []),
      ...names.map((one) => at([name, "needs"], `the job ${name} needs ${one}, which is no job here`)),
    ];
  });
}
