import { InterruptedError, UnavailableError } from "../errors.ts";
import { isServersAnswer } from "./connection.ts";
import { type Databases, embeddedDatabases, externalDatabases } from "./databases.ts";
import { startEmbeddedServer } from "./embedded/server.ts";
import { workerEnvironment } from "./environment.ts";
import { connectExternalServer, type ExternalServer, saltedBase, sweepDatabases } from "./external.ts";
import { newRunMarker } from "./marker.ts";
import { checkBaseName, checkDatabaseName, coordinatorName, workerDatabaseName } from "./names.ts";
import type { Provision, ProvisionRequest, WorkerDatabase, WorkerId } from "./provision.ts";
import type { DatabaseServer } from "./server.ts";
import { buildTemplate, settingStatements, type Template } from "./template.ts";
import { parseServerUrl } from "./url.ts";

/** A server and what this run has on it. */
interface Ground {
  readonly server: DatabaseServer;
  readonly databases: Databases;
  /** What this run's databases are called after. */
  readonly base: string;
}

/**
 * Starts the embedded server, or connects to the one that the request names, and builds the template. Throws
 * RequestError for a wrong URL or name, UnavailableError where the server or `database.setup` fails, and
 * InterruptedError when aborted; in each case nothing is left behind.
 */
export async function openProvision(request: ProvisionRequest): Promise<Provision> {
  const { name, setup } = request.database;
  if (request.signal.aborted) throw new InterruptedError();
  checkBaseName(name, setup !== undefined);
  const ground = request.url === undefined ? await openEmbedded(request) : await openExternal(request, request.url);
  try {
    const template =
      setup === undefined
        ? undefined
        : await buildTemplate(ground.server, ground.databases, ground.base, setup, request);
    if (request.signal.aborted) throw new InterruptedError();
    return provision(ground, template, request);
  } catch (error) {
    await closeGround(ground).catch(() => {});
    throw asExpected(error, ground.server);
  }
}

async function openEmbedded(request: ProvisionRequest): Promise<Ground> {
  const { projectRoot, environment, signal, database } = request;
  const server = await startEmbeddedServer({ version: database.version, projectRoot, environment, signal });
  return { server, databases: embeddedDatabases(server), base: database.name };
}

async function openExternal(request: ProvisionRequest, url: string): Promise<Ground> {
  const { name, setup } = request.database;
  const server = await connectExternalServer(parseServerUrl(url, request.environment), request.signal);
  try {
    const base = await lockBase(server, name);
    checkBaseName(base, setup !== undefined);
    await sweepDatabases(server, base, name);
    return { server, base, databases: externalDatabases(server, newRunMarker(base, name, request.directory)) };
  } catch (error) {
    await server.close();
    throw asExpected(error, server);
  }
}

/** The base name, or, where another run has it, one that no run has. */
async function lockBase(server: ExternalServer, name: string): Promise<string> {
  for (let base = name; ; base = saltedBase(name)) if (await server.tryLock(base)) return base;
}

function provision(ground: Ground, template: Template | undefined, request: ProvisionRequest): Provision {
  const { server } = ground;
  let closing: Promise<void> | undefined;
  return {
    kind: server.kind,
    description: server.description,
    secrets: server.secrets,
    coordinatorEnvironment: workerEnvironment(request.database, server.address, coordinatorName(ground.base), "master"),
    lease: async (workers) => {
      // All are awaited, so that none is still being made when a failed one is cleaned up after.
      const leased = await Promise.allSettled(workers.map((worker) => lease(ground, template, request, worker)));
      if (request.signal.aborted) throw new InterruptedError();
      return leased.map((result) => {
        if (result.status === "rejected") throw asExpected(result.reason, server);
        return result.value;
      });
    },
    close: () => (closing ??= closeGround(ground)),
  };
}

async function lease(
  { server, databases, base }: Ground,
  template: Template | undefined,
  request: ProvisionRequest,
  worker: WorkerId,
): Promise<WorkerDatabase> {
  if (request.signal.aborted) throw new InterruptedError();
  const name = workerDatabaseName(base, worker);
  checkDatabaseName(name);
  await databases.create({ name, worker, template: template?.name });
  for (const statement of template === undefined ? [] : settingStatements(template, name))
    await server.query(statement);
  return { worker, name, environment: workerEnvironment(request.database, server.address, name, worker) };
}

async function closeGround({ server, databases }: Ground): Promise<void> {
  try {
    await databases.dropAll();
  } catch (error) {
    throw asExpected(error, server);
  } finally {
    await server.close();
  }
}

/** What the server itself refuses is for the user to see, with the server named. */
function asExpected(error: unknown, server: DatabaseServer): unknown {
  return isServersAnswer(error)
    ? new UnavailableError(`${server.description} says: ${error.message}.`, { cause: error })
    : error;
}
