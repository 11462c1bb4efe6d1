import type { Secret } from "../shared/redact.ts";
import type { ServerAddress } from "./url.ts";

/** A row of any query. */
// biome-ignore lint/suspicious/noExplicitAny: what a query returns is known to the query's author alone
export type Row = Record<string, any>;

/** An embedded or external server. */
export interface DatabaseServer {
  readonly kind: "embedded" | "external";
  readonly description: string;
  /** The address for tests. */
  readonly address: ServerAddress;
  readonly secrets: readonly Secret[];
  /** The fastest clone strategy of this server, as a clause of CREATE DATABASE. */
  readonly cloneStrategy: string;
  /** Runs a statement on the maintenance database; several may run in parallel. */
  query(statement: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Runs a statement in a database, over its own connection. */
  queryIn(database: string, statement: string): Promise<Row[]>;
  /** Closes the connections; ends an embedded server and removes its directory. Can be called twice. */
  close(): Promise<void>;
}

/**
 * A clause of CREATE DATABASE: copying files is fastest unless the server flushes them to disk.
 * @param version the server's version as a number, such as 170010
 */
export function chooseCloneStrategy(version: number, fsync: boolean): string {
  if (version < 150000) return "";
  return fsync ? "STRATEGY WAL_LOG" : "STRATEGY FILE_COPY";
}
