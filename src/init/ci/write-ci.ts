import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { recordOf } from "../../project/parsers/loose-values.ts";
import { parseYaml } from "../../project/parsers/yaml.ts";
import { editFile } from "../../shared/files.ts";
import type { Narrator } from "../narrator.ts";
import type { CiFacts } from "./ci-facts.ts";
import { githubShards } from "./github-shards.ts";
import { checkCommand, githubWorkflow } from "./github-workflow.ts";
import { gitlabPipeline } from "./gitlab-pipeline.ts";
import { gitlabShards } from "./gitlab-shards.ts";
import { kubernetesJobs } from "./kubernetes-jobs.ts";

/** The services for which `verify init --ci` writes a file. */
export const ciServices = ["github", "gitlab", "kubernetes"] as const;
export type CiService = (typeof ciServices)[number];

/** What is written: for which service, and for how many machines; null where one runs all. */
export interface CiChoice {
  readonly service: CiService;
  readonly shards: number | null;
}

/** Kubernetes runs shards side by side; with one pod there is nothing to merge. */
const fewestShards = 2;

const places: Readonly<Record<CiService, string>> = {
  github: ".github/workflows/verify.yml",
  gitlab: ".gitlab-ci.yml",
  kubernetes: "kubernetes/verify.yaml",
};
/** Where the job goes in a project whose pipeline is written already. */
const includedPipeline = ".gitlab/verify.yml";

/**
 * Writes the workflow or pipeline, never over a file that is there, and says what to add where one is. Gives the path of
 * what it wrote; null where it wrote nothing.
 */
export async function writeCi(
  { service, shards }: CiChoice,
  facts: CiFacts,
  root: string,
  narrator: Narrator,
): Promise<string | null> {
  const first = places[service];
  const present = await readIfThere(join(root, first));
  const text = textOf({ service, shards }, facts, present);
  if (service === "kubernetes") {
    if (present !== null) {
      narrator.kept(`${first} exists already and is left as it is`);
      return null;
    }
    const written = await write(root, first, text, narrator);
    narrator.warn(`in ${first}, put your image in place of IMAGE and your volume claim in place of SHARED`);
    return written;
  }
  if (present === null) return await write(root, first, text, narrator);
  if (asksForReceipt(present)) {
    narrator.kept(`${first} asks for a receipt already`);
    return null;
  }
  if (service === "github") {
    narrator.warn(
      `${first} exists and is left as it is; to run nothing twice, put a step before its suite with \`id: receipt\`, \`working-directory: \${{ runner.temp }}\` and \`run: ${checkCommand(facts.version)} -C "$GITHUB_WORKSPACE" || true\`; and this into the steps that run it: \`if: steps.receipt.outputs.verified != 'true'\``,
    );
    return null;
  }
  const advice = `add to ${first}: \`include: [{ local: /${includedPipeline} }]\``;
  const included = await readIfThere(join(root, includedPipeline));
  if (included !== null) {
    narrator.kept(`${includedPipeline} exists already and is left as it is`);
    if (!present.includes(includedPipeline)) narrator.warn(`${first} does not include it: ${advice}`);
    return null;
  }
  await write(root, includedPipeline, text, narrator);
  narrator.warn(`${first} exists and is left as it is: ${advice}`);
  return includedPipeline;
}

function textOf({ service, shards }: CiChoice, facts: CiFacts, present: string | null): string {
  if (service === "kubernetes") return kubernetesJobs(facts, shards ?? fewestShards);
  if (service === "github") return shards === null ? githubWorkflow(facts) : githubShards(facts, shards);
  const stage = stageOf(present);
  return shards === null ? gitlabPipeline(facts, stage) : gitlabShards(facts, shards, stage);
}

async function write(root: string, path: string, text: string, narrator: Narrator): Promise<string> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await editFile(join(root, path), text);
  narrator.did(
    path === places.kubernetes
      ? `${path} written: it runs the suites on several pods, and judges them together`
      : `${path} written: it asks for a receipt first, and runs the suites where none stands`,
  );
  return path;
}

/** The stage for the job in a pipeline that is there; null where the one that GitLab takes by itself is among its stages. */
function stageOf(pipeline: string | null): string | null {
  const { stages } = recordOf(parseYaml(pipeline ?? ""));
  if (!Array.isArray(stages) || stages.length === 0 || stages.includes("test")) return null;
  return String(stages.find((stage) => /test|verif|check/i.test(String(stage))) ?? stages[0]);
}

function asksForReceipt(text: string): boolean {
  return /\b(?:verify|pushproof)(?:@\S+)? check\b|\/pushproof\b/.test(text);
}

async function readIfThere(path: string): Promise<string | null> {
  return existsSync(path) ? await readFile(path, "utf8") : null;
}
