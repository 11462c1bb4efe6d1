import { dependencyNames, readPackageFile } from "./detect-vitest.ts";
import type { DetectedSuite } from "./detected-suite.ts";
import { importedPaths } from "./imported-paths.ts";
import { isUnder, type ProjectFiles, within } from "./project-files.ts";
import { pythonLauncher } from "./pytest-command.ts";
import { readSections } from "./sections.ts";

/** What builds a schema, as far as one can see; paths are relative to the suite's root. */
interface Migration {
  readonly setup: string;
  /** Files and directories that it depends on; what is not there is left out, as inputs that match no file are refused. */
  readonly inputs: readonly string[];
}

/**
 * Settings for `database.setup` and `database.inputs`, to be pasted, for what looks as if it builds the schema. Only said,
 * never written: most suites create their schema themselves, and migrations run beside that would break them.
 */
export function setupSuggestions(project: ProjectFiles, suites: Iterable<DetectedSuite>): string[] {
  const all = [...suites];
  return all.flatMap((suite) => {
    const migration = suite.runner === "pytest" ? pythonMigration(project, suite) : javascriptMigration(project, suite);
    if (migration === null) return [];
    const patterns = migration.inputs.flatMap((path) => patternOf(project, within(suite.root, path)));
    const settings = [
      `"setup": ${JSON.stringify(migration.setup)}`,
      `"inputs": [${patterns.map((pattern) => JSON.stringify(pattern)).join(", ")}]`,
      // Left out, it is the first suite's.
      ...(suite.root === all[0]?.root ? [] : [`"root": ${JSON.stringify(suite.root)}`]),
    ];
    return [settings.join(", ")];
  });
}

function pythonMigration(project: ProjectFiles, { root }: DetectedSuite): Migration | null {
  const ini = project.read(within(root, "alembic.ini"));
  if (ini === null) return null;
  const location = readSections(ini, "ini").get("alembic")?.get("script_location") ?? "alembic";
  const directory = location.replace(/^%\(here\)s\//, "").replace(/\/$/, "");
  // A migration may make tables of the models that it imports.
  const imported = importedPaths(project, root, within(root, directory));
  return {
    setup: `${pythonLauncher(project, root)}alembic upgrade head`,
    inputs: ["alembic.ini", directory, ...imported.filter((path) => !isUnder(directory, path))],
  };
}

function javascriptMigration(project: ProjectFiles, { root }: DetectedSuite): Migration | null {
  const configuration = (name: string): string | undefined =>
    ["ts", "mts", "js", "mjs", "cjs"]
      .map((ending) => `${name}.${ending}`)
      .find((file) => project.has(within(root, file)));
  const named = (file: string, key: string): string | undefined =>
    new RegExp(`\\b${key}\\s*:\\s*["'\`](?:\\./)?([\\w./-]+?)/?["'\`]`).exec(
      project.read(within(root, file)) ?? "",
    )?.[1];
  const listed = dependencyNames(readPackageFile(project, root));

  if (project.has(within(root, "prisma/schema.prisma"))) {
    const file = configuration("prisma.config");
    return { setup: "prisma migrate deploy", inputs: ["prisma", ...(file === undefined ? [] : [file])] };
  }
  const drizzle = configuration("drizzle.config");
  if (drizzle !== undefined && listed.includes("drizzle-kit")) {
    return { setup: "drizzle-kit migrate", inputs: [drizzle, named(drizzle, "out") ?? "drizzle"] };
  }
  const knex = configuration("knexfile");
  if (knex !== undefined && listed.includes("knex")) {
    return { setup: "knex migrate:latest", inputs: [knex, named(knex, "directory") ?? "migrations"] };
  }
  return null;
}

/** A file as it is, a directory with all that is in it, nothing for what is not there. */
function patternOf(project: ProjectFiles, path: string): string[] {
  if (project.has(path)) return [path];
  return project.paths.some((other) => other.startsWith(`${path}/`)) ? [`${path}/**`] : [];
}
