import { existsSync } from "node:fs";
import { join } from "node:path";
import { configPlaces } from "../config/load.ts";
import { type ConfigFile, configSchema } from "../config/schema.ts";
import type { ProjectFiles } from "../project/project-files.ts";
import { type FoundSetup, findSetups } from "../project/setups.ts";
import type { FixedConnection } from "../suite/hints/fixed-connections.ts";
import { withCiVariables } from "./detect/ci-variables.ts";
import { detectDatabase } from "./detect/database.ts";
import type { DetectedSuite } from "./detect/detected-suite.ts";
import { detectJavaScript } from "./detect/javascript.ts";
import { withWorkspaceTasks } from "./detect/moon-tasks.ts";
import { detectPostgres } from "./detect/postgres-server.ts";
import { detectPytest } from "./detect/pytest.ts";
import { withoutDatabaseVariables } from "./detect/script-variables.ts";
import { detectVitest } from "./detect/vitest.ts";
import type { Remark } from "./thresholds/remarks.ts";
import { coverageThresholds } from "./thresholds/take-over.ts";

/** A configuration for a project, and how it came about. */
export interface Draft {
  readonly config: ConfigFile;
  /** A line for each suite, such as `backend: pytest in apps/backend, uv run pytest`, and what was guessed for it. */
  readonly suites: readonly Remark[];
  /** Which coverage thresholds were taken from where; empty where the project has none. */
  readonly coverage: readonly Remark[];
  /** What was guessed about the database. */
  readonly database: readonly string[];
  /** What looks as if it builds the schema, and was not written. */
  readonly setups: readonly FoundSetup[];
}

/** What only this machine's programs can say of a project. */
interface Machine {
  /** Where code connects to what it names itself. */
  readonly fixed?: readonly FixedConnection[];
  /** A suite's command as it starts what is installed here. */
  readonly commandOf?: (suite: DetectedSuite) => string;
}

/**
 * The configuration of what a project holds, or null where no suite was found. `repository` is the repository's name, for
 * a database that nothing names; `base` the branch that pull requests go to.
 */
export function draftConfig(
  project: ProjectFiles,
  repository: string,
  base: string,
  { fixed = [], commandOf = ({ command }) => command }: Machine = {},
): Draft | null {
  const found = [...detectPytest(project), ...detectVitest(project), ...detectJavaScript(project)];
  const tasks = withWorkspaceTasks(project, withCiVariables(project, found));
  const suites = tasks.map((suite) => ({ ...suite, command: commandOf(suite) }));
  if (suites.length === 0) return null;
  const names = nameSuites(suites);
  const database = detectDatabase(project, suites, fixed);
  const { notes: serverNotes, ...server } = detectPostgres(project);
  const setups = findSetups(project, database.suites, {
    variables: Object.keys(database.variables),
    isByHost: database.isolation === "server",
  });
  const [only, ...others] = setups;
  const written = only !== undefined && others.length === 0 && only.doubt === null ? only : null;
  const coverage = coverageThresholds(
    project,
    suites.map((suite, index) => ({ name: names[index] ?? suite.runner, suite })),
  );
  const config: ConfigFile = {
    ...(base === "main" ? {} : { base }),
    suites: suites.map((suite, index) => ({
      name: names[index] ?? suite.runner,
      ...(suite.root === "." ? {} : { root: suite.root }),
      runner: suite.runner,
      // What a script sets would win over what each worker is given.
      command: database.suites.has(suite)
        ? withoutDatabaseVariables(suite.command, Object.keys(database.variables)).text
        : suite.command,
      ...(suite.source.length === 0 ? {} : { source: [...suite.source] }),
      ...(database.suites.size === 0 || database.suites.has(suite) ? {} : { database: false }),
    })),
    database: database.suites.size > 0 && {
      name: database.name ?? databaseName(repository),
      ...(Object.keys(database.variables).length === 0 ? {} : { variables: shortest(database.variables) }),
      ...(database.isolation === undefined ? {} : { isolation: database.isolation }),
      ...server,
      ...written?.settings,
    },
    ...(coverage.settings === undefined ? {} : { coverage: coverage.settings }),
  };
  configSchema.parse(config);
  return {
    config,
    suites: suites.map((suite, index) => ({
      title: `${names[index]}: ${suite.runner}${suite.root === "." ? "" : ` in ${suite.root}`}, \`${suite.command}\``,
      notes: suite.notes,
    })),
    coverage: coverage.remarks,
    database: [
      ...database.notes,
      ...(database.suites.size > 0 ? serverNotes : []),
      ...(written === null ? [] : [`setup: \`${written.settings.setup}\` makes the tables, once for all workers`]),
    ],
    setups: setups.filter((setup) => setup !== written),
  };
}

/** A list of names where every scheme is the default one. */
function shortest(variables: Readonly<Record<string, string>>): string[] | Record<string, string> {
  return Object.values(variables).every((scheme) => scheme === "postgresql")
    ? Object.keys(variables)
    : { ...variables };
}

/** One name each: the directory's, at the root the project's; longer where two would be the same. */
function nameSuites(suites: readonly DetectedSuite[]): string[] {
  const forms: ReadonlyArray<(suite: DetectedSuite) => string> = [
    ({ root, projectName }) => (root === "." ? (projectName ?? "tests") : (root.split("/").at(-1) ?? root)),
    ({ root, runner }) => (root === "." ? runner : root.replaceAll("/", "-")),
    ({ root, runner }) => `${root === "." ? "tests" : root.replaceAll("/", "-")}-${runner}`,
  ];
  const named = suites.map((suite) => {
    const isUnique = (form: (suite: DetectedSuite) => string): boolean =>
      suites.every((other) => other === suite || form(other) !== form(suite));
    const form = forms.find(isUnique);
    const name = form?.(suite) ?? `${forms[0]?.(suite)}-${suite.label ?? suite.runner}`;
    return name.replace(/[^\w.-]+/g, "-");
  });
  return named.map((name, index) => {
    const before = named.slice(0, index).filter((other) => other === name).length;
    return before === 0 ? name : `${name}-${before + 1}`;
  });
}

/** `finance-report` → `finance_report_test`. */
function databaseName(repository: string): string {
  const snake = repository
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 40);
  return `${/^[a-z]/.test(snake) ? snake : `db_${snake}`}_test`.replace("__", "_");
}

/** Where a project is configured already, for people to read; null where it is not. */
export function existingConfig(root: string, packageFields: Readonly<Record<string, unknown>> | null): string | null {
  const file = configPlaces.find((name) => name !== "package.json" && existsSync(join(root, name)));
  if (file !== undefined) return file;
  return packageFields?.verify === undefined ? null : 'the key "verify" in package.json';
}
