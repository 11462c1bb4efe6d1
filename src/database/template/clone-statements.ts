import pg from "pg";
import type { DatabaseServer } from "../server.ts";

const { escapeIdentifier, escapeLiteral } = pg;

/** Properties of a database that a clone does not inherit. */
export interface DatabaseTraits {
  /** Settings by `ALTER DATABASE … SET` and `ALTER ROLE … IN DATABASE … SET`. */
  readonly settings: readonly Setting[];
  /** Privileges, or null where Postgres's defaults apply. */
  readonly grants: readonly Grant[] | null;
}

interface Setting {
  /** The role it applies to; null for all. */
  readonly role: string | null;
  readonly name: string;
  readonly value: string;
}

interface Grant {
  /** The role; null for everybody. */
  readonly role: string | null;
  /** Whether the role is the database's owner, which in a clone is the clone's. */
  readonly isOwner: boolean;
  /** CONNECT, CREATE or TEMPORARY. */
  readonly privilege: string;
  /** Whether the role may grant it to others. */
  readonly mayGrant: boolean;
}

/** Reads the properties that clones need. */
export async function readTraits(server: DatabaseServer, database: string): Promise<DatabaseTraits> {
  const [settings, grants] = await Promise.all([readSettings(server, database), readGrants(server, database)]);
  return { settings, grants };
}

/**
 * The statements that give a clone the properties of its original, run by the clone's creator. `rolesFor` maps a role
 * to those that its settings apply to.
 */
export function cloneStatements(
  { settings, grants }: DatabaseTraits,
  clone: string,
  rolesFor: (role: string) => readonly string[] = (role) => [role],
): string[] {
  const database = escapeIdentifier(clone);
  return [
    ...settings.flatMap(({ role, name, value }) => {
      const set = `SET ${name.split(".").map(escapeIdentifier).join(".")} TO ${settingValue(name, value)}`;
      if (role === null) return [`ALTER DATABASE ${database} ${set}`];
      return rolesFor(role).map((other) => `ALTER ROLE ${escapeIdentifier(other)} IN DATABASE ${database} ${set}`);
    }),
    // Revoked defaults are only visible by their absence.
    ...(grants === null ? [] : [`REVOKE ALL ON DATABASE ${database} FROM PUBLIC, CURRENT_USER`]),
    ...(grants ?? []).map(({ role, isOwner, privilege, mayGrant }) => {
      const grantee = isOwner ? "CURRENT_USER" : role === null ? "PUBLIC" : escapeIdentifier(role);
      return `GRANT ${privilege} ON DATABASE ${database} TO ${grantee}${mayGrant ? " WITH GRANT OPTION" : ""}`;
    }),
  ];
}

/** Variables with list values, stored as SET reads them, each element quoted as needed. */
const listVariable = /^(search_path|temp_tablespaces|(local|session)_preload_libraries)$/i;

function settingValue(name: string, value: string): string {
  const isList = listVariable.test(name) && value !== "" && value !== '""';
  return isList ? value : escapeLiteral(value === '""' ? "" : value);
}

async function readSettings(server: DatabaseServer, database: string): Promise<Setting[]> {
  const rows = await server.query(
    `SELECT rolname AS role, unnest(setconfig) AS setting
      FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase LEFT JOIN pg_roles ON pg_roles.oid = setrole
      WHERE datname = $1`,
    [database],
  );
  return rows.map(({ role, setting }) => {
    const [name = "", ...value] = String(setting).split("=");
    return { role, name, value: value.join("=") };
  });
}

async function readGrants(server: DatabaseServer, database: string): Promise<Grant[] | null> {
  const rows = await server.query(
    `SELECT datacl IS NULL AS "areDefaults", rolname AS role, entry.grantee = datdba AS "isOwner",
        privilege_type AS privilege, is_grantable AS "mayGrant"
      FROM pg_database LEFT JOIN LATERAL aclexplode(datacl) AS entry ON true LEFT JOIN pg_roles ON pg_roles.oid = entry.grantee
      WHERE datname = $1`,
    [database],
  );
  if (rows.some(({ areDefaults }) => areDefaults)) return null;
  return rows
    .filter(({ privilege }) => privilege !== null)
    .map(({ role, isOwner, privilege, mayGrant }) => ({ role, isOwner, privilege, mayGrant }));
}
