import { writeFile } from "node:fs/promises";
import type { DatabaseConfig } from "../../../config/schema.ts";
import { RequestError } from "../../../shared/errors.ts";
import type { RunDirectory } from "./run-directory.ts";

/** The superuser of an embedded server. */
export const superuser = "postgres";

/** How a cluster is made. Small WAL segments make it small to copy; nothing is flushed, since nothing must outlive the machine. */
export const initdbOptions = ["--no-sync", "--encoding=UTF8", `--username=${superuser}`, "--wal-segsize=4"] as const;

/** Locales to try: the second for systems whose C library knows no C.UTF-8. */
const libcLocales = ["C.UTF-8", "C"] as const;

/**
 * initdb's options for a locale, in the order in which they are tried. Left out, and for `C` and `C.UTF-8`, the C library
 * sorts, by bytes; any other locale is ICU's, which sorts the same on every machine (Postgres 15 and later).
 */
export function localeOptions(locale: string | undefined): readonly (readonly string[])[] {
  const libc = locale === "C" ? (["C"] as const) : libcLocales;
  const isIcu = locale !== undefined && !/^C(\.UTF-?8)?$/i.test(locale);
  const icu = isIcu ? ["--locale-provider=icu", `--icu-locale=${locale}`] : [];
  return libc.map((name) => [`--locale=${name}`, ...icu]);
}

/** Sessions that no worker opens: ours, Postgres's own reserve, and a person who looks in with a client. */
const reservedSessions = 20;
/** Postgres's own default: fewer would take from suites what every other server gives them. */
const fewestSessions = 100;

/** What a server's configuration depends on. */
export interface ServerSizing {
  /** How many workers share the server. */
  readonly workers: number;
  /** How many connections each may have open at once. */
  readonly connections: number;
  /** `database.settings`, which win over ours. */
  readonly settings: DatabaseConfig["settings"];
}

/** The content of a postgresql.conf that lies outside of the data directory, so that nothing of one run is archived. */
function serverConfiguration(directory: RunDirectory, { workers, connections, settings }: ServerSizing): string {
  const ours = {
    max_connections: Math.max(fewestSessions, workers * connections + reservedSessions),
    shared_buffers: "64MB",
    shared_memory_type: "mmap",
    // Files in the data directory, not /dev/shm, of which a container has 64 MB.
    dynamic_shared_memory_type: "mmap",
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    jit: "off",
    wal_level: "minimal",
    max_wal_senders: "0",
    // Suites that create and drop their schema in every test leave files and dead catalog rows behind, which wait for
    // the next checkpoint and the next vacuum: both come often, or the data directory grows to hundreds of megabytes.
    autovacuum: "on",
    autovacuum_naptime: "1s",
    checkpoint_timeout: "30s",
    max_wal_size: "256MB",
    // Every clone begins with a checkpoint, and nothing but those would be among the last words.
    log_checkpoints: "off",
  };
  const all = { ...ours, ...byLowerCase(settings) };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${quoted(String(value))}`);
  // What initdb has chosen for this machine, its locale and its time zone, comes first.
  return [`include ${quoted(`${directory.data}/postgresql.conf`)}`, ...lines, ""].join("\n");
}

/**
 * What the server gets on its command line, which neither `database.settings` nor ALTER SYSTEM in a setup or a test can
 * change: where it is, and what is read from its log.
 */
export function fixedSettings(directory: RunDirectory, major: number): Record<string, string> {
  return {
    config_file: directory.configuration,
    hba_file: directory.hostRules,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: directory.sockets,
    logging_collector: "off",
    log_destination: "stderr",
    // Who opened which database; 18 can leave out the two lines that lead up to it.
    log_connections: major >= 18 ? "authorization" : "on",
    log_line_prefix: "%n %e ",
    log_min_messages: "warning",
    // After a crash every session is lost and no test's word counts: the end is told at once, not waited out.
    restart_after_crash: "off",
  };
}

/** What would take the server, or its log, from under us. */
const reserved = new Set([
  ...["config_file", "hba_file", "ident_file", "data_directory", "external_pid_file", "listen_addresses", "port"],
  ...["unix_socket_directories", "unix_socket_group", "unix_socket_permissions", "logging_collector"],
  ...["log_destination", "log_connections", "log_line_prefix", "log_min_messages", "lc_messages"],
  ...["restart_after_crash", "include", "include_dir", "include_if_exists"],
]);

/** Throws RequestError for a setting that must be ours, or whose name is none. */
export function checkSettings(settings: DatabaseConfig["settings"]): void {
  for (const name of Object.keys(settings)) {
    if (reserved.has(name.toLowerCase())) {
      throw new RequestError(
        `database.settings sets ${name}, which pushproof needs to reach the embedded server and to read its log: leave it out.`,
      );
    }
    if (!/^[a-z_][\w$]*(\.[a-z_][\w$]*)*$/i.test(name)) {
      throw new RequestError(
        `database.settings holds ${JSON.stringify(name)}, which is no name of a Postgres setting.`,
      );
    }
  }
}

/**
 * What Postgres says against `database.settings` in a log of a start that failed, or null where it says nothing about
 * them.
 */
export function settingsComplaint(log: string): string | null {
  if (!/FATAL:.*(contains errors|could not access file)/.test(log)) return null;
  const complaints = log.split("\n").flatMap((line) => {
    const [, level, text = ""] = /\b(LOG|HINT|FATAL): +(.*)$/.exec(line) ?? [];
    const isSummary = text.includes("contains errors");
    return level === undefined || isSummary ? [] : [text.replace(/ in file ".*" line \d+/, "").replace(/\.$/, "")];
  });
  return complaints.join(". ");
}

function byLowerCase(settings: DatabaseConfig["settings"]): DatabaseConfig["settings"] {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name.toLowerCase(), value]));
}

/** A value as postgresql.conf reads it: quotes are doubled, and a backslash begins an escape. */
function quoted(value: string): string {
  const escaped = value.replaceAll("\\", "\\\\").replaceAll("'", "''").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  return `'${escaped}'`;
}

/** Writes what a server reads at its start: its postgresql.conf, and who may connect. */
export async function writeConfiguration(directory: RunDirectory, sizing: ServerSizing, rules: string): Promise<void> {
  // Another user, if Postgres needs one, reads them too; the directory around them is private, and no password is in them.
  const mode = 0o644;
  await Promise.all([
    writeFile(directory.configuration, serverConfiguration(directory, sizing), { mode }),
    writeFile(directory.hostRules, rules, { mode }),
  ]);
}
