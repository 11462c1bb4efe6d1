import type { RunDirectory } from "./run-directory.ts";

/** The superuser of an embedded server. */
export const superuser = "postgres";

/** How a cluster is made. Small WAL segments make it small to copy; nothing is flushed, since nothing must outlive the machine. */
export const initdbOptions = ["--no-sync", "--encoding=UTF8", `--username=${superuser}`, "--wal-segsize=4"] as const;

/** Locales to try: the second for systems whose C library knows no C.UTF-8. */
export const locales = ["C.UTF-8", "C"] as const;

/** What is added to a stock postgresql.conf. */
export function serverSettings(directory: RunDirectory): string {
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: directory.sockets,
    max_connections: "200",
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
    logging_collector: "off",
    // Every clone begins with a checkpoint, and nothing but those would be among the last words.
    log_checkpoints: "off",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  return `\n${lines.join("\n")}\n`;
}

/**
 * Who may connect: anybody who can enter the private socket directory, and over TCP whoever has the password. It goes over
 * loopback as it is: the 4096 hashes of SCRAM, fewer of which some drivers refuse, would cost every connection of every test
 * 4 ms (libpq) to 20 ms (asyncpg), and guard nothing, since the password is random and dies with the server.
 */
export const hostRules = "local all all trust\nhost all all 127.0.0.1/32 password\n";
