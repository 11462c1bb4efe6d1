import type { RunnerName } from "../../config/runner-facts.ts";
import { dependencyNames, type PackageFile, readPackageFile } from "../../project/package-file.ts";
import { entriesOf, type ProjectFiles, within } from "../../project/project-files.ts";
import { namedPaths, namesPaths, territoryOf } from "./command-territory.ts";
import { type DetectedSuite, labelOf } from "./detected-suite.ts";
import { javascriptSource } from "./javascript-source.ts";
import { onlyDelegates, type ScriptRunner, scriptCommand, scriptCommands } from "./script-command.ts";
import { type Candidate, outermost } from "./territory.ts";

/** How to recognize suites of a runner that scripts in package.json start. */
interface Signs {
  readonly runner: Extract<RunnerName, ScriptRunner>;
  /** Its configuration file names; null where it has none. */
  readonly configuration: RegExp | null;
  /** Its key in package.json and dependency name; null where it has none. */
  readonly key: string | null;
  readonly testFile: RegExp;
  /** The default command, without a script. */
  readonly content: RegExp | null;
  /** What in its configuration says that suites in other directories are named there; null where it cannot. */
  readonly projects: RegExp | null;
  /** Where it looks for tests in a directory where neither configuration nor command says so; null where it looks everywhere. */
  readonly place: ((settings: string | null) => string) | null;
  /** The command where no script says one. */
  readonly command: string;
}

const code = String.raw`\.[cm]?[jt]sx?$`;

/** Names of jest's configuration files. */
export const jestFile = /^jest\.config\.([cm]?[jt]s|json)$/;

const signs: readonly Signs[] = [
  {
    runner: "jest",
    configuration: jestFile,
    key: "jest",
    testFile: new RegExp(String.raw`(\.(test|spec)|(^|/)__tests__/.+)${code}`),
    content: null,
    projects: /\bprojects\b["']?\s*:/,
    place: null,
    command: "jest",
  },
  {
    runner: "mocha",
    configuration: /^\.mocharc\.(c?js|mjs|ya?ml|jsonc?)$/,
    key: "mocha",
    testFile: new RegExp(`((^|/)(test|tests|spec)/.+|[._-](test|spec))${code}`),
    content: null,
    projects: null,
    place: (settings) =>
      /\bspec["']?\s*:\s*([^\n]*(?:\n\s+-.*)*)/.exec(settings ?? "")?.[1]?.replace(/[[\],}]|^\s*-/gm, " ") ?? "test",
    command: "mocha",
  },
  {
    runner: "node",
    configuration: null,
    key: null,
    testFile: new RegExp(`((^|/)tests?/.+|[._-]test|(^|/)test(-[^/]*)?)${code}`),
    // To node, a script that asserts is a test.
    content: /\bassert\b/,
    projects: null,
    place: null,
    command: "node --test",
  },
];

/** Whether a file contains tests, by name or content, and is not only a helper. */
function holdsTests(project: ProjectFiles, path: string, { content }: Signs): boolean {
  if (/[._-](test|spec)\.[cm]?[jt]sx?$|(^|\/)__tests__\//.test(path)) return true;
  const text = project.read(path) ?? "";
  if (content?.test(text)) return true;
  return /\b(describe|it|test|suite|context|specify)\s*(\.\w+\s*)?\(|["'](node:)?test["']/.test(text);
}

/** The suites of jest, mocha and node:test, those nearest to the root first. */
export function detectJavaScript(project: ProjectFiles): DetectedSuite[] {
  return signs.flatMap((sign) => {
    const packages = project.paths.filter((path) => /(^|\/)package\.json$/.test(path));
    const directories = [...new Set(packages.map((path) => path.replace(/\/?package\.json$/, "") || "."))];
    const candidates = directories.flatMap((root) => candidateAt(project, root, sign) ?? []);
    const testFiles = project.paths.filter((path) => sign.testFile.test(path) && holdsTests(project, path, sign));
    return outermost(candidates, testFiles).flatMap(({ root }) => describeSuites(project, root, sign));
  });
}

function candidateAt(project: ProjectFiles, root: string, sign: Signs): Candidate | null {
  const file = readPackageFile(project, root);
  const settings = settingsOf(project, root, file, sign);
  const commands = scriptCommands(file, sign.runner);
  const isMeant = settings !== null || commands.length > 0 || hasOwnDependency(file, sign);
  if (!isMeant || (commands.length === 0 && settings === null && onlyDelegates(project, root, file))) return null;
  const hasProjects = sign.projects?.test(settings ?? "") === true;
  const covers = commands.map(({ text }) => territoryOf(root, pathsOf(project, root, sign, text, settings)));
  if (covers.length === 0) covers.push(territoryOf(root, pathsOf(project, root, sign, "", settings)));
  const saysWhich = /\b(testMatch|testRegex|spec)\b["']?\s*:/.test(settings ?? "");
  const namesFiles = commands.some(({ text }) => namedPaths(project, root, wordsBehind(text)).length > 0);
  // Files that configuration or command name explicitly may have any name.
  return { root, declared: hasProjects || saysWhich || namesFiles, covers: (path) => covers.some((one) => one(path)) };
}

/** The arguments of a command's runner. */
function wordsBehind(command: string): string {
  return command.replace(/^.*?(?:(?:jest|mocha)(?:\.js)?(?=\s|$)|--test(?=\s|$))/, "");
}

/** The paths that a command names; for mocha also its `spec`, else its default. */
function pathsOf(
  project: ProjectFiles,
  root: string,
  { place }: Signs,
  command: string,
  settings: string | null,
): string[] {
  const words = wordsBehind(command);
  // Plain words are patterns of names to jest.
  const named = namedPaths(project, root, words);
  // What is built from the tests lies nowhere yet.
  if (named.length > 0 || place === null || namesPaths(words)) return named;
  return namedPaths(project, root, place(settings));
}

/** The text of the runner's configuration in a directory, or null where there is none. */
function settingsOf(project: ProjectFiles, root: string, file: PackageFile, sign: Signs): string | null {
  const { configuration, key } = sign;
  const name = configuration && entriesOf(project, root).find((entry) => configuration.test(entry));
  if (name) return project.read(within(root, name)) ?? "";
  const packaged = key === null ? undefined : (file as Readonly<Record<string, unknown>>)[key];
  return packaged === undefined ? null : JSON.stringify(packaged);
}

/** A dependency alone is a sign only where no script uses another runner. */
function hasOwnDependency(file: PackageFile, { key }: Signs): boolean {
  if (key === null || !dependencyNames(file).includes(key)) return false;
  return (["jest", "mocha", "node", "vitest"] as const).every((other) => scriptCommand(file, other) === null);
}

/** One suite for each start of the runner in the script. */
function describeSuites(project: ProjectFiles, root: string, { runner, command }: Signs): DetectedSuite[] {
  const file = readPackageFile(project, root);
  const source = javascriptSource(project, root);
  const scripts = scriptCommands(file, runner);
  const plain = { text: command, notes: [], label: undefined };
  return (scripts.length === 0 ? [plain] : scripts).map(({ text, notes }, _index, all) => ({
    root,
    runner,
    command: text,
    source: source.places,
    projectName: file.name?.split("/").at(-1),
    notes: [...notes, source.note],
    ...(all.length > 1 ? { label: labelOf(text) } : {}),
  }));
}
