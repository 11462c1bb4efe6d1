import pg from "pg";
import { UnavailableError } from "../../shared/errors.ts";
import { codeOf, isServersAnswer } from "../connection.ts";
import type { DatabaseServer } from "../server.ts";

const { escapeIdentifier } = pg;
const permissionDenied = "42501";

/**
 * Creates extensions with their dependencies. Throws UnavailableError with a remedy for the first that the server
 * lacks.
 */
export async function createExtensions(
  server: DatabaseServer,
  database: string,
  extensions: readonly string[],
): Promise<void> {
  for (const extension of extensions) {
    try {
      await server.queryIn(database, `CREATE EXTENSION IF NOT EXISTS ${escapeIdentifier(extension)} CASCADE`);
    } catch (error) {
      throw isServersAnswer(error) ? explain(server, extension, error) : error;
    }
  }
}

/** A remedy where an output shows that the server lacks an extension; otherwise null. */
export function missingExtensionHint(server: DatabaseServer, output: string): string | null {
  const name = missingExtension(output);
  return name === undefined ? null : wayOut(server, name);
}

function explain(server: DatabaseServer, extension: string, error: pg.DatabaseError): UnavailableError {
  const missing = missingExtension(error.message);
  if (missing !== undefined) return new UnavailableError(wayOut(server, missing));
  const statement = `CREATE EXTENSION ${escapeIdentifier(extension)}`;
  if (codeOf(error) === permissionDenied) {
    return new UnavailableError(
      `${server.description} lets only a superuser create the extension "${extension}" (database.extensions): one can do so in template1, which every new database is cloned from, with \`${statement}\`.`,
    );
  }
  return new UnavailableError(
    `The extension "${extension}" (database.extensions) cannot be created, ${server.description} says: ${error.message}.`,
    { cause: error },
  );
}

function missingExtension(text: string): string | undefined {
  // Before Postgres 15 the message names the file.
  const match = /extension "([^"]+)" is not available|extension control file "(?:.*\/)?([^"/]+)\.control"/.exec(text);
  return match?.[1] ?? match?.[2];
}

function wayOut({ kind, description }: DatabaseServer, extension: string): string {
  const lacks = `${kind === "embedded" ? "The " : ""}${description} has no extension "${extension}"`;
  return kind === "embedded"
    ? `${lacks}: name a server that has it, by database.url, --database-url or VERIFY_DATABASE_URL.`
    : `${lacks}: install its package there, or name a server that has it.`;
}
