import pg from "pg";
import { RequestError } from "../../shared/errors.ts";
import { createDatabase, type Databases, dropDatabase } from "../databases.ts";
import type { LockedServer } from "./external-server.ts";
import { findOurDatabases } from "./leftovers.ts";
import { hasOwnName, markerComment, parseMarker, type RunMarker, temporaryName } from "./marker.ts";

const { escapeIdentifier, escapeLiteral } = pg;

/** Databases on a server that others use too: each of ours carries a marker, and nothing without one is touched. */
export function externalDatabases(server: LockedServer, run: RunMarker): Databases {
  return {
    create: async ({ name, worker, template = server.defaultTemplate, becomes }) => {
      server.lost.throwIfAborted();
      await makeRoom(server, run, name);
      if (becomes !== undefined) await makeRoom(server, run, becomes);
      // Marked before it gets its name: a run that is killed in between leaves nothing that is in the way later.
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
      // Without the lock, another run may be making databases of the same names by now: what is left is the next one's to remove.
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
      `The database "${name}" exists already and belongs to a run of the database.name "${marker.family}" in ${marker.directory}, so it is left alone: \`verify db clean\` removes it if that run is over; else set another database.name.`,
    );
  }
  // While we hold our base's lock, a database that another run of that base has made belongs to nobody alive.
  if (marker.run !== run.run) await server.checkLock(run.base);
  await dropDatabase(server, name);
}
