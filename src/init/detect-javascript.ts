import type { RunnerName } from "../config.ts";
import { dependencyNames, type PackageFile, readPackageFile } from "./detect-vitest.ts";
import type { DetectedSuite } from "./detected-suite.ts";
import { entriesOf, isUnder, type ProjectFiles, within } from "./project-files.ts";
import { type ScriptRunner, scriptCommand } from "./script-command.ts";
import { type Candidate, outermost } from "./territory.ts";

/** How the suites of a runner are known that a package.json's scripts start. */
interface Signs {
  readonly runner: Extract<RunnerName, ScriptRunner>;
  /** The names of its own configuration files; null where it has none. */
  readonly configuration: RegExp | null;
  /** Its key in a package.json, which is its dependency's name too; null where it has none. */
  readonly key: string | null;
  readonly testFile: RegExp;
  /** The command where no script says one. */
  readonly command: string;
}

const code = String.raw`\.[cm]?[jt]sx?$`;

/** The names of the files that configure jest. */
export const jestFile = /^jest\.config\.([cm]?[jt]s|json)$/;

const signs: readonly Signs[] = [
  {
    runner: "jest",
    configuration: jestFile,
    key: "jest",
    testFile: new RegExp(String.raw`(\.(test|spec)|(^|/)__tests__/.+)${code}`),
    command: "jest",
  },
  {
    runner: "mocha",
    configuration: /^\.mocharc\.(c?js|mjs|ya?ml|jsonc?)$/,
    key: "mocha",
    testFile: new RegExp(`((^|/)(test|tests|spec)/.+|[._-](test|spec))${code}`),
    command: "mocha",
  },
  {
    runner: "node",
    configuration: null,
    key: null,
    testFile: new RegExp(`((^|/)tests?/.+|[._-]test|(^|/)test(-[^/]*)?)${code}`),
    command: "node --test",
  },
];

/** The suites of jest, mocha and node:test of a project, the ones nearest to its root first. */
export function detectJavaScript(project: ProjectFiles): DetectedSuite[] {
  return signs.flatMap((sign) => {
    const packages = project.paths.filter((path) => /(^|\/)package\.json$/.test(path));
    const directories = [...new Set(packages.map((path) => path.replace(/\/?package\.json$/, "") || "."))];
    const candidates = directories.flatMap((root) => candidateAt(project, root, sign) ?? []);
    const testFiles = project.paths.filter((path) => sign.testFile.test(path));
    return outermost(candidates, testFiles).map(({ root }) => describeSuite(project, root, sign));
  });
}

function candidateAt(project: ProjectFiles, root: string, sign: Signs): Candidate | null {
  const file = readPackageFile(project, root);
  const settings = settingsOf(project, root, file, sign);
  const isMeant = settings !== null || scriptCommand(file, sign.runner) !== null || hasOwnDependency(file, sign);
  if (!isMeant) return null;
  const hasProjects = sign.runner === "jest" && /\bprojects\b["']?\s*:/.test(settings ?? "");
  return { root, declared: hasProjects, covers: (path) => isUnder(root, path) };
}

/** The text of the runner's own configuration in a directory, or null where there is none. */
function settingsOf(project: ProjectFiles, root: string, file: PackageFile, sign: Signs): string | null {
  const { configuration, key } = sign;
  const name = configuration && entriesOf(project, root).find((entry) => configuration.test(entry));
  if (name) return project.read(within(root, name)) ?? "";
  const packaged = key === null ? undefined : (file as Readonly<Record<string, unknown>>)[key];
  return packaged === undefined ? null : JSON.stringify(packaged);
}

/** A dependency alone says it only where no script says that another runner is used. */
function hasOwnDependency(file: PackageFile, { key }: Signs): boolean {
  if (key === null || !dependencyNames(file).includes(key)) return false;
  return (["jest", "mocha", "node", "vitest"] as const).every((other) => scriptCommand(file, other) === null);
}

function describeSuite(project: ProjectFiles, root: string, { runner, command }: Signs): DetectedSuite {
  const file = readPackageFile(project, root);
  const script = scriptCommand(file, runner);
  const source = ["src", "lib", "app"].filter((directory) =>
    project.paths.some((path) => isUnder(within(root, directory), path) && /\.([cm]?[jt]sx?|vue|svelte)$/.test(path)),
  );
  const [directory] = source;
  const notes = [
    ...(script?.notes ?? []),
    directory === undefined ? "coverage of what the tests load: no src, lib or app there" : `coverage of ${directory}`,
  ];
  return {
    root,
    runner,
    command: script?.text ?? command,
    source: directory === undefined ? [] : [directory],
    projectName: file.name?.split("/").at(-1),
    notes,
  };
}
