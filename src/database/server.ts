import type { Secret } from "../shared/redact.ts";
import type { ServerAddress } from "./url.ts";

/** A row of any query. */
// biome-ignore lint/suspicious/noExplicitAny: what a query returns is known to the query's author alone
export type Row = Record<string, any>;

/** A server that takes our statements, embedded or external. */
export interface DatabaseServer {
  readonly kind: "embedded" | "external";
  readonly description: string;
  /** How tests reach it. */
  readonly address: ServerAddress;
  readonly secrets: readonly Secret[];
  /** The fastest way for this server to clone a database, as a clause of CREATE DATABASE. */
  readonly cloneStrategy: string;
  /** Runs one statement on the maintenance database; several may run side by side. */
  query(statement: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Runs one statement in a database, over a connection of its own that is closed when it comes back. */
  queryIn(database: string, statement: string): Promise<Row[]>;
  /** Gives up the connections and, for an embedded server, ends it and removes its directory. Harmless when called twice. */
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
