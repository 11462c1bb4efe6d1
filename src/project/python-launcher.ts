import { parseToml, recordOf } from "./parsers/loose-values.ts";
import { type ProjectFiles, upwards, within } from "./project-files.ts";

/** The launcher for a directory's Python tools, such as `uv run `; empty where they are on PATH. */
export function pythonLauncher(project: ProjectFiles, root: string): string {
  for (const directory of upwards(root)) {
    const has = (name: string): boolean => project.has(within(directory, name));
    const { tool } = parseToml(project.read(within(directory, "pyproject.toml")) ?? "");
    const { uv, poetry, pdm } = recordOf(tool);
    const { group, "dev-dependencies": dev } = recordOf(poetry);
    if (has("uv.lock") || uv !== undefined) return "uv run ";
    // Libraries often ignore their lock file; what only the tool itself reads says it as well.
    if (has("poetry.lock") || group !== undefined || dev !== undefined) return "poetry run ";
    if (has("pdm.lock") || recordOf(pdm)["dev-dependencies"] !== undefined) return "pdm run ";
    if (has("Pipfile")) return "pipenv run ";
  }
  return "";
}
