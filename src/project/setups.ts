import { posix } from "node:path";
import { type RunnerName, runnerFacts } from "../config/runner-facts.ts";
import { isTestPath } from "./database-mentions.ts";
import { importedPaths } from "./imported-paths.ts";
import { dependencyNames, readPackageFile } from "./package-file.ts";
import { readSections } from "./parsers/sections.ts";
import { isUnder, type ProjectFiles, within } from "./project-files.ts";
import { pythonLauncher } from "./python-launcher.ts";

/** A suite that needs a schema. */
export interface SetUpSuite {
  /** Relative to the repository's root. */
  readonly root: string;
  readonly runner: RunnerName;
}

/** A way to build a schema; paths are relative to the suite's root. */
interface Migration {
  readonly setup: string;
  /** Its input files and directories; missing ones are left out, as unmatched inputs are errors. */
  readonly inputs: readonly string[];
  /** Files that name its database; null for tools that use libpq's variables, which every worker has. */
  readonly connection: readonly string[] | null;
}

/** Settings that build the schema once for all workers. */
export interface FoundSetup {
  readonly settings: { readonly setup: string; readonly inputs: string[]; readonly root?: string };
  /** Ready to paste. */
  readonly text: string;
  /** What may go wrong, a phrase; null where it can be configured without asking. */
  readonly concern: string | null;
  /** Whether it clearly uses the given database, and never one of the user's. */
  readonly isLed: boolean;
}

/**
 * Commands that seem to build each suite's schema. It is doubtful where tests create tables themselves, or where the
 * tool may use another database: a migration must never reach a database of the user's.
 */
export function findSetups(project: ProjectFiles, suites: Iterable<SetUpSuite>, given: GivenDatabase): FoundSetup[] {
  const all = [...suites];
  return all.flatMap((suite) => {
    const ofLanguage = runnerFacts[suite.runner].language === "python" ? pythonMigration : javascriptMigration;
    const migration = ofLanguage(project, suite) ?? sqlMigration(project, suite);
    if (migration === null) return [];
    const inputs = migration.inputs.flatMap((path) => patternOf(project, within(suite.root, path)));
    const settings = {
      setup: migration.setup,
      inputs,
      // The first suite's root is the default.
      ...(suite.root === all[0]?.root ? {} : { root: suite.root }),
    };
    const text = [
      `"setup": ${JSON.stringify(settings.setup)}`,
      `"inputs": [${inputs.map((pattern) => JSON.stringify(pattern)).join(", ")}]`,
      ...("root" in settings ? [`"root": ${JSON.stringify(settings.root)}`] : []),
    ].join(", ");
    const isLed = isLedToGiven(project, suite, migration, given);
    const concern = isLed ? makingTest(project, suite) : "which database it goes to could not be read";
    return [{ settings, text, concern, isLed }];
  });
}

/** How a migration may find the given database. */
export interface GivenDatabase {
  readonly variables: readonly string[];
  /** Whether names are the suite's own and only libpq's host and port lead to the server. */
  readonly isByHost: boolean;
}

