import { posix } from "node:path";
import type { DetectedSuite } from "./detected-suite.ts";
import { entriesOf, isUnder, type ProjectFiles, within } from "./project-files.ts";
import { type Candidate, outermost } from "./territory.ts";
import { vitestCommand } from "./vitest-command.ts";

const testFile = /\.(test|spec)\.[cm]?[jt]sx?$/;
const vitestFile = /^vitest\.(config|workspace|projects)\.[cm]?[jt]s$/;
const viteFile = /^vite\.config\.[cm]?[jt]s$/;

/** What package.json says that matters here; a broken one says nothing. */
export interface PackageFile {
  readonly name?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A directory's package.json, or an empty one where there is none or it cannot be read. */
export function readPackageFile(project: ProjectFiles, directory: string): PackageFile {
  try {
    const parsed: unknown = JSON.parse(project.read(within(directory, "package.json")) ?? "{}");
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** The names of all packages that a package.json lists, for running, for developing or as what its users bring. */
export function dependencyNames(file: PackageFile): string[] {
  const lists = [file.dependencies, file.devDependencies, file.peerDependencies, file.optionalDependencies];
  return [...new Set(lists.flatMap((list) => Object.keys(list ?? {})))];
}

/** The vitest suites of a project, the ones nearest to its root first. */
export function detectVitest(project: ProjectFiles): DetectedSuite[] {
  const testFiles = project.paths.filter((path) => testFile.test(path));
  const names = /(^|\/)(package\.json|(vite|vitest)\.[^/]*)$/;
  const directories = new Set(project.paths.filter((path) => names.test(path)).map((path) => posix.dirname(path)));
  const candidates = [...directories].flatMap((root) => candidateAt(project, root) ?? []);
  return outermost(candidates, testFiles).map(({ root }) => describeSuite(project, root));
}

/** The paths of a directory's vitest configuration; empty where vitest has none of its own there. */
export function vitestFiles(project: ProjectFiles, root: string): string[] {
  const paths = entriesOf(project, root).map((name) => within(root, name));
  const matching = (file: RegExp): string[] => paths.filter((path) => file.test(posix.basename(path)));
  const own = matching(vitestFile);
  // As vitest does: its own file wins over the one it shares with vite.
  return own.length > 0 ? own : matching(viteFile).filter((path) => /\btest\s*:/.test(project.read(path) ?? ""));
}

/** The text of a directory's vitest configuration; empty where vitest has none of its own there. */
function vitestSettings(project: ProjectFiles, root: string): string {
  return vitestFiles(project, root)
    .map((path) => project.read(path) ?? "")
    .join("\n");
}

function candidateAt(project: ProjectFiles, root: string): Candidate | null {
  const file = readPackageFile(project, root);
  const settings = vitestSettings(project, root);
  const hasFile = entriesOf(project, root).some((name) => vitestFile.test(name)) || settings !== "";
  if (!hasFile && !dependencyNames(file).includes("vitest")) return null;
  const territory = includedDirectories(settings).map((directory) => within(root, directory).replace(/\/$/, ""));
  const hasProjects = /\bprojects\s*:|\bdefineWorkspace\b/.test(settings);
  return {
    root,
    declared: hasProjects,
    covers: (path) => (territory.length > 0 ? territory : [root]).some((directory) => isUnder(directory, path)),
  };
}

/** The directories that `test.include` is limited to; empty where it is not. */
function includedDirectories(settings: string): string[] {
  const list = /\binclude\s*:\s*\[([^\]]*)\]/.exec(withoutCoverage(settings))?.[1] ?? "";
  const globs = [...list.matchAll(/["'`]([^"'`]+)["'`]/g)].map((match) => match[1] ?? "");
  const directories = globs.map((glob) => posix.join(".", glob.replace(/[^/]*[*{?[(].*$/, "")));
  return directories.includes(".") || directories.includes("./") ? [] : directories;
}

const coverageBlock = /\bcoverage\s*:\s*\{(?:[^{}]|\{[^{}]*\})*\}/;

function withoutCoverage(settings: string): string {
  return settings.replace(coverageBlock, "");
}

function describeSuite(project: ProjectFiles, root: string): DetectedSuite {
  const file = readPackageFile(project, root);
  const command = vitestCommand(file);
  const source = vitestSource(project, root);
  const notes = [...command.notes, ...source.notes];
  const dependencies = new Set([...dependencyNames(file), ...dependencyNames(readPackageFile(project, "."))]);
  if (!dependencies.has("@vitest/coverage-v8") && !dependencies.has("@vitest/coverage-istanbul")) {
    notes.push("needs a coverage provider: `npm install --save-dev @vitest/coverage-v8`, of vitest's own version");
  }
  const projectName = file.name?.split("/").at(-1);
  return { root, runner: "vitest", command: command.text, source: source.directories, projectName, notes };
}

function vitestSource(project: ProjectFiles, root: string): { directories: string[]; notes: string[] } {
  const coverage = coverageBlock.exec(vitestSettings(project, root))?.[0] ?? "";
  if (/\binclude\s*:/.test(coverage)) {
    return { directories: [], notes: ["coverage of what coverage.include in vitest's configuration names"] };
  }
  const holdsSource = (directory: string): boolean =>
    project.paths.some((path) => isUnder(within(root, directory), path) && /\.([cm]?[jt]sx?|vue|svelte)$/.test(path));
  const directory = ["src", "lib"].find(holdsSource);
  if (directory !== undefined) return { directories: [directory], notes: [`coverage of ${directory}`] };
  return { directories: [], notes: ["coverage of what the tests load: no src or lib there"] };
}
