import pg from "pg";
import { RequestError } from "../../shared/errors.ts";
import { createDatabase, type Databases, dropDatabase } from "../databases.ts";
import type { LockedServer } from "./external-server.ts";
import { findOurDatabases } from "./leftovers.ts";
import { hasOwnName, type Marker, markerComment, parseMarker, type RunMarker, temporaryName } from "./marker.ts";

const { escapeIdentifier, escapeLiteral } = pg;

/** Databases on a server that others use too: ours carry a marker, and databases without one are never touched. */
export function externalDatabases(server: LockedServer, run: RunMarker): Databases {
  return {
    create: async ({ name, worker, template = server.defaultTemplate, becomes }) => {
      server.lost.throwIfAborted();
      await makeRoom(server, run, name);
      if (becomes !== undefined) await makeRoom(server, run, becomes);
      // Marked before it gets its final name, so that an interrupted run leaves nothing that blocks the name.
      const temporary = temporaryName(run.base);
      await createDatabase(server, temporary, template);
      try {
        const comment = escapeLiteral(markerComment(run, name, worker));
        await server.query(`COMMENT ON DATABASE ${escapeIdentifier(temporary)} IS ${comment}`);
        await server.query(`ALTER DATABASE ${escapeIdentifier(temporary)} RENAME TO ${escapeIdentifier(name)}`);
      } catch (error) {
        await dropDatabase(server, temporary).catch(() => {});
        throw error;
      }
    },
    dropAll: async () => {
      // Without the lock, another run may already use the same names, so leftovers are left to the next run.
      server.lost.throwIfAborted();
      const ours = (await findOurDatabases(server)).filter(({ marker }) => marker?.run === run.run);
      await Promise.all(ours.map(({ name }) => dropDatabase(server, name)));
    },
  };
}

/** One of some databases that this base's runs may not replace, as somebody else or another base's run made it; or none. */
export async function findForeign(
  server: LockedServer,
  base: string,
  names: readonly string[],
): Promise<string | undefined> {
  const found = await readMarkers(server, names);
  return found.find(({ marker }) => marker?.base !== base)?.name;
}

interface Marked {
  readonly name: string;
  /** Null where pushproof did not make it, or did not give it this name. */
  readonly marker: Marker | null;
}

/** Those of some databases that there are. */
async function readMarkers(server: LockedServer, names: readonly string[]): Promise<Marked[]> {
  const rows = await server.query(
    "SELECT datname AS name, shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = ANY ($1)",
    [names],
  );
  return rows.map(({ name, comment }) => {
    const marker = parseMarker(comment);
    return { name, marker: marker !== undefined && hasOwnName(name, marker) ? marker : null };
  });
}

async function makeRoom(server: LockedServer, run: RunMarker, name: string): Promise<void> {
  const [found] = await readMarkers(server, [name]);
  if (found === undefined) return;
  const { marker } = found;
  // Made while this run goes on: at its start there was no such database, or it would have other names.
  if (marker === null) {
    throw new RequestError(
      `The database "${name}" exists already and was not made by pushproof, so it is left alone: drop it yourself, or set another database.name.`,
    );
  }
  if (marker.base !== run.base) {
    throw new RequestError(
      `The database "${name}" exists already and belongs to a run of the database.name "${marker.family}" in ${marker.directory}, so it is left alone: \`verify clean\` removes it if that run is over; else set another database.name.`,
    );
  }
  // As we hold the base's lock, databases of another run with that base belong to a killed run.
  if (marker.run !== run.run) await server.checkLock(run.base);
  await dropDatabase(server, name);
}
