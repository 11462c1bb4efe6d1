import type { Config } from "../config/schema.ts";
import type { Repository } from "../git/repository.ts";
import { listProjectFiles } from "../project/checkout-files.ts";
import type { World } from "../shared/world.ts";
import { findSchemaFixtures, mayMakeSchemas, schemaFixturesText } from "../suite/hints/schema-fixtures.ts";
import type { Plan } from "../suite/plan/plan.ts";
import { withProjectPrograms } from "../suite/plan/project-environment.ts";
import { type Finding, remark } from "./finding.ts";

/**
 * Says where `database.schema` would keep tables that are made before every test, and where it is set and has no
 * effect.
 */
export async function examineSchema(
  { suites }: Plan,
  { database }: Config,
  repository: Repository,
  world: World,
): Promise<Finding[]> {
  if (database === false) return [];
  const using = suites.filter(({ usesDatabase }) => usesDatabase).map(({ suite }) => suite);
  const project = await listProjectFiles(repository);
  if (database.schema === "reset") {
    if (mayMakeSchemas(project, using)) return [];
    const text = `"schema": "reset" has no effect: no suite with a database makes its tables by create_all of SQLAlchemy, sync({ force: true }) of Sequelize or synchronize(true) of TypeORM`;
    return [remark("schema", text, 'Remove "schema" from "database".')];
  }
  const environment = withProjectPrograms(world.environment, [repository.root]);
  const [first, ...others] = await findSchemaFixtures(project, using, environment);
  if (first === undefined) return [];
  const remedy =
    'Faster, where you want it: "schema": "reset" in "database" keeps the tables; see docs/schema-reset.md of pushproof.';
  return [remark("schema", schemaFixturesText([first, ...others]), remedy)];
}
