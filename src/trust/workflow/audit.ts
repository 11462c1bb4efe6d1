/** What the CI files of a repository verify again, and what of that can be removed. */
import type { ProjectFiles } from "../../project/project-files.ts";
import type { FileAudit, Finding, Remark } from "./finding.ts";
import { readWorkflow, type Workflow } from "./github.ts";
import { auditPipeline, pipelineMistakes } from "./gitlab.ts";
import { findReceiptSteps, type Proven } from "./receipt-steps.ts";
import { danglingReferences } from "./references.ts";
import { repeatChanges } from "./repeat-changes.ts";
import { findRepeats, type LeftAlone } from "./repeats.ts";
import { githubMistakes, type Mistake, yamlMistakes } from "./schema.ts";
import { findSerial } from "./serial.ts";
import { readYaml, type YamlSource } from "./yaml-source.ts";

const workflowFile = /^\.github\/workflows\/[^/]+\.ya?ml$/;
const actionFile = /^(?:\.github\/actions\/.+\/)action\.ya?ml$/;
const pipelineFile = /^\.gitlab-ci\.ya?ml$/;

/** What an audit needs to know of the repository. */
export interface AuditedRepository {
  /** Absolute. */
  readonly root: string;
  readonly project: ProjectFiles;
  /** What receipts prove, where a policy says which are trusted; null elsewhere. */
  readonly proven: Proven | null;
}

/** Reads the workflows, local actions and pipelines of a repository and judges each; in the order of their paths. */
export async function auditWorkflows({ root, project, proven }: AuditedRepository): Promise<FileAudit[]> {
  const sources = project.paths
    .filter((path) => workflowFile.test(path) || actionFile.test(path) || pipelineFile.test(path))
    .map((path) => readYaml(path, project.read(path) ?? ""));
  const workflows = sources.flatMap((source) => (workflowFile.test(source.file) ? (readWorkflow(source) ?? []) : []));
  const { repeats, leftAlone } = findRepeats(workflows, project);
  return await Promise.all(
    sources.map(async (source): Promise<FileAudit> => {
      const mistakes = await mistakesOf(source);
      if (source.value === null) return { source, findings: mistakes, remarks: [], leftovers: [], changes: [] };
      if (pipelineFile.test(source.file)) {
        const { findings, changes, remarks } = auditPipeline(source, project);
        return { source, findings: [...mistakes, ...findings], changes, remarks, leftovers: [] };
      }
      const workflow = workflows.find((one) => one.source === source);
      if (workflow === undefined) return { source, findings: mistakes, remarks: [], leftovers: [], changes: [] };
      const own = repeats.filter(({ later }) => later.site.workflow === workflow);
      const { findings, changes, leftovers } = repeatChanges(workflow, own, root, project);
      const judged = new Set(findings.map(({ place }) => place.line));
      const isNew = ({ finding }: { readonly finding: Finding }): boolean => !judged.has(finding.place.line);
      const receipts = proven === null ? [] : findReceiptSteps(workflow, proven).filter(isNew);
      const serial = findSerial(workflow, project).filter(isNew);
      const more = [...receipts, ...serial];
      return {
        source,
        findings: [...mistakes, ...findings, ...more.map(({ finding }) => finding)].sort(
          (left, right) => left.place.line - right.place.line,
        ),
        remarks: leftAlone.filter(({ later }) => later.site.workflow === workflow).map(remarkOn),
        leftovers,
        changes: [...changes, ...more.flatMap(({ change }) => change ?? [])],
      };
    }),
  );
}

async function mistakesOf(source: YamlSource): Promise<Finding[]> {
  // GitLab takes a head with the inputs of a pipeline as a document of its own.
  const isTwoParts =
    pipelineFile.test(source.file) && source.document.errors.every(({ code }) => code === "MULTIPLE_DOCS");
  if (source.document.errors.length > 0 && isTwoParts) return [];
  const yaml = yamlMistakes(source);
  const all = yaml.length > 0 ? yaml : await schemaMistakes(source);
  return all.map(({ file, place, text }) => ({
    ...{ kind: "mistake" as const, file, place, text },
    doubt: "what is meant is yours to say",
    step: null,
    gate: null,
  }));
}

async function schemaMistakes(source: YamlSource): Promise<Mistake[]> {
  if (pipelineFile.test(source.file)) return pipelineMistakes(source);
  const known = await githubMistakes(source, workflowFile.test(source.file) ? "workflow" : "action");
  const workflow: Workflow | null = workflowFile.test(source.file) ? readWorkflow(source) : null;
  return known.length > 0 || workflow === null ? known : danglingReferences(workflow);
}

function remarkOn({ later, earlier, reason }: LeftAlone): Remark {
  const { workflow, step } = later.site;
  const { file } = earlier.site.workflow.source;
  const where =
    file === workflow.source.file ? `the job ${earlier.site.job.id}` : `${file}:${earlier.site.step.place.line}`;
  return {
    file: workflow.source.file,
    place: step.place,
    text: `${step.label} looks like a repeat of ${where}, and is left alone: ${reason}`,
  };
}
