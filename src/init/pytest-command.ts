import { entriesOf, type ProjectFiles, upwards, within } from "./project-files.ts";
import { readSections } from "./sections.ts";

/** The marker expression that the project's own scripts give to pytest's `-m`, where they agree on one. */
export interface MarkerSelection {
  readonly expression: string | null;
  readonly notes: readonly string[];
}

const workflowFile = /^\.github\/workflows\/[^/]+\.ya?ml$/;
const scriptFiles = ["Makefile", "moon.yml", "package.json", "tox.ini"];
/** `pytest … -m "EXPRESSION"` in one command; quotes may be escaped, as they are in JSON and YAML. */
const markedRun = /\bpytest\b(?:(?![;|&\n]|\s-m[\s=]).)*\s-m[\s=]\s*(?:\\?"((?:[^"\\])+)\\?"|'([^']+)'|([\w]+))/g;

/** The launcher of a directory's Python tools, such as `uv run `; empty where they are on PATH. */
export function pythonLauncher(project: ProjectFiles, root: string): string {
  for (const directory of upwards(root)) {
    const has = (name: string): boolean => project.has(within(directory, name));
    const pyproject = readSections(project.read(within(directory, "pyproject.toml")) ?? "", "toml");
    if (has("uv.lock") || [...pyproject.keys()].some((name) => /^tool\.uv(\.|$)/.test(name))) return "uv run ";
    if (has("poetry.lock")) return "poetry run ";
    if (has("Pipfile")) return "pipenv run ";
  }
  return "";
}

/** The command that runs the suite, as one would type it. */
export function pytestCommand(project: ProjectFiles, root: string, markers: string | null): string {
  const command = `${pythonLauncher(project, root)}pytest`;
  if (markers === null) return command;
  return `${command} -m ${/^\w+$/.test(markers) ? markers : `"${markers}"`}`;
}

/**
 * Looks for `pytest -m EXPRESSION` in the scripts of the suite's root and, where it is the only pytest suite, in those
 * above it and in the workflows. Only an expression that nothing contradicts is kept: a guess that leaves tests out would
 * call something verified that was not run.
 */
export function markerSelection(project: ProjectFiles, root: string, isOnlySuite: boolean): MarkerSelection {
  const directories = isOnlySuite ? upwards(root) : [root];
  const scripts = directories.flatMap((directory) => scriptFiles.map((name) => within(directory, name)));
  const workflows = isOnlySuite
    ? entriesOf(project, ".github/workflows").map((name) => `.github/workflows/${name}`)
    : [];
  const found = new Map<string, string>();
  for (const path of [...scripts, ...workflows.filter((file) => workflowFile.test(file))]) {
    for (const match of (project.read(path) ?? "").matchAll(markedRun)) {
      const expression = (match[1] ?? match[2] ?? match[3] ?? "").trim();
      if (isMarkerExpression(expression) && !found.has(expression)) found.set(expression, path);
    }
  }
  const [only] = found;
  if (only === undefined) return { expression: null, notes: [] };
  if (found.size === 1) return { expression: only[0], notes: [`keeps -m "${only[0]}", read in ${only[1]}`] };
  const choices = [...found].map(([expression, path]) => `"${expression}" in ${path}`).join(", ");
  return {
    expression: null,
    notes: [`runs every test: -m differs between ${choices}; add the one you want to "command"`],
  };
}

/** Names, `not`, `and`, `or` and parentheses; anything else (a shell variable, a template) is no expression to copy. */
function isMarkerExpression(text: string): boolean {
  return /^[\w\s()]+$/.test(text) && text !== "";
}
