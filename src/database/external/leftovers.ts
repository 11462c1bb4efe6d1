import { messageOf } from "../../shared/errors.ts";
import { dropDatabase } from "../databases.ts";
import type { DatabaseServer } from "../server.ts";
import type { ExternalServer } from "./external-server.ts";
import { heldKeys, lockKey } from "./lock.ts";
import { hasOwnName, type Marker, parseMarker, temporaryKey } from "./marker.ts";

/** A database that this program created on an external server and nobody renamed. */
export interface OurDatabase {
  readonly name: string;
  /** Its creator; null where the run was killed, or has not yet marked it. */
  readonly marker: Marker | null;
  /** The key of the lock that its run holds. */
  readonly key: string;
  /** Whether a session holds that lock. */
  readonly isLive: boolean;
  /** The role that owns it. */
  readonly owner: string;
}

/** A database with its size; null where the role may not read it. */
export interface SizedDatabase extends OurDatabase {
  readonly bytes: number | null;
}

/** The result of removing leftovers. */
export interface Removal {
  /** The names of the removed databases. */
  readonly removed: readonly string[];
  /** The databases that could not be removed, with the reason, a sentence. */
  readonly failed: readonly { readonly name: string; readonly reason: string }[];
}

/** All databases of our runs on a server, live and killed, by name. */
export async function findOurDatabases(server: DatabaseServer): Promise<OurDatabase[]> {
  const rows = await server.query(
    `SELECT datname AS name, comment, pg_get_userbyid(datdba) AS owner
      FROM pg_database, LATERAL shobj_description(oid, 'pg_database') AS comment
      WHERE comment LIKE 'pushproof %' OR datname LIKE 'pushproof\\_new\\_%' ORDER BY datname`,
  );
  // Locks are read last, so that a run that starts in between is not taken for dead.
  const held = await heldKeys(server);
  return rows.flatMap(({ name, comment, owner }) => {
    const marker = parseMarker(comment);
    const key = marker === undefined ? temporaryKey(name) : lockKey(marker.base);
    if (key === undefined || (marker !== undefined && !hasOwnName(name, marker))) return [];
    return [{ name, marker: marker ?? null, key, isLive: held.has(key), owner }];
  });
}

/** The same with sizes. */
export async function listOurDatabases(server: DatabaseServer): Promise<SizedDatabase[]> {
  const databases = await findOurDatabases(server);
  const rows = await server.query(
    `SELECT datname AS name, CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid) END AS bytes
      FROM pg_database WHERE datname = ANY ($1)`,
    [databases.map(({ name }) => name)],
  );
  const sizes = new Map(rows.map(({ name, bytes }) => [name, bytes === null ? null : Number(bytes)]));
  return databases.map((database) => ({ ...database, bytes: sizes.get(database.name) ?? null }));
}

/**
 * Drops databases of killed runs: marked, or about to be, and without a held lock. With `configuredBase`, only those
 * marked for that base.
 */
export async function removeLeftovers(server: ExternalServer, configuredBase?: string): Promise<Removal> {
  const isWanted = ({ marker }: OurDatabase): boolean =>
    configuredBase === undefined || (marker?.family ?? configuredBase) === configuredBase;
  const keys = new Set((await findOurDatabases(server)).filter(isWanted).map(({ key }) => key));
  const locked = new Set<string>();
  try {
    for (const key of keys) if (await server.tryLock(key)) locked.add(key);
    if (locked.size === 0) return { removed: [], failed: [] };
    // Read again under the lock, when nobody else can create or remove them.
    const leftovers = (await findOurDatabases(server)).filter((found) => isWanted(found) && locked.has(found.key));
    return await removeAll(server, leftovers);
  } finally {
    for (const key of locked) await server.unlock(key);
  }
}

async function removeAll(server: ExternalServer, leftovers: readonly OurDatabase[]): Promise<Removal> {
  const ends = await Promise.all(
    leftovers.map(async ({ name }) => {
      const reason = await dropDatabase(server, name).then(() => null, messageOf);
      return { name, reason };
    }),
  );
  return {
    removed: ends.filter(({ reason }) => reason === null).map(({ name }) => name),
    failed: ends.flatMap(({ name, reason }) => (reason === null ? [] : [{ name, reason }])),
  };
}
