import { readdirSync } from "node:fs";
import { join } from "node:path";
import { withScripts } from "../../project/package-script.ts";
import { recordOf } from "../../project/parsers/loose-values.ts";
import { parseYaml } from "../../project/parsers/yaml.ts";
import type { ProjectFiles } from "../../project/project-files.ts";
import { readProjectFile } from "../../project/read-project-file.ts";
import { escapedForPattern } from "../../shared/patterns.ts";

/**
 * What a command that starts a script of package.json, targets of a makefile or tasks of moon runs, with all that these
 * depend on; empty where it starts none, or where its definition is not found. `directory` is where it runs, absolute.
 */
export function taskDefinitions(command: string, directory: string, root: string, project: ProjectFiles): string[] {
  return [
    ...withScripts(command, directory).slice(1),
    ...makeRecipes(command, project),
    ...moonTasks(command, root, project),
  ];
}

/** The recipes of the targets that `make` is told to make, and of those that they depend on. */
function makeRecipes(command: string, project: ProjectFiles): string[] {
  const targets = /^make\s+(.*)$/.exec(command)?.[1]?.split(/\s+/) ?? [];
  const text = project.read("Makefile") ?? "";
  const recipes: string[] = [];
  for (const target of targets) {
    const [, needed = "", recipe = ""] =
      new RegExp(`^${escapedForPattern(target)}\\s*:(?!=)([^\\n]*)\\n((?:[\\t ]+[^\\n]*\\n?|\\n)*)`, "m").exec(
        `${text}\n`,
      ) ?? [];
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
function moonTasks(command: string, root: string, project: ProjectFiles): string[] {
  const targets = /^(?:npx\s+)?moon\s+\w+\s+(.*)$/.exec(command)?.[1]?.split(/\s+/) ?? [];
  if (targets.length === 0) return [];
  const names = targets.map(taskOf);
  const own = project.paths.filter((path) => /(^|\/)moon\.ya?ml$/.test(path)).map((path) => project.read(path) ?? "");
  const tasks = [...own, ...inheritedTasks(root)].flatMap((text) =>
    Object.entries(recordOf(recordOf(parseYaml(text)).tasks)),
  );
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
      const isOnlyReports = [outputs ?? []].flat().every((output) => /cov|report|results|cache/i.test(String(output)));
      if (!isOnlyReports) found.push(`build ${name}`);
      const needed = [deps ?? []].flat().map((dep) => taskOf(String(recordOf(dep).target ?? dep)));
      names.push(...needed.filter((dep) => !names.includes(dep)));
    }
  }
  return found;
}

/** `backend:test` → `test`. */
function taskOf(target: string): string {
  return target.replace(/^.*:/, "");
}

/** The texts of the tasks that every project of a moon workspace inherits. */
function inheritedTasks(root: string): string[] {
  const files = ["tasks.yml", ...entries(join(root, ".moon", "tasks")).map((name) => join("tasks", name))];
  return files.flatMap((file) => readProjectFile(join(root, ".moon"), file) ?? []);
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => /\.ya?ml$/.test(name));
  } catch {
    return [];
  }
}
