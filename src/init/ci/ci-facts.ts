/** The workflow or pipeline that `verify init --ci` writes: what the repository needs on a machine of CI. */
import { posix } from "node:path";
import { runnerFacts } from "../../config/runner-facts.ts";
import type { Config } from "../../config/schema.ts";
import { dependencyNames, readPackageFile } from "../../project/package-file.ts";
import { lockFilesOf, type PackageManager, programCalls } from "../../project/package-manager.ts";
import { withoutAssignments } from "../../project/package-script.ts";
import { parseToml, recordOf } from "../../project/parsers/loose-values.ts";
import { entriesOf, type ProjectFiles, upwards, within } from "../../project/project-files.ts";
import { pythonLauncher } from "../../project/python-launcher.ts";

/** How Node packages are installed and the program is called. */
export interface NodeFacts {
  readonly manager: PackageManager["name"];
  /** Relative to the repository's root; null where it has none, so that nothing can be cached by it. */
  readonly lockFile: string | null;
  readonly install: string;
  /** Yarn 2 or later, which comes with corepack. */
  readonly isModernYarn: boolean;
  /** Whether package.json names the manager's version. */
  readonly isDeclared: boolean;
  /** What the program's name stands behind, such as `npx`. */
  readonly call: string;
  /** A file that names the Node version; null where there is none. */
  readonly versionFile: string | null;
  /** Directories with a lock file of their own, each with its install command. */
  readonly others: readonly { readonly directory: string; readonly install: string }[];
}

/** How the Python packages of a directory are installed. */
export interface PythonFacts {
  readonly directory: string;
  readonly manager: "uv" | "poetry" | "pdm" | "pipenv" | "pip";
  readonly install: string;
  /** The files that name its packages, relative to the repository's root. */
  readonly lists: readonly string[];
  /** A file that names the Python version, relative to the repository's root; null where there is none. */
  readonly versionFile: string | null;
}

/** What a machine of CI needs to verify the repository. */
export interface CiFacts {
  /** The version of pushproof that asks for receipts. */
  readonly version: string;
  readonly base: string;
  readonly node: NodeFacts;
  readonly python: readonly PythonFacts[];
  /** Task runners that the suites begin with and that no package brings. */
  readonly tools: readonly string[];
  /** The image of the Postgres that runs as a service; null where the embedded one does, or none is needed. */
  readonly postgresImage: string | null;
  /** Whether the embedded Postgres is used, whose files are kept between runs. */
  readonly isEmbedded: boolean;
  /** Files on which what is cached between runs depends. */
  readonly cacheInputs: readonly string[];
}

/** The comment above what was written; `command` wrote it. */
export function heading({ base }: CiFacts, command: string): string[] {
  return [
    `# Verifies what is proposed for ${base}, and ${base} itself. A tree that a trusted receipt proves is not run`,
    `# again. Written by \`${command}\`; it is yours to change.`,
  ];
}

/** What the facts of CI are found from. */
export interface CiRequest {
  readonly project: ProjectFiles;
  readonly config: Config;
  /** The configuration's file, relative to the repository's root. */
  readonly configFile: string;
  readonly manager: PackageManager;
  readonly version: string;
  /** Whether the project has a Postgres server of its own. */
  readonly hasServer: boolean;
}

/** Finds what CI needs from the project's files and its configuration. */
export function ciFacts({ project, config, configFile, manager, version, hasServer }: CiRequest): CiFacts {
  const node = nodeFacts(project, config, manager);
  const { database } = config;
  return {
    version,
    base: config.base,
    node,
    python: pythonFacts(project, config),
    tools: toolsOf(project, config),
    postgresImage: hasServer && database !== false ? `postgres:${database.version}` : null,
    isEmbedded: database !== false && !hasServer,
    cacheInputs: [...(node.lockFile === null ? [] : [node.lockFile]), configFile],
  };
}

function nodeFacts(project: ProjectFiles, config: Config, { name, ignoresPrepare }: PackageManager): NodeFacts {
  const lockIn = (directory: string): string | null =>
    lockFilesOf[name].map((file) => within(directory, file)).find((file) => project.has(file)) ?? null;
  const lockFile = lockIn(".");
  const roots = config.suites
    .filter(({ runner }) => runnerFacts[runner].language !== "python")
    .map(
      ({ root }) =>
        upwards(posix.normalize(root).replace(/(?<=.)\/$/, "")).find((directory) => lockIn(directory) !== null) ?? ".",
    );
  const others = [...new Set(roots)].filter((directory) => directory !== ".");
  return {
    manager: name,
    lockFile,
    install: installOf(name, lockFile !== null, ignoresPrepare),
    isModernYarn: ignoresPrepare,
    isDeclared: /"packageManager"\s*:/.test(project.read("package.json") ?? ""),
    call: programCalls[name],
    versionFile: [".nvmrc", ".node-version"].find((file) => project.has(file)) ?? null,
    others: others.map((directory) => ({ directory, install: installOf(name, true, ignoresPrepare) })),
  };
}

