import { readSections } from "./parsers/sections.ts";
import { type ProjectFiles, within } from "./project-files.ts";

/** Where pytest is configured: file name → the sections that count; an empty list means that the file alone says it. */
const configurationFiles: ReadonlyArray<readonly [string, readonly string[]]> = [
  ["pytest.toml", []],
  [".pytest.toml", []],
  ["pytest.ini", []],
  [".pytest.ini", []],
  ["pyproject.toml", ["tool.pytest", "tool.pytest.ini_options"]],
  ["tox.ini", ["pytest"]],
  ["setup.cfg", ["tool:pytest"]],
];

/** The names of all files in which pytest may be configured. */
export const pytestFiles = configurationFiles.map(([name]) => name);

/** A directory's own configuration of pytest. */
export interface PytestConfiguration {
  /** Relative to the project's root. */
  readonly file: string;
  readonly settings: ReadonlyMap<string, string>;
}

/** Where pytest is configured in a directory, and how; null where it is not. */
export function pytestConfiguration(project: ProjectFiles, directory: string): PytestConfiguration | null {
  for (const [name, wanted] of configurationFiles) {
    const file = within(directory, name);
    const text = project.read(file);
    if (text === null) continue;
    const sections = readSections(text, name.endsWith(".toml") ? "toml" : "ini");
    const found = (wanted.length > 0 ? wanted : ["pytest"]).find((section) => sections.has(section));
    const settings = found === undefined ? undefined : sections.get(found);
    if (settings !== undefined) return { file, settings };
    if (wanted.length === 0) return { file, settings: new Map() };
  }
  return null;
}

/** The settings of pytest in a directory's own configuration, or null where there is none. */
export function pytestSettings(project: ProjectFiles, directory: string): ReadonlyMap<string, string> | null {
  return pytestConfiguration(project, directory)?.settings ?? null;
}
