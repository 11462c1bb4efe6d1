import pg from "pg";
import { InterruptedError, UnavailableError } from "../../shared/errors.ts";
import { type ClientSettings, clientSettings, codeOf, connectFirst, describeFailure } from "../connection.ts";
import { describeAddress, type ServerAddress } from "../url.ts";

/** A connection from which databases can be created, and how it was found. */
export interface Maintenance {
  readonly client: pg.Client;
  readonly way: ClientSettings;
}

/**
 * Connects to `postgres`, else to any database that accepts us. Throws UnavailableError with the server's message and a
 * remedy, and InterruptedError when the signal aborts.
 */
export async function connectMaintenance(address: ServerAddress, signal: AbortSignal): Promise<Maintenance> {
  const databases = [...new Set(["postgres", "template1", ...(address.database ? [address.database] : [])])];
  let failure: unknown;
  for (const database of databases) {
    if (signal.aborted) throw new InterruptedError();
    try {
      return await untilAborted(connectFirst(await clientSettings(address, database)), signal);
    } catch (error) {
      if (error instanceof InterruptedError) throw error;
      failure ??= error;
      // Other databases only help where this one does not exist or rejects us.
      if (!["3D000", "42501", "28000"].includes(codeOf(error) ?? "")) break;
    }
  }
  const help = remedy(failure, address);
  throw new UnavailableError(
    `Cannot connect to Postgres at ${describeAddress(address)}: ${describeFailure(failure)}${help ? `; ${help}` : ""}.`,
  );
}

function remedy(failure: unknown, { user }: ServerAddress): string | null {
  const role = pg.escapeIdentifier(user);
  switch (codeOf(failure)) {
    case "42501":
      return `a superuser can let the role in with \`GRANT CONNECT ON DATABASE postgres TO ${role}\`, or name a database in the URL that it may enter`;
    case "53300":
      return /for role/.test(describeFailure(failure))
        ? `a superuser can raise the limit with \`ALTER ROLE ${role} CONNECTION LIMIT -1\``
        : "end other sessions, or raise max_connections";
    default:
      return null;
  }
}

/** Stops waiting when the signal aborts; a connection that arrives later is closed. */
async function untilAborted(connecting: Promise<Maintenance>, signal: AbortSignal): Promise<Maintenance> {
  return await new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(new InterruptedError());
      connecting.then(({ client }) => client.end()).catch(() => {});
    };
    signal.addEventListener("abort", abort, { once: true });
    connecting.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
