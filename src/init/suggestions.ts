import type { DetectedSuite } from "./detected-suite.ts";
import { type ProjectFiles, within } from "./project-files.ts";
import { pythonLauncher } from "./pytest-command.ts";

/**
 * Commands that look as if they build the schema. Only said, never written: most suites create their schema themselves,
 * and migrations run beside that would break them.
 */
export function setupSuggestions(project: ProjectFiles, suites: Iterable<DetectedSuite>): string[] {
  return [...suites].flatMap(({ root, runner }) => {
    const has = (name: string): boolean => project.has(within(root, name));
    if (runner === "pytest" && has("alembic.ini")) return [`${pythonLauncher(project, root)}alembic upgrade head`];
    if (runner === "vitest" && has("prisma/schema.prisma")) return ["prisma migrate deploy"];
    return [];
  });
}
