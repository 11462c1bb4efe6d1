import { plainLine, plural } from "../shared/text.ts";

import { type EmbeddedRun, listEmbeddedRuns } from "./embedded/server/inventory.ts";
import { runLocations } from "./embedded/server/run-directory.ts";
import { sweepRuns } from "./embedded/server/sweep.ts";
import type { ExternalServer } from "./external/external-server.ts";
import { listOurDatabases, type OurDatabase, removeLeftovers } from "./external/leftovers.ts";
import { describeAddress } from "./url.ts";

/** The result of removing leftovers, one sentence each. */
export interface Cleaning {
  readonly removed: readonly string[];
  /** What stays because it belongs to a live run or another role. */
  readonly left: readonly string[];
  /** What should be removed and could not be. */
  readonly failed: readonly string[];
}

/** Ends the embedded servers of this user's killed runs and removes their directories. */
export async function cleanEmbedded(locations: readonly string[] = runLocations()): Promise<Cleaning> {
  const before = await listEmbeddedRuns(locations);
  const gone = await sweepRuns(locations);
  const after = await listEmbeddedRuns(locations);
  // A run that was killed just now is left to the next cleaning.
  const wasDead = ({ path }: EmbeddedRun): boolean => before.some((run) => run.path === path && !run.isLive);
  return {
    removed: gone.map((path) => {
      const run = before.find((found) => found.path === path);
      return `${path}${run === undefined ? "" : `: ${describe(run)}`}`;
    }),
    left: after.filter(({ isLive }) => isLive).map((run) => `${run.path}: ${describe(run)}, which may still go on`),
    failed: after.filter((run) => !run.isLive && wasDead(run)).map((run) => `${run.path}: ${describe(run)}`),
  };
}

function describe({ owner, note }: EmbeddedRun): string {
  const where = note === null ? "" : ` in ${plainLine(note.directory)}`;
  return `the embedded server of process ${owner.pid}${where}`;
}

/** Drops the databases that killed runs left on an external server, as far as the role may. */
export async function cleanExternal(server: ExternalServer): Promise<Cleaning> {
  const place = describeAddress(server.address);
  const { removed, failed } = await removeLeftovers(server);
  const ours = await ownedNames(server);
  const live = (await listOurDatabases(server)).filter(({ isLive }) => isLive);
  const explain = ({ name, reason }: (typeof failed)[number]): string =>
    `${plainLine(name)} on ${place}: ${plainLine(reason)}`;
  return {
    removed: removed.map((name) => `${plainLine(name)} on ${place}`),
    left: [
      ...liveRuns(live).map((words) => `${words} on ${place}`),
      ...failed.filter(({ name }) => !ours.has(name)).map(explain),
    ],
    failed: failed.filter(({ name }) => ours.has(name)).map(explain),
  };
}

/** The databases that the role may drop; others belong to other roles. */
async function ownedNames(server: ExternalServer): Promise<Set<string>> {
  const rows = await server.query("SELECT datname FROM pg_database WHERE pg_has_role(datdba, 'USAGE')");
  return new Set(rows.map(({ datname }) => datname));
}

/** One line per live run, not per database. */
function liveRuns(databases: readonly OurDatabase[]): string[] {
  return [...new Set(databases.map(({ key }) => key))].map((key) => {
    const own = databases.filter((database) => database.key === key);
    const marker = own.find((database) => database.marker !== null)?.marker;
    const who = marker ? `of process ${marker.pid} at ${plainLine(String(marker.host))}` : "of a run that begins";
    return `${plural(own.length, "database")} ${who}, which still goes on,`;
  });
}