/** The install that takes the lock file as it is. */
function installOf(name: PackageManager["name"], isLocked: boolean, isModernYarn: boolean): string {
  if (!isLocked) return `${name} install`;
  if (name === "npm") return "npm ci";
  return name === "yarn" && isModernYarn ? "yarn install --immutable" : `${name} install --frozen-lockfile`;
}

function pythonFacts(project: ProjectFiles, config: Config): PythonFacts[] {
  const suites = config.suites.filter(({ runner }) => runnerFacts[runner].language === "python");
  const found = suites.map(({ root }) => pythonOf(project, posix.normalize(root).replace(/(?<=.)\/$/, "")));
  return [...new Map(found.map((one) => [`${one.directory} ${one.install}`, one])).values()];
}

const managed = {
  "uv run ": { manager: "uv", file: "uv.lock", install: "uv sync --all-groups --all-extras" },
  "poetry run ": { manager: "poetry", file: "poetry.lock", install: "poetry install --all-groups --all-extras" },
  "pdm run ": { manager: "pdm", file: "pdm.lock", install: "pdm install --group :all" },
  "pipenv run ": { manager: "pipenv", file: "Pipfile.lock", install: "pipenv install --dev" },
} as const;

function pythonOf(project: ProjectFiles, root: string): PythonFacts {
  const places = upwards(root);
  const has = (file: string) => places.find((directory) => project.has(within(directory, file)));
  const version = has(".python-version");
  const named = places.find(
    (directory) =>
      recordOf(parseToml(project.read(within(directory, "pyproject.toml")) ?? "").project)["requires-python"] !==
      undefined,
  );
  const versionFile =
    version !== undefined
      ? within(version, ".python-version")
      : named === undefined
        ? null
        : within(named, "pyproject.toml");
  const known = managed[pythonLauncher(project, root) as keyof typeof managed];
  if (known !== undefined) {
    const directory = has(known.file) ?? has("pyproject.toml") ?? root;
    const lists = [within(directory, known.file)].filter((file) => project.has(file));
    return { directory, manager: known.manager, install: known.install, lists, versionFile };
  }
  const found = places.flatMap((place) => pipInstall(project, place) ?? [])[0];
  if (found !== undefined) return { ...found, manager: "pip", versionFile };
  return {
    directory: root,
    manager: "pip",
    install: `pip install ${pytestPackages.join(" ")}`,
    lists: [],
    versionFile,
  };
}

const pytestPackages = ["pytest", "pytest-xdist", "pytest-cov"];
const requirements = /^[\w-]*requirements[\w-]*\.txt$/;
const listOfPart = /^(base|main|dev|develop|tests?|testing|ci)[\w-]*\.txt$/;

/** The install of all that a directory's lists name for its tests; null where it has no list. */
function pipInstall(
  project: ProjectFiles,
  directory: string,
): Pick<PythonFacts, "directory" | "install" | "lists"> | null {
  const lists = [
    ...entriesOf(project, directory).filter((name) => requirements.test(name)),
    ...entriesOf(project, within(directory, "requirements"))
      .filter((name) => listOfPart.test(name))
      .map((name) => `requirements/${name}`),
  ];
  const settings = parseToml(project.read(within(directory, "pyproject.toml")) ?? "");
  const named = (table: unknown): string[] =>
    Object.keys(recordOf(table)).filter((name) => /^(tests?|testing|dev|develop|ci)$/.test(name));
  const extras = named(recordOf(settings.project)["optional-dependencies"]);
  const groups = named(settings["dependency-groups"]);
  const isPackage = settings.project !== undefined && (settings["build-system"] !== undefined || lists.length === 0);
  const words = [
    ...lists.map((list) => `-r ${list}`),
    ...(isPackage ? [extras.length > 0 ? `-e ".[${extras.join(",")}]"` : "-e ."] : []),
    ...groups.map((group) => `--group ${group}`),
  ];
  if (words.length === 0) return null;
  // What a run with workers and coverage needs, where no list names it.
  const text = [...lists, "pyproject.toml"].map((file) => project.read(within(directory, file)) ?? "").join("\n");
  words.push(...pytestPackages.filter((name) => !new RegExp(`(^|[^\\w-])${name}(?![\\w-])`, "m").test(text)));
  const files = [...lists, ...(isPackage || groups.length > 0 ? ["pyproject.toml"] : [])];
  return { directory, install: `pip install ${words.join(" ")}`, lists: files.map((file) => within(directory, file)) };
}

/** Task runners of Python that the suites' commands begin with, and moon where no package brings it. */
function toolsOf(project: ProjectFiles, config: Config): string[] {
  const programs = config.suites.map(({ command }) => withoutAssignments(command).split(/\s/)[0] ?? "");
  const bundled = dependencyNames(readPackageFile(project, "."));
  const needed = programs.filter((program) => /^(tox|nox|hatch|rye|poe)$/.test(program));
  const usesMoon = programs.includes("moon") && !bundled.includes("@moonrepo/cli");
  return [...new Set([...needed, ...(usesMoon ? ["moon"] : [])])];
}
