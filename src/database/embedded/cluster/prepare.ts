import { rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, UnavailableError } from "../../../shared/errors.ts";
import { formatSeconds } from "../../../shared/text.ts";
import { codeOf } from "../../connection.ts";
import { asExpected } from "../../lease.ts";
import type { ProvisionRequest } from "../../provision.ts";
import { buildTemplate, needsTemplate } from "../../template/build.ts";
import { clusterArchive, packArchive } from "../binaries/archive.ts";
import type { Installation } from "../binaries/installation.ts";
import { type RunDirectory, removeRunDirectory } from "../server/run-directory.ts";
import { startServer } from "../server/start.ts";
import { embeddedDatabases } from "./databases.ts";
import { fillDirectory } from "./fill-directory.ts";
import { sharedServerRules } from "./host-rules.ts";
import { closeTemplateRole, newLogin, templateRole } from "./roles.ts";
import { openTemplateCache } from "./template-cache.ts";
import { templateKey } from "./template-key.ts";

/** The initial data of a run's servers: a cluster without a running server, with the template where there is one. */
export interface Cluster {
  /** The data directory of the first server. */
  readonly directory: RunDirectory;
  /** The archive for further servers; null where there are none. */
  readonly archive: string | null;
  /** Notes on how it was made, one sentence each. */
  readonly notes: readonly string[];
}

type Kept = Pick<Cluster, "archive" | "notes">;

/**
 * Prepares the cluster: as `initdb` makes it, or with the template built by `database.setup` and `database.extensions`.
 * Results are cached for later runs; a template only where its inputs are configured.
 * @param servers how many servers will use it
 */
export async function prepareCluster(
  installation: Installation,
  request: ProvisionRequest,
  servers: number,
): Promise<Cluster> {
  if (!needsTemplate(request.database)) {
    const archive = await clusterArchive(installation, request.database.locale);
    return { directory: await fillDirectory(archive, installation), archive, notes: [] };
  }
  const key = await templateKey(installation.binaries, request);
  if (key === null) return await unkept(installation, request, servers);
  const cache = await openTemplateCache(installation.environment);
  const kept = await cache.find(key);
  const directory = kept && (await fillDirectory(kept, installation).catch(orDamaged));
  if (directory) return { directory, archive: kept, notes: [] };
  return await build(installation, request, async (built) => {
    const unkeptFor = async (note: string): Promise<Kept> => {
      return { archive: await packForRun(built, installation, servers), notes: [note] };
    };
    // Files that changed while setup ran are not covered by the key.
    const now = await templateKey(installation.binaries, request).catch(() => null);
    if (now !== key) {
      return await unkeptFor(
        "What database.inputs match has changed while database.setup ran, so its result is not kept.",
      );
    }
    try {
      const path = cache.newPath(key);
      await packArchive(built.data, path, installation);
      return { archive: await cache.keep(path, key), notes: [] };
    } catch (error) {
      if (!(error instanceof UnavailableError) && codeOf(error) === undefined) throw error;
      return await unkeptFor(`The built template could not be kept for the next run: ${messageOf(error)}`);
    }
  });
}

/** The archive for further servers of this run; null where there are none. */
async function packForRun(built: RunDirectory, installation: Installation, servers: number): Promise<string | null> {
  if (servers === 1) return null;
  const path = join(built.path, "cluster.tar");
  await packArchive(built.data, path, installation);
  return path;
}

/** A damaged archive has been removed, so its content is built again. */
function orDamaged(error: unknown): null {
  if (error instanceof UnavailableError) return null;
  throw error;
}

/** Without configured inputs the template is only valid for this run. */
async function unkept(installation: Installation, request: ProvisionRequest, servers: number): Promise<Cluster> {
  const started = performance.now();
  const cluster = await build(installation, request, async (built) => {
    return { archive: await packForRun(built, installation, servers), notes: [] };
  });
  const took = formatSeconds((performance.now() - started) / 1000);
  const note = `database.setup ran again (${took}): name the files that it depends on in database.inputs, and its result is kept for the next run.`;
  return { ...cluster, notes: [note] };
}

/** Builds the template on its own server, whose data every server starts with. */
async function build(
  installation: Installation,
  request: ProvisionRequest,
  keep: (directory: RunDirectory) => Promise<Kept>,
): Promise<Cluster> {
  const { name, connections, settings } = request.database;
  const directory = await fillDirectory(await clusterArchive(installation, request.database.locale), installation);
  try {
    const login = newLogin(templateRole);
    const rules = sharedServerRules(installation.major, name, []);
    const sizing = { workers: 1, connections, settings };
    const server = await startServer({ installation, directory, rules, sizing, logins: [login] });
    try {
      await buildTemplate(server, embeddedDatabases(server), name, request);
      await server.query(closeTemplateRole);
      await server.stopCleanly();
    } catch (error) {
      await server.close();
      throw asExpected(error, server);
    }
    return { directory, ...(await keep(directory)) };
  } catch (error) {
    await removeRunDirectory(directory.path);
    throw error;
  }
}

/** Removes the archive for further servers. */
export async function dropArchive({ directory, archive }: Cluster): Promise<void> {
  if (archive?.startsWith(directory.path)) await rm(archive, { force: true });
}
