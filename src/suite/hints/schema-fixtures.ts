import type { DatabaseConfig, SuiteConfig } from "../../config/schema.ts";
import { isTestPath } from "../../project/database-mentions.ts";
import { isUnder, type ProjectFiles } from "../../project/project-files.ts";
import type { Environment } from "../../shared/world.ts";
import { pythonPlaces } from "./python-places.ts";
import type { SchemaFixture } from "./schema-calls.ts";

/** A suite of tests, which may make tables. */
type TestSuite = Pick<SuiteConfig, "runner" | "root">;

/** Whether the schema of a suite's databases is kept: see `database.schema`. */
export function keepsSchema(
  { runner }: Pick<SuiteConfig, "runner">,
  usesDatabase: boolean,
  database: DatabaseConfig | false,
): boolean {
  return runner !== "command" && usesDatabase && database !== false && database.schema === "reset";
}

/**
 * The fixtures of function scope, and classes with setUp and tearDown, that call both `create_all` and `drop_all`, in the
 * test files of pytest suites on a database; and the hooks of JavaScript suites that make all tables anew. The code is
 * parsed, so that neither comments nor fixtures of a wider scope are taken for such.
 */
export async function findSchemaFixtures(
  project: ProjectFiles,
  suites: readonly TestSuite[],
  environment: Environment,
): Promise<SchemaFixture[]> {
  const textsOf = (files: readonly string[]): [string, string][] =>
    files.filter(isTestPath).map((file) => [file, project.read(file) ?? ""]);
  const naming = textsOf(pythonFiles(project, suites)).filter(
    ([, text]) => text.includes("create_all") && text.includes("drop_all"),
  );
  const found = await pythonPlaces<SchemaFixture>("python/schema_fixtures.py", new Map(naming), environment);
  const calling = textsOf(javascriptFiles(project, suites)).filter(
    ([, text]) => text.includes("beforeEach") && /\bsync(hronize)?\(/.test(text) && !/sqlite|mysql|mariadb/i.test(text),
  );
  if (calling.length === 0) return found;
  const { schemaCalls } = await import("./schema-calls.ts");
  return [...found, ...calling.flatMap(([file, text]) => schemaCalls(file, text))];
}

/** Whether any file of these suites names what is known to make tables, so that a fixture that was not found may call it. */
export function mayMakeSchemas(project: ProjectFiles, suites: readonly TestSuite[]): boolean {
  const python = pythonFiles(project, suites).map((file) => project.read(file) ?? "");
  if (["create_all", "drop_all"].every((name) => python.some((text) => text.includes(name)))) return true;
  const script = javascriptFiles(project, suites).map((file) => project.read(file) ?? "");
  return script.some((text) => /\bforce:\s*true\b|\bsynchronize\(\s*true\b|\bdropSchema:\s*true\b/.test(text));
}

function pythonFiles({ paths }: ProjectFiles, suites: readonly TestSuite[]): string[] {
  const roots = suites.filter(({ runner }) => runner === "pytest").map(({ root }) => root);
  return paths.filter((path) => path.endsWith(".py") && roots.some((root) => isUnder(root, path)));
}

function javascriptFiles({ paths }: ProjectFiles, suites: readonly TestSuite[]): string[] {
  const roots = suites.filter(({ runner }) => runner !== "pytest" && runner !== "command").map(({ root }) => root);
  return paths.filter((path) => /\.[cm]?[jt]sx?$/.test(path) && roots.some((root) => isUnder(root, path)));
}

/** "the fixture engine (tests/conftest.py:14) makes the tables before every test and drops them after", with how many more there are. */
export function schemaFixturesText([first, ...others]: readonly [SchemaFixture, ...SchemaFixture[]]): string {
  const more = others.length === 0 ? "" : ` and ${others.length} more like it`;
  const [make, drop] = others.length === 0 ? ["makes", "drops"] : ["make", "drop"];
  return `\`${first.name}\` (${first.file}:${first.line})${more} ${make} the tables before every test and ${drop} them after`;
}
