import { InterruptedError, UnavailableError } from "../../shared/errors.ts";
import { workerEnvironment } from "../environment.ts";
import { leaseAll, type Site } from "../lease.ts";
import { coordinatorName, templateName, workerDatabaseName } from "../names.ts";
import type { Provision, ProvisionRequest, WorkerId } from "../provision.ts";
import { type DatabaseTemplate, needsTemplate, readDatabaseTemplate } from "../template/build.ts";
import { findInstallation, type Installation } from "./binaries/installation.ts";
import { embeddedDatabases } from "./cluster/databases.ts";
import { fillDirectory } from "./cluster/fill-directory.ts";
import { checkRuleName, ownServerRules, sharedServerRules } from "./cluster/host-rules.ts";
import { type Cluster, dropArchive, prepareCluster } from "./cluster/prepare.ts";
import { coordinatorRole, type Login, newLogin, templateRole } from "./cluster/roles.ts";
import { auditLogs } from "./server/audit.ts";
import { type RunDirectory, removeRunDirectory } from "./server/run-directory.ts";
import { writeRunNote } from "./server/run-note.ts";
import { checkSettings, superuser } from "./server/settings.ts";
import { type EmbeddedServer, startServer } from "./server/start.ts";
import { sweepRuns } from "./server/sweep.ts";

/** A server, the workers that use it, and what their databases are cloned from. */
interface EmbeddedSite extends Site {
  readonly server: EmbeddedServer;
  readonly workers: readonly WorkerId[];
  readonly template: DatabaseTemplate | undefined;
}

/**
 * Starts one server for all workers, or one for each, with data in memory where there is room, random ports and random
 * passwords. Throws UnavailableError where one cannot start or `database.setup` fails, RequestError for invalid
 * settings, and InterruptedError when aborted; nothing is left behind.
 */
export async function openEmbeddedProvision(request: ProvisionRequest): Promise<Provision> {
  const { database, signal } = request;
  checkSettings(database.settings);
  checkRuleName(database.name);
  const swept = sweepRuns();
  const installation = await findInstallation({ ...request, version: database.version });
  const groups: (readonly WorkerId[])[] =
    database.isolation === "server" ? request.workers.map((worker) => [worker]) : [request.workers];
  const cluster = await prepareCluster(installation, request, groups.length);
  const sites = await startAll(installation, cluster, groups, request);
  await Promise.all([swept, dropArchive(cluster)]);
  if (signal.aborted) {
    await closeAll(sites);
    throw new InterruptedError();
  }
  return provision(sites, cluster.notes, request);
}

/** Starts a server for each group of workers in parallel; if one fails, the others are ended. */
async function startAll(
  installation: Installation,
  { directory, archive }: Cluster,
  groups: readonly (readonly WorkerId[])[],
  request: ProvisionRequest,
): Promise<readonly [EmbeddedSite, ...EmbeddedSite[]]> {
  const starts = await Promise.allSettled(
    groups.map(async (workers, index) => {
      const own = index === 0 || archive === null ? directory : await fillDirectory(archive, installation);
      return await startSite(installation, own, workers, request);
    }),
  );
  const sites = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
  const failure = starts.find((start) => start.status === "rejected");
  const [first, ...others] = sites;
  if (failure === undefined && first !== undefined) return [first, ...others];
  await closeAll(sites);
  throw failure?.reason ?? new UnavailableError("No worker is to have a database.");
}

async function startSite(
  installation: Installation,
  directory: RunDirectory,
  workers: readonly WorkerId[],
  request: ProvisionRequest,
): Promise<EmbeddedSite> {
  const { name, isolation, connections, settings } = request.database;
  const isOwn = isolation === "server";
  const logins = isOwn ? ([newLogin(superuser)] as const) : loginsOf(workers);
  const rules = isOwn ? ownServerRules(installation.major, name) : sharedServerRules(installation.major, name, workers);
  const note = { directory: request.projectRoot, base: name, worker: isOwn ? (workers[0] ?? null) : null };
  try {
    await writeRunNote(directory.path, note);
    const sizing = { workers: workers.length, connections, settings };
    const server = await startServer({ installation, directory, rules, sizing, logins });
    const template = needsTemplate(request.database)
      ? await readDatabaseTemplate(server, templateName(name))
      : undefined;
    return { ...siteOf(server, name, logins, isOwn), workers, template };
  } catch (error) {
    await removeRunDirectory(directory.path);
    throw error;
  }
}

function loginsOf(workers: readonly WorkerId[]): readonly [Login, ...Login[]] {
  const [first, ...others] = workers.map(newLogin);
  if (first === undefined) throw new UnavailableError("No worker is to have a database.");
  return [first, ...others];
}

function siteOf(
  server: EmbeddedServer,
  base: string,
  logins: readonly Login[],
  isOwn: boolean,
): Site & { server: EmbeddedServer } {
  const roles = logins.map(({ role }) => role);
  return {
    server,
    base,
    databases: embeddedDatabases(server),
    // With a server per worker, every worker has the base name, which a suite may have hard-coded.
    databaseName: (worker) => (isOwn ? base : workerDatabaseName(base, worker)),
    addressOf: (worker) =>
      server.addressOf(logins.find(({ role }) => role === worker) ?? logins[0] ?? newLogin(worker)),
    // Settings that setup made for its own role apply to the workers' roles.
    rolesFor: (role) => (role === superuser || role === templateRole ? [superuser, ...roles] : [role]),
  };
}

function provision(
  sites: readonly [EmbeddedSite, ...EmbeddedSite[]],
  notes: readonly string[],
  request: ProvisionRequest,
): Provision {
  const [{ server, base }] = sites;
  const { database } = request;
  const coordinator = server.addressOf(newLogin(coordinatorRole));
  const servers = sites.map((site) => site.server);
  const siteFor = (worker: WorkerId): EmbeddedSite => sites.find(({ workers }) => workers.includes(worker)) ?? sites[0];
  let closing: Promise<void> | undefined;
  return {
    kind: "embedded",
    description:
      sites.length === 1 ? server.description : `${server.description}, a server for each of ${sites.length} workers`,
    secrets: servers.flatMap(({ secrets }) => secrets),
    coordinatorEnvironment: workerEnvironment(database, coordinator, coordinatorName(base), "master"),
    notes,
    lost: AbortSignal.any(servers.map(({ lost }) => lost)),
    lease: async (workers) => {
      const leased = await Promise.all(
        workers.map((worker) => {
          const site = siteFor(worker);
          return leaseAll(site, site.template, request, [worker]);
        }),
      );
      return leased.flat();
    },
    audit: () => auditLogs(sites),
    close: () => {
      closing ??= closeAll(sites);
      return closing;
    },
  };
}

async function closeAll(sites: readonly EmbeddedSite[]): Promise<void> {
  await Promise.all(sites.map(({ server }) => server.close()));
}
