import type { PartName } from "../config/variable-words.ts";
import { isTestPath, kindOf, type Mention, otherService } from "./database-mentions.ts";
import type { ProjectFiles } from "./project-files.ts";

/** Where a variable with one part of a database's address is read or set. */
export interface PartMention extends Pick<Mention, "variable" | "file" | "line" | "kind" | "isTest"> {
  readonly part: Exclude<PartName, "url">;
  /** Its default or value, if literal. */
  readonly value: string | null;
}

/** Endings of variable names, by part. */
const endings: readonly (readonly [PartMention["part"], RegExp])[] = [
  ["host", /^(.+?)_?(?:HOST|HOSTNAME|SERVER)$/],
  ["port", /^(.+?)_?PORT$/],
  ["user", /^(.+?)_?(?:USER|USERNAME|USER_NAME)$/],
  ["password", /^(.+?)_?(?:PASSWORD|PASSWD|PASS|PWD)$/],
  ["name", /^(.+?)_(?:NAME|DBNAME|DATABASE|DB)$/],
];
/** Prefixes that mean a database. */
const databasePrefix =
  /(^|_)(DB|DATABASE|PG|PGSQL|POSTGRES|POSTGRESQL|TYPEORM|SQL|RDS|TEST_?DB|DB_?TEST)(_TEST|_[A-Z0-9]+)?$/;
