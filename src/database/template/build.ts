import pg from "pg";
import type { DatabaseConfig } from "../../config/schema.ts";
import type { Databases } from "../databases.ts";
import { workerEnvironment } from "../environment.ts";
import { buildingName, templateName } from "../names.ts";
import type { ProvisionRequest } from "../provision.ts";
import type { DatabaseServer } from "../server.ts";
import { waitUntilUnused } from "../sessions.ts";
import { type ServerAddress, withoutPostgresRedirects } from "../url.ts";
import { type DatabaseTraits, readTraits } from "./clone-statements.ts";
import { createExtensions, missingExtensionHint } from "./extensions.ts";
import { runSetup } from "./setup.ts";

const { escapeIdentifier } = pg;

/** The database that workers' databases are cloned from. */
export interface DatabaseTemplate extends DatabaseTraits {
  readonly name: string;
}

/** Whether the configuration adds anything to new databases; otherwise no template is needed. */
export function needsTemplate({ setup, extensions }: Pick<DatabaseConfig, "setup" | "extensions">): boolean {
  return setup !== undefined || extensions.length > 0;
}

/**
 * Builds the template with `database.extensions`, then `database.setup`, and blocks connections to it. Throws
 * UnavailableError where the server lacks an extension, or the command fails or leaves a connection open. @param
 * address the server's address for `database.setup`, where it differs from the tests'
 */
export async function buildTemplate(
  server: DatabaseServer,
  databases: Databases,
  base: string,
  request: ProvisionRequest,
  address: ServerAddress = server.address,
): Promise<DatabaseTemplate> {
  const name = templateName(base);
  const { database } = request;
  // A suite with a hard-coded database name usually has it in its migrations, too.
  const building = database.isolation === "server" ? base : buildingName(name);
  await databases.create({ name: building, worker: "template", becomes: name });
  await createExtensions(server, building, database.extensions);
  if (database.setup !== undefined) await migrate(server, building, database.setup, request, address);
  // Blocked first, so that nobody can connect between the check and the first clone.
  await server.query(`ALTER DATABASE ${escapeIdentifier(building)} ALLOW_CONNECTIONS false IS_TEMPLATE true`);
  await waitUntilUnused(server, building);
  await server.query(`ALTER DATABASE ${escapeIdentifier(building)} RENAME TO ${escapeIdentifier(name)}`);
  return await readDatabaseTemplate(server, name);
}

/** Reads an existing template. */
export async function readDatabaseTemplate(server: DatabaseServer, name: string): Promise<DatabaseTemplate> {
  return { name, ...(await readTraits(server, name)) };
}

async function migrate(
  server: DatabaseServer,
  building: string,
  command: string,
  { database, directory, environment, timeoutSeconds, log, onProgress, signal }: ProvisionRequest,
  address: ServerAddress,
): Promise<void> {
  onProgress?.("running database.setup");
  const setup = {
    command,
    directory,
    environment: {
      ...withoutPostgresRedirects(environment),
      ...workerEnvironment(database, address, building, "template"),
    },
    log,
    secrets: server.secrets,
    timeoutSeconds,
    signal,
  };
  await runSetup(setup, (output) => missingExtensionHint(server, output));
}