/** Matches a hard-coded server. */
const namesServer = /postgres\w*(?:\+\w+)?:\/\/[^\s"'`/]*[\w.]+|\bhost\s*[:=]\s*["']/;

/** How tests create or migrate tables themselves. */
const makesTables =
  /\b(create_all|drop_all|run_sync|synchronize|sync\(\s*\{\s*force|CREATE TABLE|DROP SCHEMA|migrate\.latest|runMigrations|command\.upgrade|alembic upgrade|prisma (?:migrate|db push)|migrate\(|call_command\()/;

/** Where tests create tables themselves, a phrase; null where they do not seem to. */
function makingTest(project: ProjectFiles, suite: SetUpSuite): string | null {
  const tests = project.paths.filter((path) => isUnder(suite.root, path) && (isTestPath(path) || /setup/i.test(path)));
  const making = tests.find((path) => makesTables.test(project.read(path) ?? ""));
  return making === undefined ? null : `${making} seems to make tables itself`;
}

function isLedToGiven(
  project: ProjectFiles,
  { root }: SetUpSuite,
  { connection }: Migration,
  { variables, isByHost }: GivenDatabase,
): boolean {
  if (connection === null) return true;
  const texts = connection.map((path) => project.read(within(root, path)) ?? "");
  // Fields of settings classes have lowercase names.
  const reads = (name: string): boolean => texts.some((text) => new RegExp(`\\b${name}\\b`, "i").test(text));
  return isByHost ? texts.some(Boolean) && !texts.some((text) => namesServer.test(text)) : variables.some(reads);
}

function pythonMigration(project: ProjectFiles, { root }: SetUpSuite): Migration | null {
  const ini = project.read(within(root, "alembic.ini"));
  if (ini === null) return null;
  const location = readSections(ini, "ini").get("alembic")?.get("script_location") ?? "alembic";
  const directory = location.replace(/^%\(here\)s\//, "").replace(/\/$/, "");
  // A migration may create tables of imported models.
  const imported = importedPaths(project, root, within(root, directory));
  return {
    setup: `${pythonLauncher(project, root)}alembic upgrade head`,
    inputs: ["alembic.ini", directory, ...imported.filter((path) => !isUnder(directory, path))],
    connection: [`${directory}/env.py`, ...settingsBehind(project, root, directory)],
  };
}

/** The modules that alembic's environment imports, transitively; one of them names the database. */
function settingsBehind(project: ProjectFiles, root: string, directory: string): string[] {
  const first = importedPaths(project, root, within(root, directory));
  const second = first.flatMap((path) => importedPaths(project, root, within(root, path)));
  return [...new Set([...first, ...second])].filter((path) => path.endsWith(".py"));
}

function javascriptMigration(project: ProjectFiles, { root }: SetUpSuite): Migration | null {
  const configuration = (name: string): string | undefined =>
    ["ts", "mts", "js", "mjs", "cjs"]
      .map((ending) => `${name}.${ending}`)
      .find((file) => project.has(within(root, file)));
  const named = (file: string, key: string): string | undefined =>
    new RegExp(`\\b${key}\\s*:\\s*["'\`](?:\\./)?([\\w./-]+?)/?["'\`]`).exec(
      project.read(within(root, file)) ?? "",
    )?.[1];
  const listed = dependencyNames(readPackageFile(project, root));
  const withImports = (file: string): string[] => [file, ...importedModules(project, root, file)];

  if (project.has(within(root, "prisma/schema.prisma"))) {
    const file = configuration("prisma.config");
    const configured = file === undefined ? [] : [file];
    // Without migrations, the schema itself is used.
    const hasMigrations = project.paths.some((path) => path.startsWith(`${within(root, "prisma/migrations")}/`));
    return {
      setup: hasMigrations ? "prisma migrate deploy" : "prisma db push --skip-generate",
      inputs: ["prisma", ...configured],
      connection: ["prisma/schema.prisma", ...configured.flatMap(withImports)],
    };
  }
  const drizzle = configuration("drizzle.config");
  if (drizzle !== undefined && listed.includes("drizzle-kit")) {
    return {
      setup: "drizzle-kit migrate",
      inputs: [drizzle, named(drizzle, "out") ?? "drizzle"],
      connection: [drizzle],
    };
  }
  const knex = configuration("knexfile");
  if (knex !== undefined && listed.includes("knex")) {
    return {
      setup: "knex migrate:latest",
      inputs: [knex, named(knex, "directory") ?? "migrations"],
      connection: withImports(knex),
    };
  }
  const migrations = ["migrations", "db/migrations"].find((name) =>
    project.paths.some((path) => path.startsWith(`${within(root, name)}/`)),
  );
  if (migrations !== undefined && listed.includes("node-pg-migrate")) {
    const place = migrations === "migrations" ? "" : ` --migrations-dir ${migrations}`;
    // It reads DATABASE_URL and libpq's variables.
    return { setup: `node-pg-migrate up${place}`, inputs: [migrations], connection: null };
  }
  return null;
}

const schemaFiles = ["schema.sql", "db/schema.sql", "database/schema.sql", "sql/schema.sql", "db/structure.sql"];
/** A directory of numbered files: Flyway's `V1__books.sql`, or `001_books.sql` and `001_books.up.sql`. */
const numbered = /^(.*?)\/?(?:V[\d._]+__[^/]*|\d+[_-][^/]*?(?:\.up)?)\.sql$/;

/** SQL for psql: a single schema file, or numbered migrations. */
function sqlMigration(project: ProjectFiles, { root }: SetUpSuite): Migration | null {
  const psql = "psql --quiet --set ON_ERROR_STOP=1";
  const schema = schemaFiles.find((file) => project.has(within(root, file)));
  if (schema !== undefined) return { setup: `${psql} --file ${schema}`, inputs: [schema], connection: null };
  const files = project.paths.filter(
    (path) => isUnder(root, path) && numbered.test(path) && !path.endsWith(".down.sql"),
  );
  const directories = [...new Set(files.map((path) => numbered.exec(path)?.[1] ?? ""))];
  const [directory] = directories;
  if (directory === undefined || directories.length > 1 || directory === "") return null;
  const place = root === "." ? directory : directory.slice(root.length + 1);
  const isUp = files.every((path) => path.endsWith(".up.sql"));
  const pattern = `${place}/*${isUp ? ".up" : ""}.sql`;
  // Sorts V10 after V9.
  return { setup: `cat $(ls ${pattern} | sort -V) | ${psql}`, inputs: [place], connection: null };
}

/** Project modules that a JavaScript file imports by relative path; relative to `root`. */
function importedModules(project: ProjectFiles, root: string, file: string): string[] {
  const text = project.read(within(root, file)) ?? "";
  const relative = [...text.matchAll(/(?:from|import|require\()\s*["'](\.{1,2}\/[^"']+)["']/g)];
  return relative.flatMap(([, path = ""]) => {
    const plain = posix.join(posix.dirname(file), path);
    const stem = plain.replace(/\.[cm]?[jt]s$/, "");
    const candidates = [
      plain,
      ...["ts", "mts", "js", "mjs", "cjs"].flatMap((end) => [`${stem}.${end}`, `${plain}/index.${end}`]),
    ];
    return candidates.find((candidate) => project.has(within(root, candidate))) ?? [];
  });
}

/** A pattern for a file or for a directory's content; nothing for a missing path. */
function patternOf(project: ProjectFiles, path: string): string[] {
  if (project.has(path)) return [path];
  return project.paths.some((other) => other.startsWith(`${path}/`)) ? [`${path}/**`] : [];
}
