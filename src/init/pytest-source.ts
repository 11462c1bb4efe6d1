import { entriesOf, type ProjectFiles, within } from "./project-files.ts";
import { readSections } from "./sections.ts";

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

/** What a pytest suite's coverage is measured on; `settings` is its pytest configuration, where it has one. */
export function pytestSource(
  project: ProjectFiles,
  root: string,
  settings: ReadonlyMap<string, string> | null,
): FoundSource {
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

function guessedSource(project: ProjectFiles, root: string): FoundSource {
  const directories = entriesOf(project, root).filter((name) => !notSource.test(name) && !name.includes("."));
  const holdsPython = (directory: string): boolean =>
    project.paths.some((path) => path.startsWith(`${within(root, directory)}/`) && path.endsWith(".py"));
  if (directories.includes("src") && holdsPython("src")) return { directories: ["src"], note: "coverage of src" };
  const packages = directories.filter((name) => project.has(within(root, `${name}/__init__.py`)));
  const found = packages.length > 0 ? packages : directories.filter(holdsPython);
  if (found.length > 0) return { directories: found, note: `coverage of ${found.join(", ")}` };
  return { directories: [], note: 'found no directory of Python source: name what counts for coverage in "source"' };
}
