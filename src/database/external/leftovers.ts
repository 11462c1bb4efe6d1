import { messageOf } from "../../shared/errors.ts";
import { dropDatabase } from "../databases.ts";
import type { DatabaseServer } from "../server.ts";
import type { ExternalServer } from "./external-server.ts";
import { heldKeys, lockKey } from "./lock.ts";
import { hasOwnName, type Marker, parseMarker, temporaryKey } from "./marker.ts";

/** A database that this program has made on an external server, and that nobody has renamed. */
export interface OurDatabase {
  readonly name: string;
  /** Who made it; null where the run was killed, or is about, before it was marked. */
  readonly marker: Marker | null;
  /** The key of the lock that its run holds while it lives. */
  readonly key: string;
  /** Whether somebody holds that lock. */
  readonly isLive: boolean;
  /** The role that it belongs to on the server. */
  readonly owner: string;
}

/** The same with its size; null where the role may not ask. */
export interface SizedDatabase extends OurDatabase {
  readonly bytes: number | null;
}

/** What became of leftovers. */
export interface Removal {
  /** The names of those that are gone. */
  readonly removed: readonly string[];
  /** Those that should be gone and are not, with the reason, a sentence. */
  readonly failed: readonly { readonly name: string; readonly reason: string }[];
}

/** Every database of ours on a server, of live runs and of killed ones, by name. */
export async function findOurDatabases(server: DatabaseServer): Promise<OurDatabase[]> {
  const rows = await server.query(
    `SELECT datname AS name, comment, pg_get_userbyid(datdba) AS owner
      FROM pg_database, LATERAL shobj_description(oid, 'pg_database') AS comment
      WHERE comment LIKE 'pushproof %' OR datname LIKE 'pushproof\\_new\\_%' ORDER BY datname`,
  );
  // The locks come second: the databases of a run that begins in between are not taken for a dead one's.
  const held = await heldKeys(server);
  return rows.flatMap(({ name, comment, owner }) => {
    const marker = parseMarker(comment);
    const key = marker === undefined ? temporaryKey(name) : lockKey(marker.base);
    if (key === undefined || (marker !== undefined && !hasOwnName(name, marker))) return [];
    return [{ name, marker: marker ?? null, key, isLive: held.has(key), owner }];
  });
}

/** The same with their sizes. */
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
 * Drops what killed runs have left: what is marked as ours, or was about to be, and whose lock nobody holds. With a
 * family, of marked ones only those whose configuration named that base.
 */
export async function removeLeftovers(server: ExternalServer, configuredBase?: string): Promise<Removal> {
  const isWanted = ({ marker }: OurDatabase): boolean =>
    configuredBase === undefined || (marker?.family ?? configuredBase) === configuredBase;
  const keys = new Set((await findOurDatabases(server)).filter(isWanted).map(({ key }) => key));
  const locked = new Set<string>();
  try {
    for (const key of keys) if (await server.tryLock(key)) locked.add(key);
    if (locked.size === 0) return { removed: [], failed: [] };
    // Looked at again: now nobody can be making or removing them.
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
