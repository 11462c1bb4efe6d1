import { join } from "node:path";
import { withScripts } from "../../project/package-script.ts";
import { parseYaml, recordOf } from "../../project/parsers/loose-values.ts";
import type { ProjectFiles } from "../../project/project-files.ts";
import { isHarmless } from "./differences.ts";
import type { Step } from "./github.ts";
import { stepReferences } from "./references.ts";
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
    .map((command) => buildOf(command, join(root, site.step.directory), project))
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

/** What a task that a command starts builds, as a phrase; null where its definition builds nothing or is not found. */
function buildOf(command: string, directory: string, project: ProjectFiles): string | null {
  const definitions = [
    ...withScripts(command, directory).slice(1),
    ...makeRecipes(command, project),
    ...moonTasks(command, project),
  ];
  const line = definitions.flatMap((text) => text.split(/&&|;|\n/)).find((step) => builds.test(step.trim()));
  return line === undefined ? null : `\`${command}\` also builds: \`${line.trim()}\``;
}

/** The recipes of the targets that `make` is told to make, and of those that they depend on. */
function makeRecipes(command: string, project: ProjectFiles): string[] {
  const targets = /^make\s+(.*)$/.exec(command)?.[1]?.split(/\s+/) ?? [];
  const text = project.read("Makefile") ?? "";
  const recipes: string[] = [];
  for (const target of targets) {
    const [, needed = "", recipe = ""] =
      new RegExp(`^${escaped(target)}\\s*:(?!=)([^\\n]*)\\n((?:[\\t ]+[^\\n]*\\n?|\\n)*)`, "m").exec(`${text}\n`) ?? [];
    recipes.push(recipe.replace(/^\s*[@-]+/gm, ""));
    for (const name of needed
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/))
      if (name !== "" && !targets.includes(name)) targets.push(name);
  }
  return recipes;
}

/** The commands of moon's tasks of that name, and of those that they depend on; files that they write count as builds. */
function moonTasks(command: string, project: ProjectFiles): string[] {
  const names = (/^(?:npx\s+)?moon\s+\w+\s+(.*)$/.exec(command)?.[1]?.split(/\s+/) ?? []).map((target) =>
    target.replace(/^.*:/, ""),
  );
  const tasks = project.paths
    .filter((path) => /(^|\/)(moon|tasks?)\.ya?ml$|^\.moon\//.test(path))
    .flatMap((path) => Object.entries(recordOf(recordOf(parseYaml(project.read(path) ?? "")).tasks)));
  const found: string[] = [];
  for (const name of names) {
    for (const [, written] of tasks.filter(([task]) => task === name)) {
      const { command: one, script, args, deps, outputs } = recordOf(written);
      found.push(
        [one, script, args]
          .flat()
          .filter((part) => part !== undefined)
          .join(" "),
      );
      if (
        Array.isArray(outputs) &&
        outputs.length > 0 &&
        !outputs.every((output) => /cov|report|results|cache/i.test(String(output)))
      )
        found.push("build");
      for (const dep of [deps ?? []].flat()) {
        const needed = String(recordOf(dep).target ?? dep).replace(/^.*:/, "");
        if (!names.includes(needed)) names.push(needed);
      }
    }
  }
  return found;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

const resultAction =
  /^(?:actions\/upload-|actions\/cache\/save|codecov\/|coverallsapp\/|SonarSource\/|sonarsource\/|codacy\/|dorny\/test-reporter|mikepenz\/|EnricoMi\/|test-summary\/|peaceiris\/|actions\/deploy-pages)/;

/** Whether a later step may use what a test run leaves: reports, coverage, its outcome. */
function usesResult({ uses, condition, text }: Step): boolean {
  if (uses !== null && resultAction.test(uses)) return true;
  if (condition !== null && /\b(always|failure|cancelled|success|steps|job)\b/.test(condition)) return true;
  return /\b(coverage|lcov|junit|test-results|test-reports?|htmlcov|allure|playwright-report)\b/i.test(text);
}
