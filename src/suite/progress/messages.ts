import type { SchemaUse } from "../../model/schema-use.ts";
import type { OwnThresholds } from "../hints/own-thresholds.ts";
import type { Narrowing } from "../plan/narrowing.ts";

/** A message from an adapter, one JSON object per line. */
export type Message =
  /** `root`: the directory that file names are relative to; `directory`: the one for names in the coverage data. */
  | { type: "hello"; root: string; directory?: string; runtime: string }
  | { type: "foreign"; files: string[] }
  /**
   * What the runner's coverage configuration includes and excludes, of the files it was asked about; see `Measuring`.
   */
  | { type: "measures"; named: string[] | null; left: string[] }
  /**
   * Files that contain tests without being test files, and the test files where the runner reports them; see
   * `Measuring`.
   */
  | { type: "tested"; files: string[]; testFiles?: string[] }
  /** The runner's own exit code, which a shell may hide. */
  | { type: "end"; status: number }
  /** The tests are over but the process keeps running, because of `by`; `isEnded` where the adapter killed it. */
  | { type: "alive"; by: string[]; isEnded: boolean }
  /** The project's own thresholds, which do not apply to a share. */
  | ({ type: "threshold" } & Partial<OwnThresholds>)
  /** How a process kept the schema of its database. */
  | ({ type: "schema" } & SchemaUse)
  | { type: "missing"; package: string }
  /** SQLAlchemy, of this version, takes psycopg for URLs without a driver; only psycopg2 is installed. */
  | { type: "driver"; sqlalchemy: string }
  /** Why the suite cannot be run as the configuration asks, a phrase. */
  | { type: "refused"; why: string }
  | ({ type: "narrowed" } & Narrowing)
  /** The runner stopped early because of failures; `word` is the option that makes it do so. */
  | { type: "stopped"; word: string }
  /** How many of the requested test files did not run. */
  | { type: "left out"; files: number }
  /** `all` where these are all tests of the suite; otherwise more may follow. */
  | { type: "collected"; tests: number; all?: boolean }
  /** A worker begins a file; `at` is when, in milliseconds since the epoch. */
  | { type: "file"; worker: string; file: string; at?: number }
  /** A worker begins a test. */
  | { type: "begin"; worker?: string; file: string; name: string }
  /** The worker reports the end of its test; `done` comes from another process. */
  | { type: "ended"; file: string }
  | { type: "failed"; worker?: string; file: string; name: string }
  /** The runner retries a failed test, because of a plugin or an option. The failure may already have been reported. */
  | { type: "again"; worker?: string; file: string; name: string }
  | { type: "unfinished"; file: string; name: string }
  | { type: "error"; message: string }
  /** A file with focused tests (`.only`), so that others did not run. */
  | { type: "focused"; file: string }
  /**
   * `name` is set where the message may arrive after the worker's next test began; `skipped` where the test did not
   * run.
   */
  | { type: "done"; worker?: string; file: string; name?: string; skipped?: boolean };

/** The message of a line; null where it is none, in case another program connects to the socket. */
export function parseMessage(line: string): Message | null {
  try {
    const value = JSON.parse(line);
    return typeof value === "object" && value !== null && typeof value.type === "string" ? value : null;
  } catch {
    return null;
  }
}
