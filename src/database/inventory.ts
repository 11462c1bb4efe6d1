/** A database of a live or killed run. Unknown fields are null. */
export interface ListedDatabase {
  readonly name: string;
  /** Its purpose in the run: `gw0`, `master`, `template`. */
  readonly worker: string | null;
  readonly run: ListedRun;
  /** Whether its run is alive, or may be. */
  readonly isLive: boolean;
  readonly madeAt: Date | null;
  readonly bytes: number | null;
  /** The server, for people: "embedded" or "db.example.com:5432". */
  readonly server: string;
}

/** The run that created a database. Unknown fields are null. */
export interface ListedRun {
  readonly pid: number | null;
  /** The machine, where it is not this one. */
  readonly host: string | null;
  /** The directory that it verifies. */
  readonly directory: string | null;
}
