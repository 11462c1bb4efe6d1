import { join } from "node:path";
import type { ProjectFiles } from "../../project/project-files.ts";
import { isHarmless } from "./differences.ts";
import type { Step } from "./github.ts";
import { stepReferences } from "./references.ts";
import { taskDefinitions } from "./task-definitions.ts";
import type { Verification } from "./verification.ts";

const builds =
  /(?:^|[\s:;&|"'/])(?:build|compile|bundle|webpack|rollup|esbuild|docker|publish|deploy|upload|release|package|generate|codegen|(?:vite|next|nuxt|astro|tsup) build|tsc(?!.*--noEmit))(?=$|[\s:;&|"'])/;

/**
 * Why a step may do more than verify, or what comes behind it may need it, as a phrase; null where neither is so. `gone`
 * are the steps that would be removed.
 */
export function effectOf(
  verification: Verification,
  gone: ReadonlySet<Step>,
  root: string,
  project: ProjectFiles,
): string | null {
  const { others, commands, site } = verification;
  if (others.length > 0)
    return `the step also runs ${others.map((command) => (/ of the action$/.test(command) ? command : `\`${command}\``)).join(", ")}`;
  const built = commands
    .map((command) => buildOf(command, join(root, site.step.directory), root, project))
    .find((one) => one !== null);
  if (built !== undefined) return built;
  const { steps } = site.job;
  const behind = steps.slice(steps.indexOf(site.step) + 1);
  if (steps.every((step) => gone.has(step) || isHarmless(step)))
    return `the job ${site.job.id} does nothing else: remove the job, and what needs it, by hand`;
  const user = behind.find(usesResult);
  if (user !== undefined) return `the step ${user.label} behind it may need what it leaves`;
  const { id } = site.step;
  const isReferred =
    id !== null && stepReferences([site.job.text, ...steps.map(({ text }) => text)].join("\n")).includes(id);
  return isReferred ? `other places read steps.${id}` : null;
}

/** Tasks of these names often do more than verify. */
const wideTask = /(?:^|[\s:])(?:ci|checks?|verify|validate|qa|quality)(?=$|[\s:])/;

/** What a task that a command starts builds, or that it cannot be read, as a phrase; null where it builds nothing. */
function buildOf(command: string, directory: string, root: string, project: ProjectFiles): string | null {
  const definitions = taskDefinitions(command, directory, root, project);
  const line = definitions.flatMap((text) => text.split(/&&|;|\n/)).find((step) => builds.test(step.trim()));
  if (line !== undefined) return `\`${command}\` also builds: \`${line.trim()}\``;
  const isUnread = definitions.length === 0 && !/^(?:npx )?moon /.test(command) && wideTask.test(command);
  return isUnread && startsTask.test(command) ? `what \`${command}\` does could not be read` : null;
}

/** Programs that run tasks which files of their own define. */
const startsTask =
  /^(?:(?:npm|pnpm|yarn|bun)|make|just|task|mage|rake|poe|inv|invoke|composer|ant|(?:npx )?(?:nx|turbo|lerna|rush|lage))\s/;

const resultAction =
  /^(?:actions\/upload-|actions\/cache\/save|codecov\/|coverallsapp\/|SonarSource\/|sonarsource\/|codacy\/|dorny\/test-reporter|mikepenz\/|EnricoMi\/|test-summary\/|peaceiris\/|actions\/deploy-pages)/;

/** Whether a later step may use what a test run leaves: reports, coverage, its outcome. */
function usesResult({ uses, condition, text }: Step): boolean {
  if (uses !== null && resultAction.test(uses)) return true;
  if (condition !== null && /\b(always|failure|cancelled|success|steps|job)\b/.test(condition)) return true;
  return /\b(coverage|lcov|junit|test-results|test-reports?|htmlcov|allure|playwright-report)\b/i.test(text);
}
