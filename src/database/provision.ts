import type { DatabaseConfig } from "../config/schema.ts";
import type { Secret } from "../shared/redact.ts";
import type { Environment } from "../shared/world.ts";

/** A worker: `gw0`, `gw1`, … in a parallel run; `master` in a serial one, which uses the base name itself. */
export type WorkerId = `gw${number}` | "master";

/** A worker's database, with the variables that lead to it. */
export interface WorkerDatabase {
  readonly worker: WorkerId;
  /** The database's name, `{base}_gw0` or, for `master`, `{base}`. */
  readonly name: string;
  /** `database.variables` with this worker's URL, PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE and VERIFY_WORKER. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface ProvisionRequest {
  readonly database: DatabaseConfig;
  /** An external server's URL; without one, the embedded server is started. */
  readonly url: string | undefined;
  /** The absolute directory in which `database.setup` runs. */
  readonly directory: string;
  /** The environment of `database.setup`, without the database's variables. */
  readonly environment: Environment;
  /** How long `database.setup` may take. */
  readonly timeoutSeconds: number;
  /** The absolute log file of `database.setup`. */
  readonly log: string;
  /** Every worker that may lease a database; the server's size and rules depend on them. */
  readonly workers: readonly WorkerId[];
  /** The absolute root of the verified files, which `database.inputs` are relative to. */
  readonly checkoutRoot: string;
  /** The root whose node_modules may contain Postgres binaries. */
  readonly projectRoot: string;
  /** Called with a phrase before something slow. */
  readonly onProgress?: (phrase: string) => void;
  readonly signal: AbortSignal;
}

/** A server with its template, which provides worker databases. */
export interface Provision {
  readonly kind: "embedded" | "external";
  /** For people: "embedded Postgres 17.10" or "Postgres 16.2 at db.example.com:5432"; never a password. */
  readonly description: string;
  /** Secrets to redact from all output. */
  readonly secrets: readonly Secret[];
  /**
   * The environment of a process that only coordinates workers: it names a database that never exists, so that database
   * access outside of workers fails visibly instead of reaching real data.
   */
  readonly coordinatorEnvironment: Readonly<Record<string, string>>;
  /** Notes on how it was made, one sentence each. */
  readonly notes: readonly string[];
  /** Aborted when the server is lost; the reason is the UnavailableError. */
  readonly lost: AbortSignal;
  /** Creates a fresh database for each worker, cloned from the template; replaces those of an earlier lease. */
  lease(workers: readonly WorkerId[]): Promise<WorkerDatabase[]>;
  /**
   * The server's observations since the last call, or the start. Throws UnavailableError where the server or its
   * sessions were lost, which makes test results meaningless.
   */
  audit(): Promise<Audit>;
  /** Drops leased databases; ends an embedded server and removes its directory. Can be called twice. */
  close(): Promise<void>;
}

/** The server's observations of the workers. */
export interface Audit {
  /** Whether anybody opened a leased database; null where the server cannot tell. */
  readonly connected: boolean | null;
  /** Attempts to connect to databases other than the worker's own, oldest first. */
  readonly rejections: readonly Rejection[];
}

/** A connection attempt that the server rejected. */
export interface Rejection {
  /** The worker, or the coordinating process. */
  readonly worker: WorkerId | "coordinator";
  readonly database: string;
  readonly at: Date;
}
