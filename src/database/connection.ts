import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import pg from "pg";
import { messageOf } from "../shared/errors.ts";
import type { ServerAddress } from "./url.ts";

/** What node-pg is to be given for an address; TLS is decided. */
export type ClientSettings = pg.ClientConfig;

/** Every way to connect that the address's `sslmode` allows, in the order in which libpq tries them. */
export async function clientSettings(address: ServerAddress, database: string): Promise<ClientSettings[]> {
  const settings: ClientSettings = {
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database,
    keepAlive: true,
    // A server that is gone without a word is noticed in minutes, not in the system's two hours.
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: 15_000,
    application_name: "pushproof",
  };
  const encryption = address.host.startsWith("/") ? [false as const] : await encryptions(address);
  return encryption.map((ssl) => ({ ...settings, ssl }));
}

/** Connects in the first way that works; throws the error of the last one. */
export async function connectFirst(
  ways: readonly ClientSettings[],
): Promise<{ client: pg.Client; way: ClientSettings }> {
  let failure: unknown;
  for (const way of ways) {
    const client = new pg.Client(way);
    // A connection that is lost while nobody asks anything must not end the program; the next query tells.
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

/** The SQLSTATE or the system's error code of what a query or a connection threw. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** Whether the server itself has refused a statement, rather than gone away or never been reached. */
export function isServersAnswer(error: unknown): error is pg.DatabaseError {
  // By its class: the system's own codes (EPIPE) look like a server's.
  return error instanceof pg.DatabaseError && !/^(57P|08)/.test(codeOf(error) ?? "");
}

/** What went wrong, in the server's or the system's words; a refused connection to two addresses has none of its own. */
export function describeFailure(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors.map(messageOf).join(", ") : messageOf(error);
  return (inner || codeOf(error) || "unknown error").replace(/\.$/, "");
}

/** libpq's meaning of `sslmode`, which node-pg's own differs from: `require` looks at no certificate unless `sslrootcert` is given. */
async function encryptions(address: ServerAddress): Promise<(ConnectionOptions | false)[]> {
  const files = await certificateFiles(address);
  const trusted = { ...files, checkServerIdentity: () => undefined };
  // Where an authority is named, it must have signed the certificate whatever the mode.
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
