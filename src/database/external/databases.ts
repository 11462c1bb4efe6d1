import pg from "pg";
import { RequestError } from "../../shared/errors.ts";
import { createDatabase, type Databases, dropDatabase } from "../databases.ts";
import type { LockedServer } from "./external-server.ts";
import { findOurDatabases } from "./leftovers.ts";
import { hasOwnName, markerComment, parseMarker, type RunMarker, temporaryName } from "./marker.ts";

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

async function makeRoom(server: LockedServer, run: RunMarker, name: string): Promise<void> {
  const rows = await server.query(
    "SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1",
    [name],
  );
  if (rows.length === 0) return;
  const marker = parseMarker(rows[0]?.comment);
  if (marker === undefined || !hasOwnName(name, marker)) {
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
