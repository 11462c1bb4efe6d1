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

/** A drafted configuration, and where it comes from. */
export interface Draft {
  readonly config: ConfigFile;
  /** A line per suite, such as `backend: pytest in apps/backend, uv run pytest`, with guesses. */
  readonly suites: readonly Remark[];
  /** Coverage thresholds that were adopted, and from where; empty without any. */
  readonly coverage: readonly Remark[];
  /** Guesses about the database. */
  readonly database: readonly string[];
  /** Commands that seem to build the schema but were not configured. */
  readonly setups: readonly FoundSetup[];
}

/** What only programs on this machine can find out. */
interface Machine {
  /** Finds connections to hard-coded databases. */
  readonly fixed?: readonly FixedConnection[];
  /** Adapts a suite's command to what is installed. */
  readonly commandOf?: (suite: DetectedSuite) => string;
}

/**
 * Drafts the configuration of a project, or null where it has no suite. `repository` names the database by default;
 * `base` is the base branch.
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
  const written = only !== undefined && others.length === 0 && only.concern === null ? only : null;
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
      // Variables in the command would override each worker's.
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

/** A list of names where all use the default scheme. */
function shortest(variables: Readonly<Record<string, string>>): string[] | Record<string, string> {
  return Object.values(variables).every((scheme) => scheme === "postgresql")
    ? Object.keys(variables)
    : { ...variables };
}

/** Unique names: the directory's, at the root the project's, longer ones where needed. */
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
