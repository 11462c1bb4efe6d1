import { parseToml, recordOf } from "./parsers/loose-values.ts";
import { type ProjectFiles, upwards, within } from "./project-files.ts";

/** The launcher of a directory's Python tools, such as `uv run `; empty where they are on PATH. */
export function pythonLauncher(project: ProjectFiles, root: string): string {
  for (const directory of upwards(root)) {
    const has = (name: string): boolean => project.has(within(directory, name));
    const { tool } = parseToml(project.read(within(directory, "pyproject.toml")) ?? "");
    if (has("uv.lock") || recordOf(tool).uv !== undefined) return "uv run ";
    if (has("poetry.lock")) return "poetry run ";
    if (has("pdm.lock")) return "pdm run ";
    if (has("Pipfile")) return "pipenv run ";
  }
  return "";
}
