import pg from "pg";
import { startEmbeddedServer } from "../../src/database/embedded/server.ts";
import type { Row } from "../../src/database/server.ts";
import { renderUrl } from "../../src/database/url.ts";
import { packageRoot } from "../../src/paths.ts";

/** A Postgres server as a user may have one: it listens on 127.0.0.1 and wants a password. */
export interface PlainServer {
  /** The superuser's URL, with its password. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Runs one statement as superuser, in the database `postgres` where none is named. */
  query(statement: string, database?: string): Promise<Row[]>;
  stop(): Promise<void>;
}

export async function startPlainServer(): Promise<PlainServer> {
  const server = await startEmbeddedServer({
    version: 17,
    projectRoot: packageRoot,
    environment: process.env,
    signal: new AbortController().signal,
  });
  const address = { ...server.address, parameters: [] };
  return {
    url: renderUrl(address, "postgresql", "postgres"),
    host: address.host,
    port: address.port,
    query: (statement, database = "postgres") => queryUrl(renderUrl(address, "postgresql", database), statement),
    stop: () => server.close(),
  };
}

/** Runs one statement over a connection of its own. */
export async function queryUrl(url: string, statement: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}
