import { readSections } from "./parsers/sections.ts";
import { type ProjectFiles, upwards, within } from "./project-files.ts";

/** The launcher of a directory's Python tools, such as `uv run `; empty where they are on PATH. */
export function pythonLauncher(project: ProjectFiles, root: string): string {
  for (const directory of upwards(root)) {
    const has = (name: string): boolean => project.has(within(directory, name));
    const pyproject = readSections(project.read(within(directory, "pyproject.toml")) ?? "", "toml");
    if (has("uv.lock") || [...pyproject.keys()].some((name) => /^tool\.uv(\.|$)/.test(name))) return "uv run ";
    if (has("poetry.lock")) return "poetry run ";
    if (has("pdm.lock")) return "pdm run ";
    if (has("Pipfile")) return "pipenv run ";
  }
  return "";
}
