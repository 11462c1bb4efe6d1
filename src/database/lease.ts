import { InterruptedError, UnavailableError } from "../shared/errors.ts";
import { isServersAnswer } from "./connection.ts";
import type { Databases } from "./databases.ts";
import { workerEnvironment } from "./environment.ts";
import { checkDatabaseName } from "./names.ts";
import type { ProvisionRequest, WorkerDatabase, WorkerId } from "./provision.ts";
import type { DatabaseServer } from "./server.ts";
import type { DatabaseTemplate } from "./template/build.ts";
import { cloneStatements } from "./template/clone-statements.ts";
import type { ServerAddress } from "./url.ts";

/** A server with what this run has on it. */
export interface Site {
  readonly server: DatabaseServer;
  readonly databases: Databases;
  /** The base name of this run's databases. */
  readonly base: string;
  /** What a worker's database is called. */
  databaseName(worker: WorkerId): string;
  /** A worker's address of the server. */
  addressOf(worker: WorkerId): ServerAddress;
  /** The roles to which settings for a role of the template's database apply in a clone. */
  rolesFor(role: string): readonly string[];
}

/** Creates a fresh database for each worker; see `Provision.lease`. */
export async function leaseAll(
  site: Site,
  template: DatabaseTemplate | undefined,
  request: ProvisionRequest,
  workers: readonly WorkerId[],
): Promise<WorkerDatabase[]> {
  // All are awaited, so that none is still being created while a failure is cleaned up.
  const leased = await Promise.allSettled(workers.map((worker) => lease(site, template, request, worker)));
  if (request.signal.aborted) throw new InterruptedError();
  return leased.map((result) => {
    if (result.status === "rejected") throw asExpected(result.reason, site.server);
    return result.value;
  });
}

async function lease(
  { server, databases, databaseName, addressOf, rolesFor }: Site,
  template: DatabaseTemplate | undefined,
  request: ProvisionRequest,
  worker: WorkerId,
): Promise<WorkerDatabase> {
  if (request.signal.aborted) throw new InterruptedError();
  const name = databaseName(worker);
  checkDatabaseName(name);
  await databases.create({ name, worker, template: template?.name });
  const statements = template === undefined ? [] : cloneStatements(template, name, rolesFor);
  if (statements.length > 0) await server.query(statements.join(";\n"));
  return { worker, name, environment: workerEnvironment(request.database, addressOf(worker), name, worker) };
}

/** Adds the server's name to its errors. */
export function asExpected(error: unknown, server: DatabaseServer): unknown {
  return isServersAnswer(error)
    ? new UnavailableError(`${server.description} says: ${error.message}.`, { cause: error })
    : error;
}
