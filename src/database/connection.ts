import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import pg from "pg";
import { messageOf } from "../shared/errors.ts";
import type { ServerAddress } from "./url.ts";

/** The node-pg settings for an address, with TLS decided. */
export type ClientSettings = pg.ClientConfig;

/** Every way to connect that the address's `sslmode` allows, in libpq's order. */
export async function clientSettings(address: ServerAddress, database: string): Promise<ClientSettings[]> {
  const settings: ClientSettings = {
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database,
    keepAlive: true,
    // Notices a silently dead server in minutes; the system's default is two hours.
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: 15_000,
    application_name: "pushproof",
  };
  const encryption = address.host.startsWith("/") ? [false as const] : await encryptions(address);
  return encryption.map((ssl) => ({ ...settings, ssl }));
}

/** Connects in the first way that works; throws the last error. */
export async function connectFirst(
  ways: readonly ClientSettings[],
): Promise<{ client: pg.Client; way: ClientSettings }> {
  let failure: unknown;
  for (const way of ways) {
    const client = new pg.Client(way);
    // An idle connection that breaks must not crash the program; the next query reports it.
    client.on("error", () => {});
    try {
      await client.connect();
      return { client, way };
    } catch (error) {
      failure = error;
      await client.end().catch(() => {});
    }
  }
  throw failure;
}

/** The SQLSTATE or system error code of a query's or connection's error. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** Whether the server itself rejected a statement, as opposed to being dead or unreachable. */
export function isServersAnswer(error: unknown): error is pg.DatabaseError {
  // Checks the class, as system error codes (EPIPE) look like SQLSTATEs.
  return error instanceof pg.DatabaseError && !/^(57P|08)/.test(codeOf(error) ?? "");
}

/**
 * The error as the server or system words it. If two addresses refused, the combined error has no message of its own.
 */
export function describeFailure(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors.map(messageOf).join(", ") : messageOf(error);
  return (inner || codeOf(error) || "unknown error").replace(/\.$/, "");
}

/**
 * libpq's meaning of `sslmode`; node-pg's differs: libpq's `require` checks no certificate unless `sslrootcert` is set.
 */
async function encryptions(address: ServerAddress): Promise<(ConnectionOptions | false)[]> {
  const files = await certificateFiles(address);
  const trusted = { ...files, checkServerIdentity: () => undefined };
  // With a root certificate, libpq verifies the server's certificate in every mode.
  const encrypted = files.ca === undefined ? { ...files, rejectUnauthorized: false } : trusted;
  switch (address.sslmode) {
    case "disable":
      return [false];
    case "allow":
      return [false, encrypted];
    case "require":
      return [encrypted];
    case "verify-ca":
      return [trusted];
    case "verify-full":
      return [files];
    default:
      return [encrypted, false];
  }
}

async function certificateFiles(address: ServerAddress): Promise<ConnectionOptions> {
  const files = { ca: "sslrootcert", cert: "sslcert", key: "sslkey" } as const;
  const named = new Map(address.parameters);
  const entries = Object.entries(files).flatMap(([option, name]) => {
    const file = named.get(name);
    return file === undefined || file === "system"
      ? []
      : [readFile(file).then((content) => [option, content] as const)];
  });
  return Object.fromEntries(await Promise.all(entries));
}
