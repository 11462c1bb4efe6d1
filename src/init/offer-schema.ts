import type { ConfigFile } from "../config/schema.ts";
import type { ProjectFiles } from "../project/project-files.ts";
import type { Environment, World } from "../shared/world.ts";
import { findSchemaFixtures, schemaFixturesText } from "../suite/hints/schema-fixtures.ts";
import { askYesNo, canAsk } from "./ask.ts";

/** A configuration, with `database.schema` where somebody wants it, and what to say about it. */
export interface OfferedSchema {
  readonly config: ConfigFile;
  /** What was written and why; null where nothing was. */
  readonly note: string | null;
  /** How to switch it on, where nobody could be asked; null where there is nothing to say. */
  readonly advice: string | null;
}

/** Asks at a terminal whether to keep the schema of suites that make it before every test. */
export async function offerSchemaReset(
  world: World,
  project: ProjectFiles,
  config: ConfigFile,
  environment: Environment,
): Promise<OfferedSchema> {
  const { database, suites } = config;
  if (!database) return { config, note: null, advice: null };
  const using = suites.filter((suite) => suite.database !== false);
  const roots = using.map(({ runner, root = "." }) => ({ runner, root }));
  const [first, ...others] = await findSchemaFixtures(project, roots, environment);
  if (first === undefined) return { config, note: null, advice: null };
  const found = schemaFixturesText([first, ...others]);
  if (!canAsk(world)) {
    const advice = `${found}: with "schema": "reset" in "database" the tables stay and only the rows go (not written; see docs/schema-reset.md of pushproof)`;
    return { config, note: null, advice };
  }
  const isWanted = await askYesNo(world, `${found}. Keep the tables, and take only the rows out?`);
  if (!isWanted) return { config, note: null, advice: null };
  return {
    config: { ...config, database: { ...database, schema: "reset" } },
    note: `schema: the tables stay between tests, only the rows go, as ${found}`,
    advice: null,
  };
}
