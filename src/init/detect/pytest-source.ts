import { readSections } from "../../project/parsers/sections.ts";
import { entriesOf, type ProjectFiles, within } from "../../project/project-files.ts";
import type { PytestRun } from "./pytest-runs.ts";

/** Which directories count for coverage, and where that was read. */
export interface FoundSource {
  /** Relative to the suite's root; empty leaves it to the runner's own configuration. */
  readonly directories: readonly string[];
  readonly note: string;
}

const coverageFiles: ReadonlyArray<readonly [string, string]> = [
  [".coveragerc", "run"],
  ["pyproject.toml", "tool.coverage.run"],
  ["setup.cfg", "coverage:run"],
  ["tox.ini", "coverage:run"],
];
const notSource =
  /^(tests?|testing|docs?|examples?|scripts?|tools|benchmarks?|migrations|alembic|versions|build|dist|node_modules|e2e)$/;
/** Modules at the root that are about the project, and not part of what it does. */
const notModule = /^(setup|conftest|noxfile|fabfile|tasks|manage|versioneer|test_.*|.*_test|__init__|__main__)$/;

/**
 * What a pytest suite's coverage is measured on; `settings` is its pytest configuration, where it has one, `script` the run
 * of a script that names it.
 */
export function pytestSource(
  project: ProjectFiles,
  root: string,
  settings: ReadonlyMap<string, string> | null,
  script: PytestRun | null,
): FoundSource {
  if (script?.source.every((name) => isThere(project, root, name))) {
    const { file, name } = script.line;
    return { directories: script.source, note: `coverage of ${script.source.join(", ")}, read in ${file} (${name})` };
  }
  for (const [name, section] of coverageFiles) {
    const text = project.read(within(root, name));
    const run = text === null ? undefined : readSections(text, name.endsWith(".toml") ? "toml" : "ini").get(section);
    if (run?.has("source") || run?.has("source_pkgs")) {
      return { directories: [], note: `coverage of what ${within(root, name)} names as source` };
    }
  }
  if (/(^|[\s"'])--cov[=\s]\s*[\w./]/.test(settings?.get("addopts") ?? "")) {
    return { directories: [], note: "coverage of what --cov in pytest's addopts names" };
  }
  return guessedSource(project, root);
}

/** Whether a name is a directory, a file or a package of the suite. */
function isThere(project: ProjectFiles, root: string, name: string): boolean {
  const path = name.replaceAll(".", "/");
  const places = [name, path, `${path}.py`, `src/${path}`].map((place) => within(root, place));
  return places.some((place) => project.has(place) || project.paths.some((other) => other.startsWith(`${place}/`)));
}

/** The modules at the root that the project installs beside its packages: `py_modules` of setuptools. */
function installedModules(project: ProjectFiles, root: string): string[] {
  const written = ["setup.py", "setup.cfg", "pyproject.toml"].map((name) => project.read(within(root, name)) ?? "");
  return written.flatMap((text) => {
    const listed =
      /^\s*(?:py_modules|py-modules)\s*=\s*(\[[^\]]*\]|[^\n]*(?:\n[ \t]+\w+[ \t]*$)*)/m.exec(text)?.[1] ?? "";
    return [...listed.matchAll(/\w+/g)].map(([name]) => name).filter((name) => project.has(within(root, `${name}.py`)));
  });
}

function guessedSource(project: ProjectFiles, root: string): FoundSource {
  const directories = entriesOf(project, root).filter((name) => !notSource.test(name) && !name.includes("."));
  const holdsPython = (directory: string): boolean =>
    project.paths.some((path) => path.startsWith(`${within(root, directory)}/`) && path.endsWith(".py"));
  if (directories.includes("src") && holdsPython("src")) return { directories: ["src"], note: "coverage of src" };
  const packages = directories.filter((name) => project.has(within(root, `${name}/__init__.py`)));
  const installed = installedModules(project, root);
  const found = packages.length + installed.length > 0 ? [...packages, ...installed] : directories.filter(holdsPython);
  if (found.length > 0) return { directories: found, note: `coverage of ${found.join(", ")}` };
  const modules = entriesOf(project, root).flatMap((name) => {
    const module = /^(\w+)\.py$/.exec(name)?.[1];
    return module === undefined || notModule.test(module) ? [] : [module];
  });
  if (modules.length > 0) return { directories: modules, note: `coverage of ${modules.join(", ")}` };
  return { directories: [], note: 'found no directory of Python source: name what counts for coverage in "source"' };
}
