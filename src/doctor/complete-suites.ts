import { loadConfig } from "../config/load.ts";
import { defaultOptions } from "../config/request.ts";
import { withoutNpmRun } from "../git/environment.ts";
import type { Repository } from "../git/repository.ts";
import { askYesNo, canAsk } from "../init/ask.ts";
import { uncommittedFiles } from "../init/detect/repository-facts.ts";
import type { Narrator } from "../init/narrator.ts";
import { RequestError, UnavailableError } from "../shared/errors.ts";
import { runProgram } from "../shared/exec/run-program.ts";
import type { World } from "../shared/world.ts";
import { makePlan, type Plan } from "../suite/plan/plan.ts";
import { projectEnvironment } from "../suite/plan/project-environment.ts";
import type { Finding } from "./finding.ts";
import { examineSuite } from "./suites.ts";

/**
 * Prints what the configured suites lack, as `verify doctor` does, and installs it where requested or confirmed on a
 * terminal. Returns the changed files, relative to the root. Throws UnavailableError where an installation fails.
 */
export async function completeSuites(
  repository: Repository,
  world: World,
  narrator: Narrator,
  adds: boolean,
): Promise<string[]> {
  const plan = await planOf(repository, narrator);
  if (plan === null) return [];
  const before = new Set(await uncommittedFiles(repository));
  const problems = await problemsOf(plan, repository, world);
  const commands = installsOf(problems);
  if (commands.length === 0 || !adds) tell(problems, narrator);
  if (commands.length > 0 && (adds || (await isAskedTo(world, commands)))) {
    for (const command of commands) await run(command, repository, world, narrator);
    tell(await problemsOf(plan, repository, world), narrator);
  } else if (commands.length > 0) narrator.detail("`verify init --install` does that for you");
  return (await uncommittedFiles(repository)).filter((path) => !before.has(path));
}

function tell(problems: readonly Finding[], narrator: Narrator): void {
  for (const { subject, text, remedy } of problems) {
    narrator.warn(`${subject}: ${text}`);
    if (remedy !== undefined) narrator.detail(remedy);
  }
}

async function isAskedTo(world: World, { length }: readonly string[]): Promise<boolean> {
  return canAsk(world) && (await askYesNo(world, `Run ${length === 1 ? "it" : "these"} now?`));
}

async function planOf({ root }: Repository, narrator: Narrator): Promise<Plan | null> {
  try {
    const loaded = await loadConfig(root);
    return loaded && makePlan(loaded.config, defaultOptions, root);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    narrator.warn(error.message);
    return null;
  }
}

async function problemsOf(plan: Plan, repository: Repository, world: World): Promise<Finding[]> {
  const findings = await Promise.all(plan.suites.map((planned) => examineSuite(planned, repository, world)));
  return findings.flat().filter(({ level, install }) => level === "problem" || install !== undefined);
}

/** Without duplicates, as suites may lack the same. */
function installsOf(problems: readonly Finding[]): string[] {
  return [...new Set(problems.flatMap(({ install }) => install ?? []))];
}

async function run(command: string, { root }: Repository, world: World, narrator: Narrator): Promise<void> {
  narrator.plain(`  ${command} …`);
  const environment = withoutNpmRun(projectEnvironment({ kind: "working tree", root }, [], world.environment));
  const { exitCode, output } = await runProgram(["/bin/sh", "-c", command], {
    directory: root,
    environment,
    signal: world.signal,
  });
  if (exitCode !== 0) {
    const tail = output.trim().split("\n").slice(-8).join("\n");
    if (tail !== "") world.errors.write(`${tail}\n`);
    throw new UnavailableError(
      `\`${command}\` failed, so that the suites still lack it: run it here, then \`verify doctor\`.`,
    );
  }
  narrator.did(command);
}
