import type pg from "pg";

/** Properties of an external server and of our role, read before anything is created. */
export interface ServerFacts {
  readonly version: string;
  /** The server process of the connection. */
  readonly process: number;
  /** The version as a number, such as 170010. */
  readonly number: number;
  readonly fsync: boolean;
  readonly standby: boolean;
  readonly role: string;
  readonly mayCreate: boolean;
  /** `max_connections`. */
  readonly connections: number;
  /** How many of them the role may not use. */
  readonly reserved: number;
  /** How many sessions others have. */
  readonly used: number;
  /** The role's session limit, and how many sessions it has elsewhere; null where there is no limit. */
  readonly roleLimit: number | null;
  readonly roleUsed: number;
}

/** Reads them over our only connection. */
export async function readFacts(client: pg.Client): Promise<ServerFacts> {
  // Superusers may use reserved connections and have no limits. Processes without a user or database (autovacuum,
  // replication) use no ordinary connection.
  const { rows } = await client.query(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
        pg_backend_pid() AS process, current_setting('fsync') = 'on' AS fsync, pg_is_in_recovery() AS standby, current_user AS role,
        maker.rolcreatedb OR maker.rolsuper AS "mayCreate", current_setting('max_connections')::int AS connections,
        CASE WHEN login.rolsuper THEN 0 ELSE current_setting('superuser_reserved_connections')::int
          + CASE WHEN EXISTS (SELECT FROM pg_roles AS privileged WHERE rolname = 'pg_use_reserved_connections'
              AND pg_has_role(login.oid, privileged.oid, 'USAGE')) THEN 0
            ELSE coalesce(current_setting('reserved_connections', true)::int, 0) END
        END AS reserved,
        sessions.used, sessions."roleUsed",
        CASE WHEN login.rolconnlimit < 0 OR login.rolsuper THEN NULL ELSE login.rolconnlimit END AS "roleLimit"
      FROM pg_roles AS maker, pg_roles AS login,
        LATERAL (SELECT count(*)::int AS used, (count(*) FILTER (WHERE usesysid = login.oid))::int AS "roleUsed"
          FROM pg_stat_activity WHERE usesysid IS NOT NULL AND datid IS NOT NULL AND pid <> pg_backend_pid()) AS sessions
      WHERE maker.rolname = current_user AND login.rolname = session_user`,
  );
  return rows[0] as ServerFacts;
}
