import { posix } from "node:path";
import picomatch from "picomatch";
import { dependencyNames, readPackageFile } from "../../project/package-file.ts";
import { entriesOf, type ProjectFiles, upwards, within } from "../../project/project-files.ts";
import { namedPaths, territoryOf } from "./command-territory.ts";
import { type DetectedSuite, labelOf } from "./detected-suite.ts";
import { javascriptSource } from "./javascript-source.ts";
import { onlyDelegates, scriptCommands } from "./script-command.ts";
import { type Candidate, outermost } from "./territory.ts";

const testFile = /\.(test|spec)\.[cm]?[jt]sx?$/;
const vitestFile = /^vitest\.(config|workspace|projects)\.[cm]?[jt]s$/;
const viteFile = /^vite\.config\.[cm]?[jt]s$/;

/** The vitest suites of a project, those nearest to the root first. */
export function detectVitest(project: ProjectFiles): DetectedSuite[] {
  const names = /(^|\/)(package\.json|(vite|vitest)\.[^/]*)$/;
  const directories = new Set(project.paths.filter((path) => names.test(path)).map((path) => posix.dirname(path)));
  const candidates = [...directories].flatMap((root) => candidateAt(project, root) ?? []);
  const isTest = (path: string): boolean => testFile.test(path) || candidates.some(({ includes }) => includes(path));
  return outermost(candidates, project.paths.filter(isTest)).flatMap(({ root }) => describeSuites(project, root));
}

/** The vitest configuration files of a directory, or the one that the command names; empty where there are none. */
export function vitestFiles(project: ProjectFiles, root: string, command = ""): string[] {
  const named = /\svitest\s.*?\s(?:-c|--config)[=\s]\s*["']?(\S+?)["']?(?=\s|$)/.exec(` ${command}`)?.[1];
  if (named !== undefined) return [within(root, named)].filter((path) => project.has(path));
  const paths = entriesOf(project, root).map((name) => within(root, name));
  const matching = (file: RegExp): string[] => paths.filter((path) => file.test(posix.basename(path)));
  const own = matching(vitestFile);
  // As in vitest, its own file takes precedence over vite's.
  return own.length > 0 ? own : matching(viteFile).filter((path) => /\btest\s*:/.test(project.read(path) ?? ""));
}

/** The text of a directory's vitest configuration; empty where there is none. */
function vitestSettings(project: ProjectFiles, root: string, command = ""): string {
  return vitestFiles(project, root, command)
    .map((path) => project.read(path) ?? "")
    .join("\n");
}

/** The text of the configuration that vitest finds in a parent directory. */
function inheritedSettings(project: ProjectFiles, root: string): string {
  const above = upwards(root).slice(1);
  return above.map((directory) => vitestSettings(project, directory)).find((text) => text !== "") ?? "";
}

interface VitestCandidate extends Candidate {
  /** Whether the configuration includes a file as a test, whatever its name. */
  includes(path: string): boolean;
}

function candidateAt(project: ProjectFiles, root: string): VitestCandidate | null {
  const file = readPackageFile(project, root);
  const commands = scriptCommands(file, "vitest").map(({ text }) => text);
  const settings = vitestSettings(project, root);
  const hasFile = entriesOf(project, root).some((name) => vitestFile.test(name)) || settings !== "";
  if (!hasFile && !dependencyNames(file).includes("vitest") && commands.length === 0) return null;
  // It provides vitest to packages that it delegates to.
  if (!hasFile && commands.length === 0 && onlyDelegates(project, root, file)) return null;
  const runs = (commands.length === 0 ? [""] : commands).map((command) => {
    const own = vitestSettings(project, root, command);
    return {
      globs: includedGlobs(own),
      inherited: own === "" ? includedGlobs(inheritedSettings(project, root)) : [],
      paths: namedPaths(project, root, command.replace(/^.*?\bvitest(\s+run)?/, "")),
      own,
    };
  });
  const includes = picomatch(
    runs.flatMap(({ globs, inherited }) => [...globs, ...inherited].map((glob) => within(root, glob))),
    { dot: true },
  );
  const covers = runs.map(({ globs, paths }) => territoryOf(root, paths.length > 0 ? paths : globs));
  return {
    root,
    // A computed list may include anything.
    declared: runs.some(({ own }) => /\bprojects\s*:|\bdefineWorkspace\b/.test(own) || hasUnreadInclude(own)),
    covers: (path) => covers.some((one) => one(path)),
    includes,
  };
}

const list = /\binclude\s*:\s*\[((?:"[^"]*"|'[^']*'|`[^`]*`|[^\]"'`])*)\]/;

/** The globs of `test.include`; empty where it is unset or computed. */
function includedGlobs(settings: string): string[] {
  const written = list.exec(withoutOthers(settings))?.[1] ?? "";
  const globs = [...written.matchAll(/["'`]([^"'`]+)["'`]/g)].map((match) => posix.join(".", match[1] ?? ""));
  return globs.filter((glob) => !glob.includes("$"));
}

function hasUnreadInclude(settings: string): boolean {
  const written = withoutOthers(settings);
  return /\binclude\s*:/.test(written) && includedGlobs(settings).length === 0;
}

const block = (name: string): RegExp => new RegExp(`\\b${name}\\s*:\\s*\\{(?:[^{}]|\\{[^{}]*\\})*\\}`, "g");
const coverageBlock = new RegExp(block("coverage").source);

/** The settings without nested objects that have their own `include`. */
function withoutOthers(settings: string): string {
  return ["coverage", "optimizeDeps", "typecheck", "benchmark", "deps", "optimizer", "server"].reduce(
    (text, name) => text.replace(block(name), ""),
    settings,
  );
}

/** One suite for each start of vitest in the script. */
function describeSuites(project: ProjectFiles, root: string): DetectedSuite[] {
  const file = readPackageFile(project, root);
  const scripts = scriptCommands(file, "vitest");
  return (scripts.length === 0 ? [{ text: "vitest run", notes: [] }] : scripts).map(({ text, notes }, _index, all) => {
    const source = vitestSource(project, root, text);
    return {
      root,
      runner: "vitest",
      command: text,
      source: source.places,
      projectName: file.name?.split("/").at(-1),
      notes: [...notes, source.note],
      ...(all.length > 1 ? { label: labelOf(text) } : {}),
    };
  });
}

function vitestSource(project: ProjectFiles, root: string, command: string): ReturnType<typeof javascriptSource> {
  const coverage = coverageBlock.exec(vitestSettings(project, root, command))?.[0] ?? "";
  if (/\binclude\s*:/.test(coverage)) {
    return { places: [], note: "coverage of what coverage.include in vitest's configuration names" };
  }
  return javascriptSource(project, root);
}
