import pg from "pg";
import { type Databases, waitUntilUnused } from "./databases.ts";
import { workerEnvironment } from "./environment.ts";
import { buildingName, templateName } from "./names.ts";
import type { ProvisionRequest } from "./provision.ts";
import type { DatabaseServer } from "./server.ts";
import { runSetup } from "./setup.ts";
import { withoutPostgresRedirects } from "./url.ts";

const { escapeIdentifier, escapeLiteral } = pg;

/** A database that every worker's is cloned from. */
export interface Template {
  readonly name: string;
  /** What `ALTER DATABASE … SET` has set on it: a clone does not get that by itself. */
  readonly settings: readonly Setting[];
}

interface Setting {
  readonly name: string;
  readonly value: string;
}

/**
 * Builds the template with `database.setup` and seals it: nobody can connect to it any more. Throws UnavailableError
 * where the command fails or leaves something connected.
 */
export async function buildTemplate(
  server: DatabaseServer,
  databases: Databases,
  base: string,
  command: string,
  request: ProvisionRequest,
): Promise<Template> {
  const name = templateName(base);
  const building = buildingName(name);
  await databases.create({ name: building, worker: "template" });
  const { database, directory, environment, timeoutSeconds, log, signal } = request;
  await runSetup({
    command,
    directory,
    environment: {
      ...withoutPostgresRedirects(environment),
      ...workerEnvironment(database, server.address, building, "template"),
    },
    log,
    secrets: server.secrets,
    timeoutSeconds,
    signal,
  });
  await waitUntilUnused(server, building);
  const settings = await databaseSettings(server, building);
  await server.query(`ALTER DATABASE ${escapeIdentifier(building)} ALLOW_CONNECTIONS false`);
  await server.query(`ALTER DATABASE ${escapeIdentifier(building)} RENAME TO ${escapeIdentifier(name)}`);
  return { name, settings };
}

/** Variables whose value is a list that is kept as SET reads it, each element quoted where it has to be. */
const listVariable = /^(search_path|temp_tablespaces|(local|session)_preload_libraries)$/i;

/** The statements that give a clone what its template has set. */
export function settingStatements(template: Template, database: string): string[] {
  return template.settings.map(({ name, value }) => {
    const isList = listVariable.test(name) && value !== "" && value !== '""';
    const literal = isList ? value : escapeLiteral(value === '""' ? "" : value);
    return `ALTER DATABASE ${escapeIdentifier(database)} SET ${name} TO ${literal}`;
  });
}

async function databaseSettings(server: DatabaseServer, database: string): Promise<Setting[]> {
  const rows = await server.query(
    `SELECT unnest(setconfig) AS setting FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase
      WHERE datname = $1 AND setrole = 0`,
    [database],
  );
  return rows.map(({ setting }) => {
    const [name = "", ...value] = String(setting).split("=");
    return { name, value: value.join("=") };
  });
}