/** Other things with a host and port. */
const otherHost = /SMTP|MAIL|KAFKA|FTP|LDAP|MINIO|S3|VAULT|CONSUL|STATSD|INFLUX|MEMCACHE|PROXY|HTTP|SERVER|APP|API/;
/** libpq's own variables, which every worker has. */
const libpq = /^PG(HOST|PORT|USER|PASSWORD|DATABASE)$/;
const postgresEvidence = /postgres|psycopg|asyncpg|\bpg8000\b|\b5432\b|["'`]pg["'`]/i;

/** Patterns that read a variable, by language; the first group is its name. */
const readers = {
  python: /(?:environ(?:\.get)?|getenv|\benv(?:\.\w+)?|\bconfig|\bget_env\w*)\s*[[(]\s*["']([A-Z][A-Z0-9_]*)["']/g,
  javascript:
    /(?:\benv\??\.|\benv(?:\.get)?\s*[[(]\s*["'`]|\b(?:[cC]onfig\w*|env\w*)\??\.get\w*(?:<[^>]*>)?\(\s*["'`])([A-Z][A-Z0-9_]*)\b/g,
  setting: /^\s*(?:-\s*|export\s+)?["']?([A-Z][A-Z0-9_]*)["']?\s*[=:]/g,
} as const;
/** `const { DB_HOST, DB_PORT = 5432 } = process.env`. */
const destructured = /\{([^{}]*)\}\s*=\s*(?:process|import\.meta)\.env\b/g;

/**
 * Every variable for a part of a Postgres address. One alone proves nothing: a file must have others with the same
 * prefix, including a host or port.
 */
export function findPartMentions(project: ProjectFiles): PartMention[] {
  return project.paths.flatMap((file) => {
    const kind = kindOf(file);
    const text = kind === null ? null : project.read(file);
    if (kind === null || text === null) return [];
    return ofDatabases(partsIn(file, text, kind), text, kind);
  });
}

interface Part extends PartMention {
  readonly prefix: string;
}

function partsIn(file: string, text: string, kind: Mention["kind"]): Part[] {
  const isTest = isTestPath(file);
  const takenApart = namesTakenApart(text, kind);
  const fieldPrefix = /env_prefix\s*=\s*["'](\w+)["']/.exec(text)?.[1] ?? "";
  return text.split(/\r?\n/).flatMap((line, index) =>
    variablesIn(line, { kind, takenApart, fieldPrefix }).flatMap(({ variable, rest }) => {
      const found = partOf(variable);
      if (found === null) return [];
      return [{ ...found, variable, file, line: index + 1, kind, isTest, value: literalIn(rest, kind) }];
    }),
  );
}

/** How a file names variables. */
interface Naming {
  readonly kind: Mention["kind"];
  readonly takenApart: ReadonlySet<string>;
  /** The prefix of a settings class's fields. */
  readonly fieldPrefix: string;
}

/** The variables in a line, each with the text after it. */
function variablesIn(
  line: string,
  { kind, takenApart, fieldPrefix }: Naming,
): { readonly variable: string; readonly rest: string }[] {
  const found = (match: RegExpMatchArray) => ({
    variable: match[1] ?? "",
    rest: line.slice((match.index ?? 0) + match[0].length),
  });
  if (kind === "python") {
    const field = fieldPattern.exec(line);
    const name = (field?.[1] ?? "").toUpperCase();
    const fields =
      field !== null && takenApart.has(name) ? [{ ...found(field), variable: `${fieldPrefix}${name}` }] : [];
    return [...[...line.matchAll(readers.python)].map(found), ...fields];
  }
  const read = [...line.matchAll(readers[kind])].map(found);
  const apart = [...line.matchAll(/\b([A-Z][A-Z0-9_]*)\b/g)]
    .map(found)
    .filter(({ variable }) => takenApart.has(variable));
  return [...read, ...apart].filter(({ variable }) => variable === variable.toUpperCase());
}

/** A class field with its type. */
const fieldPattern = /^\s+([A-Za-z_]\w*)\s*:\s*[A-Za-z][\w.[\]| ]*/;

/** Names that are read together: destructured from `process.env`, or fields of a settings class or schema. */
function namesTakenApart(text: string, kind: Mention["kind"]): ReadonlySet<string> {
  if (kind === "javascript") {
    const blocks = [...text.matchAll(destructured)].map((match) => match[1] ?? "");
    const schema = /\bz\.object\(|Joi\.object\(|cleanEnv\(/.test(text) ? text : "";
    const named = [...blocks, schema].flatMap((block) => [...block.matchAll(/(?:^|[{,\s])([A-Z][A-Z0-9_]*)\b/g)]);
    return new Set(named.map((match) => match[1] ?? ""));
  }
  if (kind === "setting" || !/\bBaseSettings\b/.test(text)) return new Set();
  return new Set(
    [...text.matchAll(/^\s+([A-Za-z_]\w*)\s*:\s*[A-Za-z]/gm)].map((match) => (match[1] ?? "").toUpperCase()),
  );
}

function partOf(variable: string): Pick<Part, "part" | "prefix"> | null {
  if (libpq.test(variable)) return null;
  // DB_HOST_TEST is a part of DB_TEST.
  const [, plain = variable, test = ""] = /^(.*)(_TEST)$/.exec(variable) ?? [];
  for (const [part, ending] of endings) {
    const prefix = ending.exec(plain)?.[1];
    if (prefix !== undefined) return { part, prefix: `${prefix}${test}` };
  }
  return null;
}

/** The literal after a variable: a default or value. */
function literalIn(rest: string, kind: Mention["kind"]): string | null {
  if (kind === "setting") return /^\s*["']?([\w.-]+)["']?\s*(?:#.*)?$/.exec(rest)?.[1] ?? null;
  return (
    /^\W*?(?:\w+\()?["'`]?\W*?(?:\?\?|\|\||,|=|default\(|default=)\s*(?:["'`]([\w.-]*)["'`]|(\d+))/
      .exec(rest)
      ?.slice(1)
      .find(Boolean) ?? null
  );
}

/** The variables of a file that belong to a database: by prefix, or by Postgres being mentioned near them. */
function ofDatabases(parts: readonly Part[], text: string, kind: Mention["kind"]): Part[] {
  return parts.filter(({ prefix }) => {
    const group = parts.filter((other) => other.prefix === prefix);
    const kinds = new Set(group.map(({ part }) => part));
    if (otherService.test(prefix) || !(kinds.has("host") || kinds.has("port"))) return false;
    if (databasePrefix.test(prefix)) return kinds.size >= 2;
    const isElse = otherHost.test(prefix) && !kinds.has("name");
    return kind !== "setting" && !isElse && kinds.size >= 3 && postgresEvidence.test(text);
  });
}
