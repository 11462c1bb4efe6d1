import { readSections } from "./parsers/sections.ts";
import { type ProjectFiles, upwards, within } from "./project-files.ts";

/** The launcher for a directory's Python tools, such as `uv run `; empty where they are on PATH. */
export function pythonLauncher(project: ProjectFiles, root: string): string {
  for (const directory of upwards(root)) {
    const has = (name: string): boolean => project.has(within(directory, name));
    const pyproject = readSections(project.read(within(directory, "pyproject.toml")) ?? "", "toml");
    const holds = (section: RegExp): boolean => [...pyproject.keys()].some((name) => section.test(name));
    if (has("uv.lock") || holds(/^tool\.uv(\.|$)/)) return "uv run ";
    // Libraries often ignore their lock file, so the tool's own settings count too.
    if (has("poetry.lock") || holds(/^tool\.poetry\.(group\.|dev-dependencies$)/)) return "poetry run ";
    if (has("pdm.lock") || holds(/^tool\.pdm\.dev-dependencies$/)) return "pdm run ";
    if (has("Pipfile")) return "pipenv run ";
  }
  return "";
}
