import { posix } from "node:path";
import { parseToml, recordOf } from "../../project/parsers/loose-values.ts";
import { wordsOf } from "../../project/parsers/sections.ts";
import { entriesOf, isUnder, type ProjectFiles, upwards, within } from "../../project/project-files.ts";
import { pytestFiles, pytestSettings } from "../../project/pytest-configuration.ts";
import type { DetectedSuite } from "./detected-suite.ts";
import { djangoSettings, djangoTestFile } from "./django-tests.ts";
import { pytestCommand } from "./pytest-command.ts";
import { pytestSource } from "./pytest-source.ts";
import { type Candidate, outermost } from "./territory.ts";
import { uncollectedNote } from "./uncollected-tests.ts";

const projectFiles =
  /^(pyproject\.toml|setup\.(py|cfg)|tox\.ini|Pipfile|requirements[^/]*\.txt|manage\.py|uv\.lock|poetry\.lock)$/;
const testFile = /(^|\/)(test_[^/]*|[^/]*_test)\.py$/;
const testContent = /^\s*(async\s+)?(def\s+test|class\s+Test|class\s+\w+\(.*TestCase)/m;

/** The pytest suites of a project, those nearest to the root first. */
export function detectPytest(project: ProjectFiles): DetectedSuite[] {
  const isTest = (path: string): boolean =>
    testFile.test(path) ||
    (djangoTestFile.test(path) &&
      upwards(posix.dirname(path)).some((place) => djangoSettings(project, place) !== null));
  const tests = project.paths.filter((path) => isTest(path) && testContent.test(project.read(path) ?? ""));
  // Without any test, a conftest.py shows where tests will be.
  const testFiles = tests.length > 0 ? tests : project.paths.filter((path) => /(^|\/)conftest\.py$/.test(path));
  const declared = declaredRoots(project);
  const strays = testFiles.filter((path) => !declared.some((candidate) => candidate.covers(path)));
  const declaredDirectories = new Set(declared.map((candidate) => candidate.root));
  const implied = [...new Set(strays.map((path) => projectDirectory(project, path, declaredDirectories)))]
    .filter((root) => !declaredDirectories.has(root))
    .map((root): Candidate => ({ root, declared: false, covers: (path) => isUnder(root, path) }));
  const roots = outermost([...declared, ...implied], testFiles).map((candidate) => candidate.root);
  return roots.map((root) => describeSuite(project, root, testFiles, roots.length === 1));
}

function declaredRoots(project: ProjectFiles): Candidate[] {
  const names = new Set(pytestFiles);
  const directories = new Set(
    project.paths.filter((path) => names.has(posix.basename(path))).map((path) => posix.dirname(path)),
  );
  const candidates = [...directories].flatMap((root) => {
    const settings = pytestSettings(project, root);
    if (settings === null) return [];
    const paths = wordsOf(settings.get("testpaths") ?? "").map((path) => within(root, path.replace(/\*.*$/, "")));
    const territory = paths.length > 0 ? paths.map((path) => path.replace(/\/$/, "")) : [root];
    const covers = (path: string): boolean => territory.some((directory) => isUnder(directory, path));
    return [{ root, covers, declared: settings.has("python_files") }];
  });
  // Configuration in tests/ of a configured project belongs to that project's suite.
  return candidates.filter(
    ({ root }) =>
      isProject(project, root) ||
      !candidates.some((outer) => outer.root !== root && isUnder(outer.root, root) && outer.covers(`${root}/`)),
  );
}

/** Whether a directory has its own dependencies or package, besides test configuration. */
function isProject(project: ProjectFiles, directory: string): boolean {
  return entriesOf(project, directory).some((name) => projectFiles.test(name) && !/^(tox\.ini|setup\.cfg)$/.test(name));
}

/** The directory in which pytest would be started for a test file without configuration. */
function projectDirectory(project: ProjectFiles, path: string, declared: ReadonlySet<string>): string {
  const directory = posix.dirname(path);
  const nearest = upwards(directory).find(
    (above) => declared.has(above) || entriesOf(project, above).some((name) => projectFiles.test(name)),
  );
  if (nearest !== undefined) return nearest;
  const segments = directory.split("/");
  const tests = segments.findIndex((segment) => /^tests?$/.test(segment));
  return tests === -1 ? directory : segments.slice(0, tests).join("/") || ".";
}

function describeSuite(
  project: ProjectFiles,
  root: string,
  testFiles: readonly string[],
  isOnlySuite: boolean,
): DetectedSuite {
  const settings = pytestSettings(project, root);
  const found = settings?.has("testpaths") ? [] : testFiles;
  const { text, notes: read, run } = pytestCommand(project, root, isOnlySuite, found);
  const named = run !== null && run.directory === root && run.source.length > 0 ? run : null;
  const source = pytestSource(project, root, settings, named);
  const uncollected = run === null ? uncollectedNote(project, root, settings) : null;
  const notes = [...read, source.note, ...(uncollected === null ? [] : [uncollected])];
  const needed = ["pytest-cov", ...(djangoSettings(project, root) === null ? [] : ["pytest-django"])];
  const unlisted = needed.filter((plugin) => !mentionsPlugin(project, root, plugin));
  if (unlisted.length > 0) notes.push(`add ${unlisted.join(" and ")} to your dev dependencies`);
  return {
    root,
    runner: "pytest",
    command: text,
    source: source.directories,
    projectName: projectName(project, root),
    notes,
    ...(run?.failUnder ? { failUnder: { share: run.failUnder, place: `${run.line.file} (${run.line.name})` } } : {}),
  };
}

function mentionsPlugin(project: ProjectFiles, root: string, plugin: string): boolean {
  const lists = /^(pyproject\.toml|setup\.(py|cfg)|tox\.ini|Pipfile|.*requirements.*\.(txt|in)|environment\.ya?ml)$/;
  return upwards(root).some((directory) =>
    [directory, within(directory, "requirements")].some((place) =>
      entriesOf(project, place).some((name) => {
        const isList = lists.test(name) || place !== directory;
        return isList && (project.read(within(place, name)) ?? "").replaceAll("_", "-").includes(plugin);
      }),
    ),
  );
}

function projectName(project: ProjectFiles, root: string): string | undefined {
  const settings = parseToml(project.read(within(root, "pyproject.toml")) ?? "");
  const name = recordOf(settings.project).name ?? recordOf(recordOf(settings.tool).poetry).name;
  return typeof name === "string" && name !== "" ? name : undefined;
}
