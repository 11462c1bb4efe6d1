import { writeFile } from "node:fs/promises";
import type { DatabaseConfig } from "../../../config/schema.ts";
import { RequestError } from "../../../shared/errors.ts";
import type { RunDirectory } from "./run-directory.ts";

/** The superuser of an embedded server. */
export const superuser = "postgres";

/**
 * How a cluster is created: with small WAL segments, to be quick to copy, and without flushing, as it need not survive
 * a crash of the machine.
 */
export const initdbOptions = ["--no-sync", "--encoding=UTF8", `--username=${superuser}`, "--wal-segsize=4"] as const;

/** Locales to try; the second for systems whose C library lacks C.UTF-8. */
const libcLocales = ["C.UTF-8", "C"] as const;

/**
 * initdb's options for a locale, in the order to try. By default, and for `C` and `C.UTF-8`, the C library sorts by
 * bytes; all other locales are ICU's, which sort the same on every machine (Postgres 15 and later).
 */
export function localeOptions(locale: string | undefined): readonly (readonly string[])[] {
  const libc = locale === "C" ? (["C"] as const) : libcLocales;
  const isIcu = locale !== undefined && !/^C(\.UTF-?8)?$/i.test(locale);
  const icu = isIcu ? ["--locale-provider=icu", `--icu-locale=${locale}`] : [];
  return libc.map((name) => [`--locale=${name}`, ...icu]);
}

/** Sessions other than workers': ours, Postgres's reserve, and a person's client. */
const reservedSessions = 20;
/** Postgres's default, which suites may rely on. */
const fewestSessions = 100;

/** What a server's configuration depends on. */
export interface ServerSizing {
  /** How many workers share the server. */
  readonly workers: number;
  /** How many connections each may have open at once. */
  readonly connections: number;
  /** `database.settings`, which override ours. */
  readonly settings: DatabaseConfig["settings"];
}

/** The content of postgresql.conf, which is not in the data directory, so that archives contain nothing of one run. */
function serverConfiguration(directory: RunDirectory, { workers, connections, settings }: ServerSizing): string {
  const ours = {
    max_connections: Math.max(fewestSessions, workers * connections + reservedSessions),
    shared_buffers: "64MB",
    shared_memory_type: "mmap",
    // In the data directory, as /dev/shm has only 64 MB in a container.
    dynamic_shared_memory_type: "mmap",
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    jit: "off",
    wal_level: "minimal",
    max_wal_senders: "0",
    // Suites that create and drop their schema in every test leave files and dead catalog rows until the next
    // checkpoint and vacuum. Both run often, or the data directory would grow to hundreds of megabytes.
    autovacuum: "on",
    autovacuum_naptime: "1s",
    checkpoint_timeout: "30s",
    max_wal_size: "256MB",
    // Every clone causes a checkpoint, whose messages would fill the last lines of the log.
    log_checkpoints: "off",
  };
  const all = { ...ours, ...byLowerCase(settings) };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${quoted(String(value))}`);
  // First the settings that initdb chose for this machine, locale and time zone.
  return [`include ${quoted(`${directory.data}/postgresql.conf`)}`, ...lines, ""].join("\n");
}

/**
 * Command-line settings, which neither `database.settings` nor ALTER SYSTEM can change: locations, and what we read
 * from the log.
 */
export function fixedSettings(directory: RunDirectory, major: number): Record<string, string> {
  return {
    config_file: directory.configuration,
    hba_file: directory.hostRules,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: directory.sockets,
    logging_collector: "off",
    log_destination: "stderr",
    // Logs who connects to which database; version 18 can omit the two preceding lines.
    log_connections: major >= 18 ? "authorization" : "on",
    log_line_prefix: "%n %e ",
    log_min_messages: "warning",
    // After a crash all sessions are lost and results are meaningless, so the server ends at once.
    restart_after_crash: "off",
  };
}

/** Settings that would break our control of the server or its log. */
const reserved = new Set([
  ...["config_file", "hba_file", "ident_file", "data_directory", "external_pid_file", "listen_addresses", "port"],
  ...["unix_socket_directories", "unix_socket_group", "unix_socket_permissions", "logging_collector"],
  ...["log_destination", "log_connections", "log_line_prefix", "log_min_messages", "lc_messages"],
  ...["restart_after_crash", "include", "include_dir", "include_if_exists"],
]);

/** Throws RequestError for a reserved setting or an invalid name. */
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

/** Postgres's complaint about `database.settings` in the log of a failed start, or null where there is none. */
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

/** A value for postgresql.conf: quotes and backslashes are doubled. */
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
