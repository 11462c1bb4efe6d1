import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { defaultOptions } from "../config/request.ts";
import { examineCommands } from "../doctor/commands.ts";
import { examineDatabase } from "../doctor/database.ts";
import { type Finding, ok, problem } from "../doctor/finding.ts";
import { examineHook } from "../doctor/hook.ts";
import { examineGit, examinePlaces } from "../doctor/repository.ts";
import { examineSchema } from "../doctor/schema.ts";
import { examineDetection, examineSuites } from "../doctor/suites.ts";
import { openRepository, type Repository } from "../git/repository.ts";
import { type Wrap, wrapFor } from "../report/terminal/wrap-for.ts";
import { type Colors, colorsFor } from "../shared/colors.ts";
import { type ExitCode, exitCodes, RequestError } from "../shared/errors.ts";
import { plainText, plural } from "../shared/text.ts";
import type { World } from "../shared/world.ts";
import { makePlan } from "../suite/plan/plan.ts";

/**
 * Checks everything that a verification of this checkout needs and prints each problem with its remedy; changes
 * nothing. Exit code 3 where a verification could not run, 2 where the configuration is wrong.
 */
export async function doctor(world: World): Promise<ExitCode> {
  const repository = await openRepository(world);
  const configuration = await readConfiguration(repository);
  const config = configuration.loaded?.config;
  const findings = [
    ...(await examineGit(repository, config?.base ?? null)),
    ...configuration.findings,
    ...(await examineHook(repository, world)),
    ...(config === undefined ? [] : await examineConfigured({ repository, world, config })),
    ...(await examinePlaces(repository, world)),
  ];
  const colors = colorsFor(world.output, world.environment);
  const wrap = await wrapFor(world.output, world.environment);
  const lines = [...findings.flatMap((finding) => write(finding, colors, wrap)), "", conclusion(findings)];
  world.output.write(`${lines.join("\n")}\n`);
  if (configuration.findings.some(({ level }) => level === "problem")) return exitCodes.badRequest;
  return findings.some(({ level }) => level === "problem") ? exitCodes.unavailable : exitCodes.verified;
}

interface Configuration {
  readonly loaded: LoadedConfig | null;
  readonly findings: readonly Finding[];
}

async function readConfiguration({ root }: Repository): Promise<Configuration> {
  try {
    const loaded = await loadConfig(root);
    if (loaded === null) {
      const missing = problem(
        "configuration",
        "there is no verify.config.json",
        "Run `npx verify init`, and commit what it writes.",
      );
      return { loaded, findings: [missing] };
    }
    makePlan(loaded.config, defaultOptions, root);
    return { loaded, findings: [ok("configuration", loaded.file)] };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { loaded: null, findings: [problem("configuration", error.message)] };
  }
}

async function examineConfigured({
  repository,
  world,
  config,
}: {
  readonly repository: Repository;
  readonly world: World;
  readonly config: LoadedConfig["config"];
}): Promise<Finding[]> {
  const plan = makePlan(config, defaultOptions, repository.root);
  return [
    ...(await examineDetection(repository, config)),
    ...(await examineSuites(plan, repository, world)),
    ...examineCommands(config, repository, world),
    await examineDatabase(config, repository, world),
    ...(await examineSchema(plan, config, repository, world)),
  ];
}

const marks = { ok: "✔", remark: "!", problem: "✘" } as const;

function write({ level, subject, text, remedy }: Finding, colors: Colors, wrap: Wrap): string[] {
  const paint = { ok: colors.green, remark: colors.yellow, problem: colors.red }[level];
  const lines = plainText(text).split("\n");
  return [
    ...wrap(`${paint(marks[level])} ${subject}: ${lines[0]}`),
    ...lines.slice(1).flatMap((line) => wrap(`    ${line}`, 0)),
    ...(remedy === undefined ? [] : wrap(`    ${remedy}`, 0).map((line) => `    ${colors.bold(line.slice(4))}`)),
  ];
}

function conclusion(findings: readonly Finding[]): string {
  const count = findings.filter(({ level }) => level === "problem").length;
  return count === 0 ? "Everything is ready." : `${plural(count, "problem")} to fix first.`;
}
