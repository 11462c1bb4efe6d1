import type { DatabaseConfig } from "../config/schema.ts";
import type { Secret } from "../shared/redact.ts";
import type { Environment } from "../shared/world.ts";

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
  /** Every worker that may be leased a database: the server is sized for them, and its rules name each of them. */
  readonly workers: readonly WorkerId[];
  /** The absolute root of the verified files, which `database.inputs` are relative to. */
  readonly checkoutRoot: string;
  /** Where packages of the project may be found: the roots whose node_modules may hold Postgres binaries. */
  readonly projectRoot: string;
  /** Called with a phrase for people when something begins that may take long. */
  readonly onProgress?: (phrase: string) => void;
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
  /** What a reader should know of how it was made, a sentence each. */
  readonly notes: readonly string[];
  /** Aborted once the server has gone away; its reason is the UnavailableError that says so. */
  readonly lost: AbortSignal;
  /** Makes a fresh database for each worker, cloned from the template; a database of an earlier lease is replaced. */
  lease(workers: readonly WorkerId[]): Promise<WorkerDatabase[]>;
  /**
   * What the server saw of the workers since the last call, or since the start. Throws UnavailableError where the server is
   * gone or has lost its sessions: what the tests said then is not theirs.
   */
  audit(): Promise<Audit>;
  /** Drops what was leased and, for an embedded server, ends it and removes its directory. Harmless when called twice. */
  close(): Promise<void>;
}

/** What a server saw of the workers. */
export interface Audit {
  /** Whether anybody opened a leased database; null where the server cannot tell. */
  readonly connected: boolean | null;
  /** Every attempt to reach a database that is not the worker's own, in the order of time. */
  readonly rejections: readonly Rejection[];
}

/** An attempt that the server has refused. */
export interface Rejection {
  /** Who tried: a worker, or the process that coordinates them. */
  readonly worker: WorkerId | "coordinator";
  readonly database: string;
  readonly at: Date;
}
