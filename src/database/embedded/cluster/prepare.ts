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

/** The data that a run's servers begin with: a cluster that no server runs in, with the template where there is one. */
export interface Cluster {
  /** The first server's. */
  readonly directory: RunDirectory;
  /** Where further servers' data comes from; null where none was asked for. */
  readonly archive: string | null;
  /** What a reader should know of how it was made, a sentence each. */
  readonly notes: readonly string[];
}

type Kept = Pick<Cluster, "archive" | "notes">;

/**
 * Prepares the cluster: as `initdb` makes it, or with the template that `database.setup` and `database.extensions` make of
 * it. What is made is kept for the next run, a template as long as what it depends on is named and unchanged.
 * @param servers how many servers will begin with it
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
    // What was edited while setup ran is not what the key was made of.
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

/** The archive that further servers of this run begin with; null where there are none. */
async function packForRun(built: RunDirectory, installation: Installation, servers: number): Promise<string | null> {
  if (servers === 1) return null;
  const path = join(built.path, "cluster.tar");
  await packArchive(built.data, path, installation);
  return path;
}

/** A damaged archive is gone by now, and what it held is made again. */
function orDamaged(error: unknown): null {
  if (error instanceof UnavailableError) return null;
  throw error;
}

/** Nobody has said what the template depends on, so it lives as long as the run. */
async function unkept(installation: Installation, request: ProvisionRequest, servers: number): Promise<Cluster> {
  const started = performance.now();
  const cluster = await build(installation, request, async (built) => {
    return { archive: await packForRun(built, installation, servers), notes: [] };
  });
  const took = formatSeconds((performance.now() - started) / 1000);
  const note = `database.setup ran again (${took}): name the files that it depends on in database.inputs, and its result is kept for the next run.`;
  return { ...cluster, notes: [note] };
}

/** Builds the template on a server of its own, whose data is then what every server begins with. */
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

/** Removes what only further servers needed. */
export async function dropArchive({ directory, archive }: Cluster): Promise<void> {
  if (archive?.startsWith(directory.path)) await rm(archive, { force: true });
}
