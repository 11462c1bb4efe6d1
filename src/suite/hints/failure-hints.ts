import type { DatabaseConfig, SuiteConfig } from "../../config/schema.ts";
import type { Failure } from "../../model/summary.ts";
import type { ProjectFiles } from "../../project/project-files.ts";
import { findSetups } from "../../project/setups.ts";
import { listed, plural } from "../../shared/text.ts";
import type { PlannedSuite } from "../plan/plan.ts";

const shownNames = 3;

/** A suite with failures, and its database configuration. */
export interface FailedSuite {
  readonly planned: Pick<PlannedSuite, "suite" | "workers">;
  readonly failures: readonly Pick<Failure, "message">[];
  readonly database: DatabaseConfig;
}

/** Suggestions for failures whose messages show that a database setting is missing, one sentence each. */
export function failureHints(failed: FailedSuite, readProject: () => ProjectFiles): string[] {
  return [...missingTables(failed, readProject), ...missingExtensions(failed), ...sharedRoles(failed)];
}

/** A variable of a database that is not set, as Python words it. */
const noVariable =
  /KeyError: ['"]((?:\w+_)?(?:DATABASE_URL|POSTGRES\w*|PG(?:HOST|PORT|USER|PASSWORD|DATABASE)|DB_(?:HOST|PORT|USER|USERNAME|PASSWORD|NAME|DATABASE|URL)))['"]/;
/** A Postgres server that is not there, as libpq and Node word it. */
const noServer = /connection to server (?:at|on socket) .*failed|ECONNREFUSED \S*:5432\b/;

/** Advice where most failures show that a suite needs the database that its configuration turns off. */
export function lackingDatabaseHints(
  { name }: SuiteConfig,
  failures: readonly Pick<Failure, "message">[],
  isDenied: "everywhere" | "here",
): string[] {
  const looking = failures.filter(({ message }) => noVariable.test(message) || noServer.test(message)).length;
  if (looking === 0 || looking * 2 < failures.length) return [];
  const [what = "a Postgres server"] = namesIn(failures, noVariable).names;
  const place = isDenied === "everywhere" ? "the configuration" : "its entry in the configuration";
  return [
    `${plural(looking, "test")} of ${name} looked for ${what}, while ${place} says "database": false: take that out, and every worker gets a database of its own.`,
  ];
}

/** "Table does not exist", as Postgres and other libraries word it. */
const noRelation = /\brelation "([^"]+)" does not exist|The table [`"]([^`"]+)[`"] does not exist/;

/** Without a setup, worker databases are empty, so only suites that create their own tables find any. */
function missingTables(
  { planned: { suite }, failures, database }: FailedSuite,
  readProject: () => ProjectFiles,
): string[] {
  if (database.setup !== undefined) return [];
  const tables = namesIn(failures, noRelation);
  // If most failures have another cause, tables do exist, and a single missing one is a problem of that test.
  if (tables.names.length === 0 || tables.failures * 2 < failures.length) return [];
  const [found] = findSetups(readProject(), [suite], {
    variables: [],
    isByHost: false,
  });
  const remedy =
    found === undefined
      ? 'name the command that makes them as "setup" in "database" (such as "alembic upgrade head"), and the files that it reads as "inputs"'
      : `add to "database": ${found.text}`;
  return [
    `${plural(tables.failures, "test")} of ${suite.name} found no table ${tables.names.join(", ")}: nothing makes tables in the workers' databases unless "database.setup" does. If the tests do not make them themselves, ${remedy}.`,
  ];
}

/** A missing extension that the embedded server has, as Postgres and drivers word it. */
const ofExtensions: readonly (readonly [RegExp, string])[] = [
  [/\btype "hstore" does not exist|\bhstore type not found in the database/, "hstore"],
  [/\btype "citext" does not exist/, "citext"],
  [/\btype "ltree" does not exist/, "ltree"],
  [/\bfunction uuid_generate_v\d\w*\(.*\) does not exist/, "uuid-ossp"],
  [/\bfunction (?:crypt|gen_salt|digest|hmac|gen_random_bytes)\(.*\) does not exist/, "pgcrypto"],
  [/\boperator class "g\w+_trgm_ops" does not exist|\bfunction similarity\(.*\) does not exist/, "pg_trgm"],
  [/\bfunction unaccent\(.*\) does not exist/, "unaccent"],
];

/** Suggests `database.extensions` for extensions that tests use and nothing creates in the worker databases. */
function missingExtensions({ planned: { suite }, failures, database }: FailedSuite): string[] {
  const missing = ofExtensions.flatMap(([pattern, name]) =>
    !database.extensions.includes(name) && failures.some(({ message }) => pattern.test(message)) ? [name] : [],
  );
  if (missing.length === 0) return [];
  const all = [...database.extensions, ...missing].map((name) => `"${name}"`).join(", ");
  return [`Tests of ${suite.name} miss the extension ${missing.join(", ")}: set "extensions": [${all}] in "database".`];
}

/** Two that create a role at the same moment meet in the server's index of roles; some drivers tell its name apart. */
const roleExists =
  /\brole "([^"]+)" (?:already exists|does not exist|cannot be dropped)|"pg_authid_rolname_index"(?:[\s\S]*?\(rolname\)=\(([^)]+)\))?/;

/** Roles belong to the server, not to a database: a role that one worker creates exists for the others too. */
function sharedRoles({ planned: { suite, workers }, failures, database }: FailedSuite): string[] {
  if (database.isolation === "server" || workers.length < 2) return [];
  if (!failures.some(({ message }) => roleExists.test(message))) return [];
  const { names } = namesIn(failures, roleExists);
  const what = names.length === 0 ? "its roles" : `the role ${names.join(", ")}`;
  return [
    `The workers of ${suite.name} share one server, and with it ${what}: set "isolation": "server" in "database", which gives each worker a server of its own.`,
  ];
}

/** The names that a pattern finds in the messages, and how many messages contain one. */
function namesIn(
  failures: readonly Pick<Failure, "message">[],
  pattern: RegExp,
): { readonly names: readonly string[]; readonly failures: number } {
  const found = failures.flatMap(({ message }) => {
    const [, ...groups] = pattern.exec(message) ?? [];
    return groups.find((group) => group !== undefined) ?? [];
  });
  return { names: listed([...new Set(found)], shownNames, (name) => name, "name"), failures: found.length };
}
