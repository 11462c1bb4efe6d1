import { readSections } from "./parsers/sections.ts";
import { type ProjectFiles, within } from "./project-files.ts";

/** Pytest's configuration files → relevant sections; an empty list means that the file's existence is enough. */
const configurationFiles: ReadonlyArray<readonly [string, readonly string[]]> = [
  ["pytest.toml", []],
  [".pytest.toml", []],
  ["pytest.ini", []],
  [".pytest.ini", []],
  ["pyproject.toml", ["tool.pytest", "tool.pytest.ini_options"]],
  ["tox.ini", ["pytest"]],
  ["setup.cfg", ["tool:pytest"]],
];

/** All file names in which pytest may be configured. */
export const pytestFiles = configurationFiles.map(([name]) => name);

/** The pytest configuration of a directory. */
export interface PytestConfiguration {
  /** Relative to the project's root. */
  readonly file: string;
  readonly settings: ReadonlyMap<string, string>;
}

/** The pytest configuration of a directory; null where there is none. */
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

/** The pytest settings of a directory, or null where there are none. */
export function pytestSettings(project: ProjectFiles, directory: string): ReadonlyMap<string, string> | null {
  return pytestConfiguration(project, directory)?.settings ?? null;
}
