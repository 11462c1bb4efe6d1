import type { Shard } from "./shard.ts";

/** What to verify, and how. */
export interface VerifyRequest {
  readonly subject: Subject;
  readonly options: VerifyOptions;
  /** Directories and files of shards to judge together; undefined where suites are to run. */
  readonly merge?: readonly string[];
}

export type Subject =
  | { readonly kind: "revision"; readonly revision: string }
  | { readonly kind: "working tree" }
  /** `remote` is the remote's name, or its URL where it has none. */
  | { readonly kind: "push"; readonly lines: readonly PushLine[]; readonly remote: string; readonly url: string };

/** A line of git's standard input to a pre-push hook. */
export interface PushLine {
  readonly localRef: string;
  readonly localObject: string;
  readonly remoteRef: string;
  readonly remoteObject: string;
}

/** How many workers run side by side: a number, the number of usable cores, or a percentage of these. */
export type WorkerCount = number | "auto" | `${number}%`;

/** Above 100 where tests wait for other programs; up to four times the cores. */
export const workersPercentage = /^(?:[1-9]\d?|[1-3]\d\d|400)%$/;

/** The options of `verify`. Undefined options are taken from the configuration. */
export interface VerifyOptions {
  readonly workers: WorkerCount | undefined;
  /** The names of the suites to run; empty for all. */
  readonly suites: readonly string[];
  /** The threshold in percent. */
  readonly coverage: number | undefined;
  /** Ignores receipts. */
  readonly fresh: boolean;
  /** The summary goes to standard output, the display to standard error. */
  readonly json: boolean;
  readonly databaseUrl: string | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly serial: boolean;
  /** Reuses nothing of earlier runs. */
  readonly full: boolean;
  /** The part of the test files that this machine runs; undefined for all of them. */
  readonly shard: Shard | undefined;
  /** Arguments for the suites' commands. */
  readonly arguments: readonly string[];
}

/** Far more than any machine has cores for, and few enough for the names and the connections of their databases. */
export const mostWorkers = 1000;

export const defaultOptions: VerifyOptions = {
  workers: undefined,
  suites: [],
  coverage: undefined,
  fresh: false,
  json: false,
  databaseUrl: undefined,
  timeoutSeconds: undefined,
  serial: false,
  full: false,
  shard: undefined,
  arguments: [],
};
