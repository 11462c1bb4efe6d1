import { InterruptedError } from "../../shared/errors.ts";
import { plainLine } from "../../shared/text.ts";
import type { Databases } from "../databases.ts";
import { workerEnvironment } from "../environment.ts";
import { asExpected, leaseAll, type Site } from "../lease.ts";
import { coordinatorName, neededNames, saltedBase, workerDatabaseName } from "../names.ts";
import type { Provision, ProvisionRequest } from "../provision.ts";
import { buildTemplate, needsTemplate } from "../template/build.ts";
import { describeAddress, parseServerUrl } from "../url.ts";
import { type SessionWatch, watchSessions } from "./audit.ts";
import { checkCapacity, loadOf } from "./capacity.ts";
import { externalDatabases, findForeign } from "./databases.ts";
import type { ExternalServer } from "./external-server.ts";
import { removeLeftovers } from "./leftovers.ts";
import { lockKey } from "./lock.ts";
import { newRunMarker } from "./marker.ts";
import { checkMayCreate, connectExternalServer } from "./server.ts";

/** A site on an external server. */
interface ExternalSite extends Site {
  readonly server: ExternalServer;
  readonly sessions: SessionWatch;
  /** Notes on how the server serves the run. */
  readonly notes: readonly string[];
}

/** Opens databases on an external server. */
export async function openExternalProvision(request: ProvisionRequest, url: string): Promise<Provision> {
  const { database, signal } = request;
  const site = await openSite(request, url);
  const { server, databases, base, sessions, notes } = site;
  let closing: Promise<void> | undefined;
  try {
    const template = needsTemplate(database) ? await buildTemplate(server, databases, base, request) : undefined;
    if (signal.aborted) throw new InterruptedError();
    return {
      kind: "external",
      description: server.description,
      secrets: server.secrets,
      coordinatorEnvironment: workerEnvironment(database, server.address, coordinatorName(base), "master"),
      notes,
      lost: server.lost,
      lease: (workers) => leaseAll(site, template, request, workers),
      audit: async () => {
        try {
          return await sessions.audit();
        } catch (error) {
          throw asExpected(error, server);
        }
      },
      close: () => (closing ??= closeSite(site)),
    };
  } catch (error) {
    await closeSite(site).catch(() => {});
    throw asExpected(error, server);
  }
}

async function openSite(request: ProvisionRequest, url: string): Promise<ExternalSite> {
  const { name } = request.database;
  const server = await connectExternalServer(parseServerUrl(url, request.environment), request.signal);
  try {
    checkMayCreate(server);
    const notes = checkRequest(server, request);
    const base = await lockBase(server, request);
    if (base.note !== null) notes.push(base.note);
    // If a leftover cannot be dropped, it is reported when its name is needed.
    await removeLeftovers(server, name);
    const sessions = watchSessions(server);
    const databases = watched(externalDatabases(server, newRunMarker(base.name, name, request.projectRoot)), sessions);
    return {
      server,
      base: base.name,
      databases,
      sessions,
      notes,
      databaseName: (worker) => workerDatabaseName(base.name, worker),
      addressOf: () => server.address,
      rolesFor: (role) => [role],
    };
  } catch (error) {
    await server.close();
    throw asExpected(error, server);
  }
}

/** Checks what the server cannot do for the request, before anything is created. */
function checkRequest({ facts, address, description }: ExternalServer, request: ProvisionRequest): string[] {
  const notes = checkCapacity(facts, loadOf(request), `Postgres at ${describeAddress(address)}`);
  const settings = Object.keys(request.database.settings);
  if (settings.length > 0) {
    notes.push(
      `database.settings are the embedded server's, and not applied to ${description}: ${settings.join(", ")}.`,
    );
  }
  return notes;
}

/**
 * Locks the base name, or a variation where another run holds it, or where somebody else's database has a name that this
 * run needs; the note says which, a sentence.
 */
async function lockBase(
  server: ExternalServer,
  { database, workers }: ProvisionRequest,
): Promise<{ readonly name: string; readonly note: string | null }> {
  const hasTemplate = needsTemplate(database);
  let foreign: string | undefined;
  for (let base = database.name; ; base = saltedBase(database.name, workers, hasTemplate)) {
    if (!(await server.tryLock(lockKey(base)))) continue;
    const taken = await findForeign(server, base, neededNames(base, workers, hasTemplate));
    if (taken === undefined) return { name: base, note: foreign === undefined ? null : foreignNote(foreign, base) };
    foreign ??= taken;
    await server.unlock(lockKey(base));
  }
}

function foreignNote(foreign: string, base: string): string {
  return `The database "${plainLine(foreign)}" was not made by this run or one like it, and is left alone: the names of this run's begin with "${plainLine(base)}".`;
}

function watched(databases: Databases, sessions: SessionWatch): Databases {
  return {
    ...databases,
    create: async (database) => {
      await sessions.beforeRecreation(database.name);
      await databases.create(database);
      sessions.made(database.name);
    },
  };
}

async function closeSite({ server, databases }: Site): Promise<void> {
  try {
    await databases.dropAll();
  } catch (error) {
    throw asExpected(error, server);
  } finally {
    await server.close();
  }
}
