import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "../../src/shared/paths.ts";
import { makeDirectory, writeFiles } from "../support/repository.ts";

/** What a script imports node-pg from. */
export const pgModule = pathToFileURL(join(packageRoot, "node_modules/pg/esm/index.mjs")).href;

/** A directory with a script that runs statements in the database that DATABASE_URL names, as a migration does. */
export async function migration(...statements: string[]): Promise<{ directory: string; setup: string }> {
  const directory = await makeDirectory();
  const queries = statements.map((statement) => `await client.query(${JSON.stringify(statement)});`);
  await writeFiles(directory, {
    "migrate.mjs": `import pg from "${pgModule}";
      const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
      await client.connect();
      ${queries.join("\n")}
      await client.end();`,
  });
  return { directory, setup: `"${process.execPath}" migrate.mjs` };
}
