import type { DetectedSuite } from "./detected-suite.ts";
import { type ProjectFiles, within } from "./project-files.ts";
import { pythonLauncher } from "./pytest-command.ts";

/**
 * Settings for `database.setup` and `database.inputs`, to be pasted, for what looks as if it builds the schema. Only said,
 * never written: most suites create their schema themselves, and migrations run beside that would break them.
 */
export function setupSuggestions(project: ProjectFiles, suites: Iterable<DetectedSuite>): string[] {
  return [...suites].flatMap(({ root, runner }) => {
    const has = (name: string): boolean => project.has(within(root, name));
    if (runner === "pytest" && has("alembic.ini")) {
      const inputs = ["alembic.ini", ...migrationsOf(project, root)].map((name) => within(root, name));
      return [settingsText(`${pythonLauncher(project, root)}alembic upgrade head`, inputs)];
    }
    if (runner === "vitest" && has("prisma/schema.prisma")) {
      return [settingsText("prisma migrate deploy", [within(root, "prisma/**")])];
    }
    return [];
  });
}

/** Where alembic.ini says that the migrations are, if they are there: inputs that match no file are refused. */
function migrationsOf(project: ProjectFiles, root: string): string[] {
  const ini = project.read(within(root, "alembic.ini")) ?? "";
  const [, location = "alembic"] =
    /^script_location\s*=\s*(?:%\(here\)s\/)?(?:\.\/)?([\w./-]+?)\/?\s*$/m.exec(ini) ?? [];
  return project.paths.some((path) => path.startsWith(`${within(root, location)}/`)) ? [`${location}/**`] : [];
}

function settingsText(setup: string, inputs: readonly string[]): string {
  const patterns = inputs.map((pattern) => JSON.stringify(pattern)).join(", ");
  return `"setup": ${JSON.stringify(setup)}, "inputs": [${patterns}]`;
}
