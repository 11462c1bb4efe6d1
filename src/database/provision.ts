import type { DatabaseConfig } from "../config.ts";
import type { Secret } from "../suite/redact.ts";
import type { Environment } from "../world.ts";

/** Who works on a database: `gw0`, `gw1`, … in a parallel run; `master` in a serial one, which gets the base name itself. */
export type WorkerId = `gw${number}` | "master";

/** A database of a worker's own, and the environment that leads there. */
export interface WorkerDatabase {
  readonly worker: WorkerId;
  /** The database's name, `{base}_gw0` or, for `master`, `{base}`. */
  readonly name: string;
  /** `database.variables` with this worker's URL, PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE and VERIFY_WORKER. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface ProvisionRequest {
  readonly database: DatabaseConfig;
  /** An external server's URL; without one the embedded server is started. */
  readonly url: string | undefined;
  /** The absolute directory in which `database.setup` runs. */
  readonly directory: string;
  /** What `database.setup` gets as its environment, before the database's variables. */
  readonly environment: Environment;
  /** How long `database.setup` may take. */
  readonly timeoutSeconds: number;
  /** The absolute file that gets all that `database.setup` prints. */
  readonly log: string;
  /** Where packages of the project may be found: the roots whose node_modules may hold Postgres binaries. */
  readonly projectRoot: string;
  readonly signal: AbortSignal;
}

/** A server, its template built, that hands out worker databases. */
export interface Provision {
  readonly kind: "embedded" | "external";
  /** For people: "embedded Postgres 17.10" or "Postgres 16.2 at db.example.com:5432"; never a password. */
  readonly description: string;
  /** Everything that must not appear in any output. */
  readonly secrets: readonly Secret[];
  /**
   * The environment of a process that only coordinates workers: its variables lead to a database that is never made, so
   * that work which is done there, outside of every worker, fails aloud instead of reaching somebody's data.
   */
  readonly coordinatorEnvironment: Readonly<Record<string, string>>;
  /** Makes a fresh database for each worker, cloned from the template; a database of an earlier lease is replaced. */
  lease(workers: readonly WorkerId[]): Promise<WorkerDatabase[]>;
  /** Drops what was leased and, for an embedded server, ends it and removes its directory. Harmless when called twice. */
  close(): Promise<void>;
}
