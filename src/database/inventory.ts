/** A database that a run of this program has, or has left. What is not known is null. */
export interface ListedDatabase {
  readonly name: string;
  /** Whose it is in the run: `gw0`, `master`, `template`. */
  readonly worker: string | null;
  readonly run: ListedRun;
  /** Whether its run still goes on, or may. */
  readonly isLive: boolean;
  readonly madeAt: Date | null;
  readonly bytes: number | null;
  /** Where it is, for people: "embedded" or "db.example.com:5432". */
  readonly server: string;
}

/** The run that made a database. What is not known is null. */
export interface ListedRun {
  readonly pid: number | null;
  /** The machine, where it is another than this one. */
  readonly host: string | null;
  /** The directory that it verifies. */
  readonly directory: string | null;
}
