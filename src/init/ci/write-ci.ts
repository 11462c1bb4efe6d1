import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseYaml, recordOf } from "../../project/parsers/loose-values.ts";
import { editFile } from "../../shared/files.ts";
import type { Narrator } from "../narrator.ts";
import type { CiFacts } from "./ci-facts.ts";
import { checkCommand, githubWorkflow } from "./github-workflow.ts";
import { gitlabPipeline } from "./gitlab-pipeline.ts";

/** The services for which `verify init --ci` writes a file. */
export const ciServices = ["github", "gitlab"] as const;
export type CiService = (typeof ciServices)[number];

const places: Readonly<Record<CiService, string>> = {
  github: ".github/workflows/verify.yml",
  gitlab: ".gitlab-ci.yml",
};
/** Where the job goes in a project whose pipeline is written already. */
const includedPipeline = ".gitlab/verify.yml";

/**
 * Writes the workflow or pipeline, never over a file that is there, and says what to add where one is. Gives the path of
 * what it wrote; null where it wrote nothing.
 */
export async function writeCi(
  service: CiService,
  facts: CiFacts,
  root: string,
  narrator: Narrator,
): Promise<string | null> {
  const first = places[service];
  const present = await readIfThere(join(root, first));
  const text = service === "github" ? githubWorkflow(facts) : gitlabPipeline(facts, stageOf(present));
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

async function write(root: string, path: string, text: string, narrator: Narrator): Promise<string> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await editFile(join(root, path), text);
  narrator.did(`${path} written: it asks for a receipt first, and runs the suites where none stands`);
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
